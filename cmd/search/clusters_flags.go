package main

import (
	"path"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
)

// groupings are the values of --group-by.
var groupings = []string{"cluster", "dir", "day"}

// filterOptions say how the filters of a line are read in an index that may have clusters.
func filterOptions(c *cli.Context, p *cmdline.Program) query.FilterOptions {
	return query.FilterOptions{
		FileDates: c.Bool("file-dates"),
		Cluster: func(id string) (store.Filter, error) {
			cfg, err := p.Config(c)
			if err != nil {
				return nil, err
			}
			return p.NewClusters(cfg).Filter(c.Context)(id)
		},
	}
}

// narrowToClusters joins the filter of a question with the clusters that the flags name,
// and refuses a --group-by that there is not.
func narrowToClusters(c *cli.Context, p *cmdline.Program, params *query.Params) error {
	if by := c.String("group-by"); c.IsSet("group-by") && !slices.Contains(groupings, by) {
		return fault.Usagef("", "--group-by is %q; it can be cluster, dir or day", by)
	}
	ids := c.StringSlice("cluster")
	if len(ids) == 0 {
		return nil
	}
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	filter := p.NewClusters(cfg).Filter(c.Context)
	var any store.Or
	for _, id := range ids {
		f, err := filter(id)
		if err != nil {
			return err
		}
		any = append(any, f)
	}
	if params.Filter == nil {
		params.Filter = any
	} else {
		params.Filter = store.And{params.Filter, any}
	}
	return nil
}

// group puts the hits of an answer together as the flags say.
func group(c *cli.Context, p *cmdline.Program, a *query.Answer) error {
	switch c.String("group-by") {
	case "cluster":
		cfg, err := p.Config(c)
		if err != nil {
			return err
		}
		return p.NewClusters(cfg).ByCluster(c.Context, a)
	case "dir":
		a.GroupBy(func(h *store.Hit) string { return path.Dir(h.Path) })
	case "day":
		a.GroupBy(cmdline.DayOf)
	}
	return nil
}

// asksClusters reports whether a question takes the clusters of the index: a running
// server knows nothing of them.
func asksClusters(c *cli.Context, q query.Question) bool {
	if c.IsSet("cluster") || c.IsSet("group-by") {
		return true
	}
	line, ok := q.(query.Line)
	return ok && store.Mentions(line.Filter, func(f store.Filter) bool {
		_, is := f.(store.WithID)
		return is
	})
}
