package main

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/measure/agreement"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/walk"
	"github.com/sightline/sightline/internal/zeroshot"
)

// againstFlags are those of a comparison of two variants.
func againstFlags() []cli.Flag {
	const category = "Comparing variants"
	return []cli.Flag{
		&cli.StringFlag{Name: "against", Usage: "compare with the model's `fp32|fp16|int8` files, instead of checking files", Category: category},
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
	other := cfg
	other.Precision = c.String("against")
	pictures, err := samplePictures(c, p, cfg)
	if err != nil {
		return err
	}
	var open []clip.Encoder
	defer func() {
		for _, e := range open {
			e.Close()
		}
	}()
	for _, s := range []config.Config{cfg, other} {
		e, err := p.OpenModel(c.Context, s, app.ManyFiles)
		if err != nil {
			return err
		}
		open = append(open, e)
	}
	variant, reference := open[0].Spec(), open[1].Spec()
	if variant.Precision == reference.Precision {
		return fault.Usagef("choose another variant with --precision", "%s would be compared with itself", variant.Precision)
	}
	report, err := agreement.Compare(c.Context, open[0], open[1], agreement.Input{
		Pictures: pictures, Texts: zeroshot.Bank(), Limits: app.Limits(cfg), K: 10, Batch: cfg.Index.BatchSize, Log: p.Log,
	})
	if errors.Is(err, agreement.ErrNothing) {
		return &fault.Error{Err: err, Kind: fault.Fatal, Advice: "--photos PATH names a folder of pictures"}
	} else if err != nil {
		return err
	}
	if c.Bool("json") {
		return json.NewEncoder(p.Stdout).Encode(struct {
			Model     string `json:"model"`
			Precision string `json:"precision"`
			Against   string `json:"against"`
			agreement.Report
		}{variant.Name, variant.Precision, reference.Precision, report})
	}
	p.Printf("%s %s against %s, %d pictures, %d texts\n",
		terminal.Safe(variant.Name), variant.Precision, reference.Precision, report.Pictures, report.Texts)
	p.Printf("cosine of pictures            %.4f on average, %.4f at least\n", report.CosineMean, report.CosineMin)
	p.Printf("cosine of texts               %.4f on average, %.4f at least\n", report.TextCosineMean, report.TextCosineMin)
	p.Printf("the %2d best of a text         %.1f %% are the same; the best one for %.1f %% of the texts\n",
		report.K, 100*report.Agreement, 100*report.First)
	p.Printf("in a batch or alone           cosine %.6f at least\n", report.BatchCosineMin)
	return nil
}

// samplePictures draws pictures from a folder or from the index.
func samplePictures(c *cli.Context, p *cmdline.Program, cfg config.Config) ([]string, error) {
	draw := &reservoir{size: c.Int("sample"), rng: rand.New(rand.NewPCG(1, 2))} // the same pictures each time
	if root := c.String("photos"); root != "" {
		for e, err := range walk.Walk(c.Context, []string{root}, walk.Options{KnownExtension: imaging.KnownExtension}) {
			var w *walk.Error
			switch {
			case err == nil:
				draw.offer(e.Path)
			case !errors.As(err, &w):
				return nil, err
			case w.RootMissing:
				return nil, &fault.Error{Err: err, Kind: fault.Fatal}
			}
		}
		return draw.paths, nil
	}
	if err := fromIndex(c.Context, p, cfg, draw); err != nil {
		return nil, err
	}
	return draw.paths, nil
}

func fromIndex(ctx context.Context, p *cmdline.Program, cfg config.Config, draw *reservoir) error {
	st, err := p.OpenStore(ctx, cfg, store.ReadOnly, store.Model{})
	if errors.Is(err, store.ErrNoIndex) {
		return &fault.Error{Err: err, Kind: fault.Fatal, Advice: "--photos PATH names a folder of pictures"}
	} else if err != nil {
		return err
	}
	defer st.Close()
	for r, err := range st.Scan(ctx, nil, store.Fields{}) {
		if err != nil {
			return err
		}
		draw.offer(r.Path)
	}
	return nil
}

// reservoir keeps a sample of the paths that it is offered (Vitter's algorithm R).
type reservoir struct {
	size  int
	rng   *rand.Rand
	seen  int
	paths []string
}

func (r *reservoir) offer(path string) {
	r.seen++
	if len(r.paths) < r.size {
		r.paths = append(r.paths, path)
	} else if i := r.rng.IntN(r.seen); i < r.size {
		r.paths[i] = path
	}
}
