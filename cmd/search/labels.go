package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/zeroshot"
)

func labelsCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:        "labels",
		Usage:       "work on label lists",
		Subcommands: []*cli.Command{lintCommand(p), hubsCommand(p)},
	}
}

func lintCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "lint",
		Usage:     "look for labels that will not work well",
		ArgsUsage: "FILE",
		Description: `Finds labels that are there twice or cannot be used, words with several senses, and
labels that the model hardly tells apart. Where there is an index, also labels that no
picture of it gets, or half of them get. Nothing is written.

   search labels lint labels.yaml
   search labels lint labels.txt --no-index --json

A list that cannot be used as it is ends with code 2; advice alone ends with 0.`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), labelFlags()[1:], []cli.Flag{
			&cli.BoolFlag{Name: "no-index", Usage: "look at the list alone"},
			&cli.Float64Flag{Name: "min-probability", Usage: "what counts as a hit in the index, `P` 0 to 1", Value: zeroshot.DefaultMinProbability},
		}),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fault.Usagef("for example: search labels lint labels.txt", "search labels lint takes one label list")
			}
			if m := c.Float64("min-probability"); !(m >= 0 && m <= 1) {
				return fault.Usagef("a probability lies between 0 and 1", "--min-probability is %g", m)
			}
			return lint(c, p)
		},
	}
}

func lint(c *cli.Context, p *cmdline.Program) error {
	labels, source, err := zeroshot.LoadUnchecked(c.Args().First())
	if err != nil {
		return err
	}
	findings := zeroshot.LintNames(labels)
	unusable := 0
	for _, f := range findings {
		if f.Unusable() {
			unusable++
		}
	}
	if unusable == 0 {
		list, err := zeroshot.NewList(source, labels)
		if err != nil {
			return err
		}
		more, err := lintWithModel(c, p, list)
		if err != nil {
			return err
		}
		findings = append(findings, more...)
	}
	if err := writeFindings(c, p, findings); err != nil {
		return err
	}
	if unusable > 0 {
		return fault.Usagef("", "%s cannot be used as it is: %d of its %d labels are wrong", source, unusable, len(labels))
	}
	if len(findings) == 0 && !c.Bool("json") {
		p.Printf("%d labels, nothing to say\n", len(labels))
	}
	return nil
}

// lintWithModel compares the labels with each other and, where there is one, with
// the index.
func lintWithModel(c *cli.Context, p *cmdline.Program, list *zeroshot.List) ([]zeroshot.Finding, error) {
	cfg, err := p.Config(c)
	if err != nil {
		return nil, err
	}
	how, err := readLabelling(c)
	if err != nil {
		return nil, err
	}
	open, err := openForLint(c.Context, p, cfg, c.Bool("no-index"))
	if err != nil {
		return nil, err
	}
	defer open.close()
	classifier, err := how.prepare(c.Context, p, open.Encoder, list)
	if err != nil {
		return nil, err
	}
	findings, err := classifier.LintMeanings(c.Context)
	if err != nil || open.Store == nil {
		return findings, err
	}
	more, err := classifier.LintIndex(c.Context, open.Store, float32(c.Float64("min-probability")))
	return append(findings, more...), err
}

// lintInput is the model, with an index where there is one.
type lintInput struct{ app.Open }

func openForLint(ctx context.Context, p *cmdline.Program, cfg config.Config, noIndex bool) (*lintInput, error) {
	if !noIndex {
		open, err := p.OpenIndex(ctx, cfg, store.ReadOnly, app.OneQuery)
		if err == nil {
			return &lintInput{*open}, nil
		}
		if !errors.Is(err, store.ErrNoIndex) {
			return nil, err
		}
		p.Notef("note: there is no index, so only the list is looked at")
	}
	enc, err := p.OpenEncoder(ctx, cfg, app.OneQuery)
	if err != nil {
		return nil, err
	}
	return &lintInput{app.Open{Encoder: enc}}, nil
}

func (l *lintInput) close() error {
	if l.Store == nil {
		return l.Encoder.Close()
	}
	return l.Close()
}

// writeFindings prints an object or a line a finding.
func writeFindings(c *cli.Context, p *cmdline.Program, findings []zeroshot.Finding) error {
	if c.Bool("json") {
		enc := json.NewEncoder(p.Stdout)
		for _, f := range findings {
			if err := enc.Encode(f); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(p.Stdout, 0, 8, 2, ' ', 0)
	for _, f := range findings {
		label := f.Label
		if f.Other != "" {
			label += ", " + f.Other
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.Problem, terminal.Safe(label), terminal.Safe(f.Message))
	}
	return w.Flush()
}
