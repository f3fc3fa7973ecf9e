package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
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
	if err := checkGroup(c); err != nil {
		return err
	}
	cfg, st, err := p.OpenAnyStore(c, store.ReadOnly)
	if err != nil {
		return err
	}
	defer st.Close()
	clusters := p.NewClusters(cfg)
	params, err := paramsOf(c, clusters)
	if err != nil {
		return err
	}
	params.Pair = cfg.Index.RAW == config.RAWTwin
	answer, err := line.List(c.Context, st, c.StringSlice("tag"), params)
	if err != nil {
		return err
	}
	if err := group(c, clusters, &answer); err != nil {
		return err
	}
	return p.ShowAnswer(c, answer, "")
}
