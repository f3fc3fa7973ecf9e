package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging/review"
	"github.com/sightline/sightline/internal/terminal"
)

func reviewCommand(p *cmdline.Program) *cli.Command {
	const category = "The questions"
	return &cli.Command{
		Name:      "review",
		ArgsUsage: "[LABEL...]",
		Usage:     "ask about uncertain pictures, so that labels get better",
		Description: `Shows the pictures whose answer decides most, one by one. Keys: y the picture shows the
label, n it does not, s skip, u undo, q quit. Each answer is kept at once; what was
answered is not asked again. Ten answers a label already help (docs/quality.md); the
next search tag with the same labels learns from them.

   search tag review --labels labels.txt            the whole list
   search tag review --labels labels.txt beach dog  of that list these
   search tag review beach dog snow                 these alone are the list

How probable a label is depends on the list that it stands in: give the list that the
index is tagged with. Keys are also read from a pipe.`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), labelFlags(), []cli.Flag{
			&cli.IntFlag{Name: "per-label", Usage: "ask at most `N` questions about a label", Value: 20, Category: category},
			&cli.Float64Flag{Name: "min-probability", Usage: "the least probability `P` of a tag, as in the runs of search tag", DefaultText: defaultMinimum, Category: category},
		}),
		Action: func(c *cli.Context) error { return reviewTags(c, p) },
	}
}

// reviewTags asks until nothing uncertain is left or the person has had enough.
func reviewTags(c *cli.Context, p *cmdline.Program) error {
	list, labels, err := reviewLabels(c)
	if err != nil {
		return err
	}
	hintAtList(p, list)
	if n := c.Int("per-label"); n < 1 {
		return fault.Usagef("", "--per-label is %d; it must be at least 1", n)
	}
	if err := checkProbability(c.Float64("min-probability")); err != nil {
		return err
	}
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	how, err := readLabelling(c)
	if err != nil {
		return err
	}
	open, err := p.OpenIndex(c.Context, cfg, store.ReadWrite, app.OneQuery)
	if err != nil {
		return err
	}
	defer open.Close()
	if list, how, err = p.ResolveLabels(c.Context, cfg, open, list, how); err != nil {
		return err
	}
	classifier, err := prepareLabels(c, p, open.Encoder, list, how)
	if err != nil {
		return err
	}
	docs, err := app.Documents(open.Store)
	if err != nil {
		return err
	}
	service := review.New(open.Store, classifier, docs, openDesk(c, p, open.Store, docs), leastProbability(c, list))
	session, err := service.Start(c.Context, review.Options{Labels: labels, PerLabel: c.Int("per-label")})
	if err != nil {
		return err
	}
	if passed := session.Passed(); len(passed) > 0 {
		p.Notef("note: nothing is asked about %s, whose groups exclude one another: nothing can be learned of them", terminal.Safe(strings.Join(passed, ", ")))
	}
	asker := &asker{program: p, session: session, json: c.Bool("json")}
	if err := asker.run(c); err != nil {
		return err
	}
	effects, err := service.Report(c.Context, session.Answered())
	if err != nil {
		return err
	}
	for _, e := range effects {
		showEffect(p, asker.json, e)
	}
	if len(effects) > 0 && !asker.json {
		p.Notef("the next search tag with these labels learns from it")
	}
	return nil
}

// reviewLabels reads the list, and which of its labels are asked about: nil for all.
func reviewLabels(c *cli.Context) (list *label.List, labels []int, err error) {
	names := c.Args().Slice()
	if !c.IsSet("labels") {
		if len(names) == 0 {
			return nil, nil, fault.Usagef("for example: search tag review --labels labels.txt", "search tag review needs labels")
		}
		if len(names) == 1 { // a file, or labels divided by commas
			list, err = label.Load(names[0])
			return list, nil, err
		}
		all := make([]label.Label, len(names))
		for i, name := range names {
			all[i].Name = name
		}
		list, err = label.NewList(label.Given, all)
		return list, nil, err
	}
	if list, err = readLabels(c); err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		at := -1
		for l := range list.Labels {
			if label.Fold(list.Labels[l].Name) == label.Fold(name) {
				at = l
			}
		}
		if at < 0 {
			return nil, nil, fault.Usagef("", "%q is not among the labels of %s", name, list.Source)
		}
		labels = append(labels, at)
	}
	return list, labels, nil
}
