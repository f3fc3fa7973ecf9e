package main

import (
	"context"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
)

// narrows reports whether a flag that chooses pictures without a query was given.
func narrows(c *cli.Context) bool {
	return slices.ContainsFunc([]string{"under", "after", "before", "tag", "format", "cluster"}, c.IsSet)
}

// list prints the pictures that the filters of the flags and of a line leave: search
// --tag beach. No model is needed for it.
func list(c *cli.Context, p *cmdline.Program, line query.Line) error {
	for _, flag := range []string{"min-score", "exact", "verify", "cutoff", "explain"} {
		if c.IsSet(flag) {
			return fault.Usagef("give a text to compare the pictures with, or leave the flag out", "--%s needs a query", flag)
		}
	}
	cfg, params, err := readQuery(c, p)
	if err != nil {
		return err
	}
	if done, err := listByServer(c, p, cfg, line, params); done || err != nil {
		return err
	}
	st, err := p.OpenStore(c.Context, cfg, store.ReadOnly, store.Model{})
	if err != nil {
		return err
	}
	defer st.Close()
	answer, err := line.List(c.Context, st, c.StringSlice("tag"), params)
	if err != nil {
		return err
	}
	if len(answer.Hits) == 0 {
		err := sayWhyNothing(c, p, line, func(ctx context.Context, o query.Conditions) ([]string, error) { return query.WhyNothing(ctx, st, o) })
		if err != nil {
			return err
		}
	}
	if err := group(c, p, &answer); err != nil {
		return err
	}
	return p.ShowAnswer(c, answer, "")
}
