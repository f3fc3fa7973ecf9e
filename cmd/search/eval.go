package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/measure/bootstrap"
	"github.com/sightline/sightline/internal/measure/retrieval"
	"github.com/sightline/sightline/internal/store"
)

func evalCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "eval",
		Usage: "measure how well pictures are found and labelled",
		Description: `Each line of the file is a file name, a tab and a caption; the name may be the end of
a path. Captions that are equal up to case are one query, and any of its pictures
is a hit. Rates are in per cent; in brackets what they are in 95 of 100 samples of
the queries.

With --labels it is labelling that is measured: a third column holds the labels that
are true of the picture, divided by |. Of the labels given, those that are not in the
column count as wrong for it.

--truth folders takes the name of the folder that a picture lies in for what it shows,
and --truth tags its keywords and the tags that a person gave: each name is a query, and
a label. --against measures the same pictures by another model or other settings too, and
says how likely the difference is chance; another model embeds their files, and the index
stays as it is.

   search eval --captions captions.tsv
   search eval --captions captions.tsv --labels bird,fish,flower
   search eval --captions captions.tsv --labels labels.txt --calibration cosine
   search eval --truth folders --html misses.html
   search eval --truth tags --against openai/clip-vit-base-patch32
   search eval --truth folders --against "template=a photo of a {}"`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), labelFlags(), []cli.Flag{
			&cli.StringFlag{Name: "captions", Usage: "`FILE` of captions"},
			&cli.Float64Flag{Name: "min-probability", Usage: "with --labels: measure at this least probability `P`", DefaultText: defaultMinimum, Category: "Labels"},
		}, truthFlags()),
		Action: func(c *cli.Context) error {
			name := c.String("captions")
			if c.IsSet("truth") || c.IsSet("against") || c.IsSet("html") || c.IsSet("sample") {
				return evalTruth(c, p)
			}
			if name == "" {
				return fault.Usagef("for example: search eval --captions captions.tsv", "search eval needs --captions FILE, or --truth folders or tags")
			}
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			captions, err := retrieval.ReadCaptionsFile(name)
			if err != nil {
				return err
			}
			open, err := p.OpenIndex(c.Context, cfg, store.ReadOnly, app.OneQuery)
			if err != nil {
				return err
			}
			defer open.Close()
			if c.IsSet("labels") {
				return evalLabels(c, p, open, captions)
			}
			r, err := retrieval.Run(c.Context, open.Store, open.Encoder, captions)
			if err != nil {
				return err
			}
			if r.Missing > 0 {
				p.Notef("warning: %d of %d pictures are not in the index; their captions count as not found", r.Missing, r.Images)
			}
			if c.Bool("json") {
				p.PrintJSON(r)
				return nil
			}
			p.Printf("queries    %d\nimages     %d\n", r.Queries, r.Images)
			for _, rate := range []struct {
				name  string
				value float64
				in    bootstrap.Interval
			}{
				{"recall@1", r.Recall1, r.Intervals.Recall1}, {"recall@5", r.Recall5, r.Intervals.Recall5},
				{"recall@10", r.Recall10, r.Intervals.Recall10}, {"mrr", r.MRR, r.Intervals.MRR},
			} {
				p.Printf("%-9s  %-5.1f (%.1f to %.1f)\n", rate.name, rate.value, rate.in.Low, rate.in.High)
			}
			return nil
		},
	}
}
