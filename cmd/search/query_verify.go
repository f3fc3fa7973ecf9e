package main

import (
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/query"
)

// recallJSON is the line that follows the hits.
type recallJSON struct {
	Recall       float64 `json:"recall"` // share of the exact hits that the index found
	K            int     `json:"k"`
	Found        int     `json:"found"`
	Exact        int     `json:"exact"` // exact hits, at most k
	Seconds      float64 `json:"seconds"`
	ExactSeconds float64 `json:"exact_seconds"`
}

// showRecall says what share of the true nearest the index found: in JSON as one
// more line, else on stderr, where it disturbs no pipe.
func showRecall(c *cli.Context, p *cmdline.Program, k int, a query.Answer, v query.Verification) {
	if c.Bool("json") {
		p.PrintJSON(recallJSON{
			Recall: v.Recall, K: k, Found: v.Found, Exact: v.Exact, Seconds: a.Took.Seconds(), ExactSeconds: v.ExactTook.Seconds(),
		})
		return
	}
	p.Notef("recall@%d %.3f: the index found %d of the %d nearest (in %s, exactly in %s)",
		k, v.Recall, v.Found, v.Exact, a.Took.Round(time.Millisecond), v.ExactTook.Round(time.Millisecond))
}
