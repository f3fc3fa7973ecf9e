package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query"
)

// paramsOf reads the flags that narrow a query.
func paramsOf(c *cli.Context) (query.Params, error) {
	if k := c.Int("k"); k < 1 || k > mostHits {
		return query.Params{}, fault.Usagef("", "-k is %d; it must be between 1 and %d", k, mostHits)
	}
	if s := c.Float64("min-score"); !(s >= -1 && s <= 1) { // NaN is neither
		return query.Params{}, fault.Usagef("a cosine lies between -1 and 1", "--min-score is %g", s)
	}
	offset, err := offsetOf(c)
	if err != nil {
		return query.Params{}, err
	}
	cutoff, err := query.ParseCutoff(c.String("cutoff"))
	if err != nil {
		return query.Params{}, err
	}
	filter, err := query.Filters{
		Under: c.StringSlice("under"), After: c.String("after"), Before: c.String("before"), FileDates: c.Bool("file-dates"),
		Tags: c.StringSlice("tag"), Formats: splitCommas(c.StringSlice("format")),
	}.Compile()
	if err != nil {
		return query.Params{}, fault.Usagef("", "%s", err)
	}
	return query.Params{
		K: c.Int("k"), Offset: offset, MinScore: float32(c.Float64("min-score")), Filter: filter, Exact: c.Bool("exact"),
		Cutoff: cutoff, Unfolded: c.Bool("no-fold"), Explain: c.Bool("explain"),
	}, nil
}

// mostHits bounds how many hits can be asked for, and where they begin.
const mostHits = 1 << 30

// offsetOf is the place of the first hit to show, from 0.
func offsetOf(c *cli.Context) (int, error) {
	offset, page := c.Int("offset"), c.Int("page")
	switch {
	case c.IsSet("offset") && c.IsSet("page"):
		return 0, fault.Usagef("give one of them", "--offset and --page say the same in two ways")
	case offset < 0 || offset > mostHits:
		return 0, fault.Usagef("", "--offset is %d; it must be between 0 and %d", offset, mostHits)
	case c.IsSet("page") && (page < 1 || page > mostHits/c.Int("k")):
		return 0, fault.Usagef("", "--page is %d; it must be between 1 and %d", page, mostHits/c.Int("k"))
	case c.IsSet("page"):
		return (page - 1) * c.Int("k"), nil
	}
	return offset, nil
}
