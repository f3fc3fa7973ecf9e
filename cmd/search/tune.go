package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/measure/recall"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

func tuneCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "tune",
		Usage: "find the fastest search that still finds what it should, on your own queries",
		Description: `For indexes in Milvus, which are approximate. Each line of the file is a text query;
a hundred of those that people really ask are enough. Every query is searched
exactly, and then with one search parameter after another from the cheapest upwards,
until the wanted share of the true nearest is found. That parameter is kept with the
index and holds for everybody's searches from then on; --dry-run only measures.

   search tune --queries queries.txt --recall 0.98
   search tune --queries queries.txt --recall 0.98 -k 50 --dry-run`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.StringFlag{Name: "queries", Usage: "`FILE` of text queries, one a line"},
			&cli.IntFlag{Name: "k", Aliases: []string{"n", "top"}, Usage: "tune for searches of `N` pictures", Value: 10},
			&cli.BoolFlag{Name: "dry-run", Usage: "measure, and keep nothing"},
		}),
		Action: func(c *cli.Context) error { return tune(c, p) },
	}
}

func tune(c *cli.Context, p *cmdline.Program) error {
	name := c.String("queries")
	if name == "" {
		return fault.Usagef("for example: search tune --queries queries.txt --recall 0.98", "search tune needs --queries FILE")
	}
	if c.Int("k") < 1 {
		return fault.Usagef("", "-k is %d; it must be at least 1", c.Int("k"))
	}
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	texts, err := readQueries(name)
	if err != nil {
		return err
	}
	open, err := p.OpenIndex(c.Context, cfg, store.ReadWrite, app.OneQuery)
	if err != nil {
		return err
	}
	defer open.Close()
	queries, err := embed(c.Context, open.Encoder, texts)
	if err != nil {
		return err
	}
	var observer func(recall.Trial)
	if !c.Bool("json") {
		header := fmt.Sprintf("%7s  %-9s %s\n", "VALUE", fmt.Sprintf("RECALL@%d", c.Int("k")), "MEDIAN")
		observer = func(t recall.Trial) {
			p.Printf("%s%7d  %-9.4f %.2f ms\n", header, t.Value, t.Recall, 1e3*t.Median.Seconds())
			header = ""
		}
	}
	r, err := recall.Tune(c.Context, open.Store, queries, recall.Options{K: c.Int("k"), Target: cfg.Milvus.Recall, Observer: observer})
	if err != nil && !errors.Is(err, recall.ErrNotReached) {
		return err
	}
	saved := false
	if err == nil && !c.Bool("dry-run") {
		tunable, _ := store.As[store.Tunable](open.Store) // Tune has found that it is
		if err := tunable.SetSearchParameter(c.Context, r.Best.Value, r.Best.Recall); err != nil {
			return fmt.Errorf("keeping %s %d: %w", r.Parameter, r.Best.Value, err)
		}
		saved = true
	}
	if c.Bool("json") {
		printTuneJSON(p, r, c.Int("k"), cfg.Milvus.Recall, saved)
	} else if err == nil {
		note := "kept with the index"
		if !saved {
			note = "not kept: --dry-run"
		}
		p.Printf("%s %d is the cheapest that finds %.4f of the nearest on %d queries; %s\n",
			r.Parameter, r.Best.Value, r.Best.Recall, r.Queries, note)
	}
	return err
}

func readQueries(name string) ([]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", recall.ErrQueries, err)
	}
	defer f.Close()
	texts, err := recall.ReadQueries(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return texts, nil
}

// embed embeds texts, so many at once that memory stays small.
func embed(ctx context.Context, e clip.Encoder, texts []string) (vec.Matrix, error) {
	const block = 64
	out := vec.NewMatrix(len(texts), e.Spec().Dim)
	for from := 0; from < len(texts); from += block {
		to := min(from+block, len(texts))
		v, err := e.EncodeTexts(ctx, texts[from:to])
		if err != nil {
			return vec.Matrix{}, fmt.Errorf("embedding %d queries: %w", to-from, err)
		}
		copy(out.Slice(from, to).Data, v.Data)
	}
	return out, nil
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

func printTuneJSON(p *cmdline.Program, r recall.Result, k int, target float64, saved bool) {
	j := tuneJSON{
		Parameter: r.Parameter, Value: r.Best.Value, Recall: r.Best.Recall, Target: target, K: k, Queries: r.Queries,
		Saved: saved, Trials: []trialJSON{},
	}
	for _, t := range r.Trials {
		j.Trials = append(j.Trials, trialJSON{t.Value, t.Recall, t.Median.Seconds()})
	}
	line, _ := json.Marshal(j) // numbers and a name always marshal
	p.Printf("%s\n", line)
}
