package main

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
)

// queryFlags are those of every command that finds pictures.
func queryFlags() []cli.Flag {
	const narrowing, accuracy = "Narrowing", "Accuracy"
	return cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), []cli.Flag{
		&cli.IntFlag{Name: "k", Aliases: []string{"n", "top"}, Usage: "find at most `N` pictures", Value: 10, Category: narrowing},
		&cli.Float64Flag{Name: "min-score", Usage: "leave out pictures below this cosine `S`, -1 to 1", Value: -1, Category: narrowing},
		&cli.StringSliceFlag{Name: "under", Usage: "only below `PATH`; repeatable", Category: narrowing},
		&cli.StringFlag{Name: "after", Usage: "only taken on `DATE` or later (2024-05-31, 2024-05, 2024)", Category: narrowing},
		&cli.StringFlag{Name: "before", Usage: "only taken before `DATE`", Category: narrowing},
		&cli.StringSliceFlag{Name: "tag", Usage: "only with this `TAG`; repeatable", Category: narrowing},
		&cli.StringSliceFlag{Name: "format", Usage: "only of `jpeg|png|gif|webp|bmp|tiff|heic|avif|jxl|psd|raw`, or a maker's RAW such as nef; repeatable", Category: narrowing},
		&cli.BoolFlag{Name: "exact", Usage: "look at every picture, where the index would pass some over", Category: accuracy},
		&cli.BoolFlag{Name: "verify", Usage: "search exactly as well, and say what share of the nearest the index found", Category: accuracy},
		&cli.BoolFlag{Name: "paths", Usage: "print paths alone", Category: "Output"},
		&cli.BoolFlag{Name: "0", Aliases: []string{"print0"}, Usage: "end each path with a NUL, for xargs -0", Category: "Output"},
		&cli.BoolFlag{Name: "preview", Usage: "show the pictures, where the terminal can", Category: "Output"},
	})
}

func textCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "text",
		Usage:     "find pictures by a text; the word text may be left out",
		ArgsUsage: "QUERY",
		Description: `   search "a dog on a beach"
   search a dog on a beach -k 5               quotes are not needed
   search text image                          where the query is the name of a command
   search --tag beach -k 100                  without a text: what the filters leave,
                                              the surest tags and the newest first`,
		Flags: queryFlags(),
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 && narrows(c) {
				return list(c, p)
			}
			text := strings.Join(c.Args().Slice(), " ")
			if strings.TrimSpace(text) == "" {
				return query.ErrEmpty
			}
			return find(c, p, func(ctx context.Context, s *query.Service, q query.Params) ([]store.Hit, error) {
				return s.Text(ctx, text, q)
			})
		},
	}
}

func imageCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:        "image",
		Usage:       "find pictures like a file, which need not be in the index",
		ArgsUsage:   "FILE",
		Description: `   search image holiday.jpg -k 20`,
		Flags:       queryFlags(),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fault.Usagef("for example: search image holiday.jpg; to search for the word: search text image", "search image takes one file")
			}
			return find(c, p, func(ctx context.Context, s *query.Service, q query.Params) ([]store.Hit, error) {
				return s.Image(ctx, c.Args().First(), q)
			})
		},
	}
}

func likeCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "like",
		Usage:     "find pictures like one that is in the index",
		ArgsUsage: "ID-or-PATH",
		Description: `The picture's stored embedding is used: its file is not read, and need not be there.

   search like ~/Pictures/dog.jpg
   search like 3f1c9a52e8d04b7786a1c5e9f20b4d6e8a7c1b30`,
		Flags: queryFlags(),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fault.Usagef("for example: search like ~/Pictures/dog.jpg", "search like takes one id or path")
			}
			return find(c, p, func(ctx context.Context, s *query.Service, q query.Params) ([]store.Hit, error) {
				return s.Like(ctx, c.Args().First(), q)
			})
		},
	}
}

// find opens the index, asks it, and prints the hits.
func find(c *cli.Context, p *cmdline.Program, ask func(context.Context, *query.Service, query.Params) ([]store.Hit, error)) error {
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	params, err := paramsOf(c)
	if err != nil {
		return err
	}
	open, err := p.OpenIndex(c.Context, cfg, store.ReadOnly, app.OneQuery)
	if err != nil {
		return err
	}
	defer open.Close()
	service := query.New(open.Store, open.Encoder, cfg.Collection, app.Limits(cfg)).RememberTexts(p.TextCache())
	start := time.Now()
	hits, err := ask(c.Context, service, params)
	if err != nil {
		return err
	}
	shown := hits
	if cfg.Index.RAW == "twin" {
		if shown, err = paired(hits, params, func(q query.Params) ([]store.Hit, error) { return ask(c.Context, service, q) }); err != nil {
			return err
		}
	}
	took := time.Since(start)
	if err := show(c, p, shown, open.Encoder.Spec().Notice); err != nil || !c.Bool("verify") {
		return err
	}
	start = time.Now()
	params.Exact = true
	exact, err := ask(c.Context, service, params)
	if err != nil {
		return err
	}
	return showRecall(c, p, verification{hits: hits, exact: exact, k: params.K, took: took, exactTook: time.Since(start)})
}

// paired shows RAW files as companions of their twins, and asks for more where that
// leaves too few.
func paired(hits []store.Hit, q query.Params, ask func(query.Params) ([]store.Hit, error)) ([]store.Hit, error) {
	pairs := query.Pair(hits)
	if len(pairs) == len(hits) || len(hits) < q.K {
		return pairs, nil
	}
	k := q.K
	q.K *= 2
	more, err := ask(q)
	if err != nil {
		return nil, err
	}
	pairs = query.Pair(more)
	return pairs[:min(k, len(pairs))], nil
}

func paramsOf(c *cli.Context) (query.Params, error) {
	if c.Int("k") < 1 {
		return query.Params{}, fault.Usagef("", "-k is %d; it must be at least 1", c.Int("k"))
	}
	if s := c.Float64("min-score"); s < -1 || s > 1 {
		return query.Params{}, fault.Usagef("a cosine lies between -1 and 1", "--min-score is %g", s)
	}
	filter, err := query.Filters{
		Under: c.StringSlice("under"), After: c.String("after"), Before: c.String("before"),
		Tags: c.StringSlice("tag"), Formats: c.StringSlice("format"),
	}.Compile()
	if err != nil {
		return query.Params{}, fault.Usagef("", "%s", err)
	}
	return query.Params{K: c.Int("k"), MinScore: float32(c.Float64("min-score")), Filter: filter, Exact: c.Bool("exact")}, nil
}

// show prints hits in the form that was asked for.
func show(c *cli.Context, p *cmdline.Program, hits []store.Hit, notice string) error {
	format := cmdline.HitTable
	switch {
	case c.Bool("json"):
		format = cmdline.HitJSON
	case c.Bool("0"):
		format = cmdline.HitNUL
	case c.Bool("paths"):
		format = cmdline.HitPaths
	}
	if format == cmdline.HitTable && len(hits) == 0 {
		p.Notef("no pictures match")
		return nil
	}
	wd, err := os.Getwd()
	if err != nil {
		wd = "" // only for shorter paths
	}
	if c.Bool("preview") && format == cmdline.HitTable {
		return showPreviews(p, hits, wd)
	}
	if err := cmdline.WriteHits(p.Stdout, hits, format, wd); err != nil {
		return err
	}
	if format == cmdline.HitTable && notice != "" && cmdline.IsTerminal(p.Stdout) {
		p.Notef("note: %s", notice)
	}
	return nil
}
