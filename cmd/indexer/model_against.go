package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
)

// againstFlags are those of a comparison of two variants.
func againstFlags() []cli.Flag {
	const category = "Comparing variants"
	return []cli.Flag{
		&cli.StringFlag{Name: "against", Usage: "compare with these files of the model, instead of checking files (`fp32|fp16|int8`)", Category: category},
		&cli.StringFlag{Name: "photos", Usage: "compare on pictures below `PATH`", DefaultText: "those of the index", Category: category},
		&cli.IntFlag{Name: "sample", Usage: "compare on `N` pictures, drawn by chance", Value: 200, Category: category},
	}
}

// verifyAgainst measures how far two variants of a model agree.
func verifyAgainst(c *cli.Context, p *cmdline.Program) error {
	if c.NArg() > 1 {
		return fault.Usagef("", "indexer model verify --against takes one model")
	}
	if c.Int("sample") < 1 {
		return fault.Usagef("", "--sample is %d; it must be at least 1", c.Int("sample"))
	}
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	if c.NArg() == 1 {
		cfg.Model = c.Args().First()
	}
	r, err := p.CompareVariants(c.Context, cfg, app.Comparison{
		Against: c.String("against"), Photos: c.String("photos"), Sample: c.Int("sample"),
	})
	if err != nil {
		return err
	}
	if c.Bool("json") {
		p.PrintJSON(r)
		return nil
	}
	p.Printf("%s %s against %s, %d pictures, %d texts\n", terminal.Safe(r.Model), r.Precision, r.Against, r.Pictures, r.Texts)
	p.Printf("cosine of pictures            %.4f on average, %.4f at least\n", r.CosineMean, r.CosineMin)
	p.Printf("cosine of texts               %.4f on average, %.4f at least\n", r.TextCosineMean, r.TextCosineMin)
	p.Printf("the %2d best of a text         %.1f %% are the same; the best one for %.1f %% of the texts\n",
		r.K, 100*r.Agreement, 100*r.First)
	p.Printf("in a batch or alone           cosine %.6f at least\n", r.BatchCosineMin)
	return nil
}
