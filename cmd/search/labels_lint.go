package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/terminal"
)

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
			&cli.Float64Flag{Name: "min-probability", Usage: "what counts as a hit in the index, `P` 0 to 1", DefaultText: defaultMinimum},
		}),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fault.Usagef("for example: search labels lint labels.txt", "search labels lint takes one label list")
			}
			if err := checkProbability(c.Float64("min-probability")); err != nil {
				return err
			}
			return lint(c, p)
		},
	}
}

func lint(c *cli.Context, p *cmdline.Program) error {
	in, err := label.Inspect(c.Args().First())
	if err != nil {
		return err
	}
	findings := in.Findings
	if in.List != nil {
		more, err := lintWithModel(c, p, in.List)
		if err != nil {
			return err
		}
		findings = append(findings, more...)
	}
	if err := writeFindings(c, p, findings); err != nil {
		return err
	}
	if in.Unusable > 0 {
		return fault.Usagef("", "%s cannot be used as it is: %d of its %d labels are wrong", in.Source, in.Unusable, in.Labels)
	}
	if len(findings) == 0 && !c.Bool("json") {
		p.Printf("%d labels, nothing to say\n", in.Labels)
	}
	return nil
}

// lintWithModel compares the labels with each other and, where there is one, with
// the index.
func lintWithModel(c *cli.Context, p *cmdline.Program, list *label.List) ([]label.Finding, error) {
	cfg, err := p.Config(c)
	if err != nil {
		return nil, err
	}
	how, err := readLabelling(c)
	if err != nil {
		return nil, err
	}
	st, enc, err := openForLint(c.Context, p, cfg, c.Bool("no-index"))
	if err != nil {
		return nil, err
	}
	defer enc.Close()
	if st != nil {
		defer st.Close()
	}
	classifier, err := prepareLabels(c, p, enc, list, how)
	if err != nil {
		return nil, err
	}
	return tagging.Lint(c.Context, st, classifier, leastProbability(c, list))
}

// openForLint opens the model, with an index where there is one: the store may be nil.
func openForLint(ctx context.Context, p *cmdline.Program, cfg config.Config, noIndex bool) (store.Store, clip.Encoder, error) {
	if !noIndex {
		open, err := p.OpenIndex(ctx, cfg, store.ReadOnly, app.OneQuery)
		if err == nil {
			return open.Store, open.Encoder, nil
		}
		if !errors.Is(err, store.ErrNoIndex) {
			return nil, nil, err
		}
		p.Notef("note: there is no index, so only the list is looked at")
	}
	enc, err := p.OpenEncoder(ctx, cfg, app.OneQuery)
	return nil, enc, err
}

// writeFindings prints an object or a line for each finding.
func writeFindings(c *cli.Context, p *cmdline.Program, findings []label.Finding) error {
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
		name := f.Label
		if f.Other != "" {
			name += ", " + f.Other
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.Problem, terminal.Safe(name), terminal.Safe(f.Message))
	}
	return w.Flush()
}
