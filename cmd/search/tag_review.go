package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging/corrections"
	"github.com/sightline/sightline/internal/tagging/review"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/terminal/preview"
	"github.com/sightline/sightline/internal/zeroshot"
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
			&cli.Float64Flag{Name: "min-probability", Usage: "the least probability `P` of a tag, as in the runs of search tag", Value: zeroshot.DefaultMinProbability, Category: category},
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
	classifier, err := prepareLabels(c.Context, p, open.Encoder, list, how)
	if err != nil {
		return err
	}
	docs, err := app.Documents(open.Store)
	if err != nil {
		return err
	}
	service := review.New(open.Store, classifier, docs, openDesk(c, p, open.Store, docs), float32(c.Float64("min-probability")))
	session, err := service.Start(c.Context, review.Options{Labels: labels, PerLabel: c.Int("per-label")})
	if err != nil {
		return err
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

// asker asks a person the questions of a session.
type asker struct {
	program *cmdline.Program
	session *review.Session
	json    bool
}

// run asks until the questions, the keys or the person's patience end.
func (a *asker) run(c *cli.Context) error {
	p := a.program
	keys := keysOf(p.Stdin)
	q, ok := a.session.Next()
	for ok {
		if err := c.Context.Err(); err != nil {
			return err
		}
		a.show(q)
		key, err := keys()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		again := false
		switch key {
		case 'y':
			err = a.say(c, q, corrections.Approved)
		case 'n':
			err = a.say(c, q, corrections.Rejected)
		case 's':
			err = a.session.Skip()
			p.Notef("skipped")
		case 'u':
			var undone review.Question
			if undone, again, err = a.session.Undo(c.Context); again {
				q = undone
				p.Notef("taken back")
			} else {
				p.Notef("there is nothing to undo")
			}
		case 'q', 3, 4: // Ctrl-C and Ctrl-D, which a raw terminal hands over
			return nil
		default:
			p.Notef("y yes, n no, s skip, u undo, q quit")
			continue
		}
		if err != nil {
			return err
		}
		if !again {
			q, ok = a.session.Next()
		}
	}
	if !ok {
		p.Notef("nothing uncertain is left")
	}
	return nil
}

// show asks a question.
func (a *asker) show(q review.Question) {
	p := a.program
	if protocol := preview.Detect(p.Getenv); cmdline.IsTerminal(p.Stderr) && protocol != preview.None {
		img, err := imaging.Thumbnail(q.Picture.Path, reviewSide)
		if err == nil {
			err = preview.Write(p.Stderr, protocol, img, reviewColumns)
		}
		if err != nil {
			p.Notef("(%s)", terminal.Safe(err.Error()))
		}
	}
	p.Notef("%s\n%s? (%.0f %%)  y n s u q", terminal.Safe(q.Picture.Path), terminal.Safe(q.Label), 100*q.Probability)
}

// The size of a preview: pixels that are sent, and columns on the terminal.
const reviewSide, reviewColumns = 480, 48

// say keeps an answer.
func (a *asker) say(c *cli.Context, q review.Question, v corrections.Verdict) error {
	o, err := a.session.Answer(c.Context, v)
	if err != nil {
		return err
	}
	if a.json {
		a.program.PrintJSON(struct {
			Label       string              `json:"label"`
			Path        string              `json:"path"`
			PathBase64  string              `json:"path_base64,omitempty"`
			Verdict     corrections.Verdict `json:"verdict"`
			Probability float32             `json:"probability"` // before the answer
		}{q.Label, q.Picture.Path, query.PathBase64(q.Picture.Path), v, q.Probability})
	}
	if o.InFile {
		a.program.Notef("note: %s is among the keywords of the file itself, and stays there", terminal.Safe(q.Label))
	}
	return nil
}

// keysOf reads single keys: from a terminal without waiting for the end of a line, from
// anything else one after the other, without spaces.
func keysOf(in io.Reader) func() (rune, error) {
	r := bufio.NewReader(in)
	return func() (rune, error) {
		if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			state, err := term.MakeRaw(int(f.Fd()))
			if err != nil {
				return 0, err
			}
			defer func() { _ = term.Restore(int(f.Fd()), state) }() // what is printed needs its ends of lines
		}
		for {
			key, _, err := r.ReadRune()
			if err != nil {
				return 0, err
			}
			if !unicode.IsSpace(key) {
				return unicode.ToLower(key), nil
			}
		}
	}
}

// showEffect tells what the corrections of a label change.
func showEffect(p *cmdline.Program, asJSON bool, e review.Effect) {
	if asJSON {
		p.PrintJSON(correctionJSON{e.Label, e.Approved, e.Rejected, e.Before, e.After, e.Added, e.Removed})
		return
	}
	p.Printf("%s\n", correctionLine(e.Label, e.Approved, e.Rejected, e.Before, e.After, e.Added, e.Removed))
}

// correctionJSON is what the corrections of a label change, for scripts.
type correctionJSON struct {
	Label    string  `json:"label"`
	Approved int     `json:"approved"`
	Rejected int     `json:"rejected"`
	Before   float32 `json:"threshold_before"`
	After    float32 `json:"threshold_after"`
	Added    int64   `json:"added"`
	Removed  int64   `json:"removed"`
}

// correctionLine is the same for people.
func correctionLine(name string, approved, rejected int, before, after float32, added, removed int64) string {
	parts := []string{
		fmt.Sprintf("%d approved, %d rejected", approved, rejected),
		fmt.Sprintf("threshold %.2f -> %.2f", before, after),
		cmdline.Count(added, "tag", "tags") + " added, " + fmt.Sprint(removed) + " removed",
	}
	return terminal.Safe(name) + ": " + strings.Join(parts, "; ")
}
