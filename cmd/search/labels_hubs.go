package main

import (
	"encoding/json"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/terminal"
)

func hubsCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "hubs",
		Usage:     "show which pictures come up for many labels",
		ArgsUsage: "FILE",
		Description: `Looks at the best pictures of each label and counts how often each picture is among
them. A skewness above 1 says that a few pictures take the places of many; search tag
--per label --hubness-correction prefers those that stand out.

   search labels hubs labels.txt --k 20`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), labelFlags()[1:], []cli.Flag{
			&cli.IntFlag{Name: "k", Usage: "look at the best `N` pictures of each label", Value: 10},
			&cli.BoolFlag{Name: "hubness-correction", Usage: "as search tag --per label would choose them with it"},
		}),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fault.Usagef("for example: search labels hubs labels.txt", "search labels hubs takes one label list")
			}
			if c.Int("k") < 1 {
				return fault.Usagef("", "-k is %d; it must be at least 1", c.Int("k"))
			}
			return hubs(c, p)
		},
	}
}

func hubs(c *cli.Context, p *cmdline.Program) error {
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	list, err := label.Load(c.Args().First())
	if err != nil {
		return err
	}
	how, err := readLabelling(c)
	if err != nil {
		return err
	}
	open, err := p.OpenIndex(c.Context, cfg, store.ReadOnly, app.OneQuery)
	if err != nil {
		return err
	}
	defer open.Close()
	classifier, err := prepareLabels(c, p, open.Encoder, list, how)
	if err != nil {
		return err
	}
	h, err := tagging.MeasureHubness(c.Context, open.Store, classifier, tagging.WalkOptions{Top: c.Int("k"), CorrectHubness: c.Bool("hubness-correction")})
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return json.NewEncoder(p.Stdout).Encode(h)
	}
	p.Printf("skewness %.2f over %d pictures, %d labels, %d pictures each\n", h.Skewness, h.Pictures, h.Labels, h.Top)
	for _, hub := range h.Hubs {
		p.Printf("%4d labels  %s\n", hub.Labels, terminal.Safe(hub.Path))
	}
	return nil
}
