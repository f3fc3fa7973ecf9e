package main

import (
	"encoding/json"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/measure/recall"
	"github.com/sightline/sightline/internal/store"
)

// verification is one question answered twice: by the index, and exactly.
type verification struct {
	hits, exact     []store.Hit
	k               int
	took, exactTook time.Duration
}

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
func showRecall(c *cli.Context, p *cmdline.Program, v verification) error {
	found := recall.Of(v.hits, v.exact)
	share := recall.Share(found, len(v.exact))
	if c.Bool("json") {
		return json.NewEncoder(p.Stdout).Encode(recallJSON{
			Recall: share, K: v.k, Found: found, Exact: len(v.exact),
			Seconds: v.took.Seconds(), ExactSeconds: v.exactTook.Seconds(),
		})
	}
	p.Notef("recall@%d %.3f: the index found %d of the %d nearest (in %s, exactly in %s)",
		v.k, share, found, len(v.exact), v.took.Round(time.Millisecond), v.exactTook.Round(time.Millisecond))
	return nil
}
