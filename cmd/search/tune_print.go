package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/measure/recall"
)

// warnFixed says that the settings name a value, which goes before what is kept.
func warnFixed(p *cmdline.Program, cfg config.Config, parameter string) {
	fixed := map[string]int{"ef": cfg.Milvus.Search.Ef, "nprobe": cfg.Milvus.Search.Nprobe, "search_list": cfg.Milvus.Search.SearchList}[parameter]
	if fixed > 0 {
		p.Notef("note: the settings name milvus.search.%s %d, which goes before what is kept", parameter, fixed)
	}
}

// trialPrinter prints each trial as it is done, below a header; with --json, which has
// them all at the end, it is nil.
func trialPrinter(c *cli.Context, p *cmdline.Program) func(recall.Trial) {
	if c.Bool("json") {
		return nil
	}
	header := fmt.Sprintf("%7s  %-9s %s\n", "VALUE", fmt.Sprintf("RECALL@%d", c.Int("k")), "MEDIAN")
	return func(t recall.Trial) {
		p.Printf("%s%7d  %-9.4f %.2f ms\n", header, t.Value, t.Recall, 1e3*t.Median.Seconds())
		header = ""
	}
}

// tuneJSON is the outcome for scripts.
type tuneJSON struct {
	Parameter string      `json:"parameter"`
	Value     int         `json:"value"`
	Recall    float64     `json:"recall"`
	Target    float64     `json:"target"`
	K         int         `json:"k"`
	Queries   int         `json:"queries"`
	Saved     bool        `json:"saved"`
	Trials    []trialJSON `json:"trials"`
}

type trialJSON struct {
	Value         int     `json:"value"`
	Recall        float64 `json:"recall"`
	MedianSeconds float64 `json:"median_seconds"`
}

// printTuneJSON completes j with what was found and prints it.
func printTuneJSON(p *cmdline.Program, r recall.Result, j tuneJSON) {
	j.Parameter, j.Value, j.Recall, j.Queries = r.Parameter, r.Best.Value, r.Best.Recall, r.Queries
	j.Trials = []trialJSON{} // scripts want [], not null
	for _, t := range r.Trials {
		j.Trials = append(j.Trials, trialJSON{t.Value, t.Recall, t.Median.Seconds()})
	}
	p.PrintJSON(j)
}
