package main

import (
	"errors"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/clip/hub"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

func modelUseCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "use",
		Usage:     "change the index to another model, and new indexes too",
		ArgsUsage: "NAME",
		Description: `Fetches the model where it is not here, builds an index with it beside the one in use,
over the same paths, and switches once that is whole. Searches go on meanwhile; the tags
that people gave are kept. Where it was stopped, the same command goes on.

   indexer model use Xenova/clip-vit-base-patch32
   indexer model use Xenova/clip-vit-base-patch32 --variant quantized
   indexer model use starter`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), withoutModel(cmdline.ModelFlags()), cmdline.OutputFlags(), progressFlags(), pipelineFlags(), []cli.Flag{
			&cli.StringFlag{Name: "variant", Usage: "`KIND` of weights to fetch: " + strings.Join(hub.Precisions(), ", "), DefaultText: "fp32"},
		}),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fault.Usagef("for example: indexer model use "+hub.DefaultModel, "indexer model use takes one model")
			}
			return useModel(c, p, c.Args().First())
		},
	}
}

// withoutModel leaves --model out, which is the argument here.
func withoutModel(flags []cli.Flag) []cli.Flag {
	var out []cli.Flag
	for _, f := range flags {
		if f.Names()[0] != "model" {
			out = append(out, f)
		}
	}
	return out
}

func useModel(c *cli.Context, p *cmdline.Program, name string) error {
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	if cfg.Model != "" && cfg.Model != name { // or nothing would work after hours of work
		return fault.Usagef("take it out of there, and run the same command again",
			"%s names the model %s, which every command goes by", originOf(c, p, "model"), cfg.Model)
	}
	if name, err = fetchFor(c, p, cfg, name, c.String("variant")); err != nil {
		return err
	}
	cfg.Model = name
	inUse, err := modelInUse(c, p, cfg)
	switch {
	case errors.Is(err, store.ErrNoIndex):
		p.Printf("there is no index yet; the next one will have %s\n", terminal.Safe(name))
		return rememberModel(c, p, name)
	case err != nil:
		return err
	case inUse.Name == name && (cfg.Precision == "" || cfg.Precision == inUse.Precision):
		changed, err := p.BundleChanged(c.Context, cfg)
		if err != nil {
			return err
		}
		if !changed {
			p.Printf("the index has %s already\n", terminal.Safe(inUse.Label()))
			return rememberModel(c, p, name)
		}
	}
	if err := runJobWith(c, p, cfg, app.IndexRequest{Work: app.RebuildIndex}); err != nil {
		return err
	}
	return rememberModel(c, p, name)
}

// originOf is the place that a setting comes from, as a person would look it up.
func originOf(c *cli.Context, p *cmdline.Program, key string) string {
	settings, err := p.Settings(c)
	if err == nil {
		for _, s := range settings {
			if s.Key == key {
				return s.Origin.String()
			}
		}
	}
	return "a setting"
}

// modelInUse is the model of the index that is there.
func modelInUse(c *cli.Context, p *cmdline.Program, cfg config.Config) (store.Model, error) {
	st, err := p.OpenStore(c.Context, cfg, store.ReadOnly, store.Model{})
	if err != nil {
		return store.Model{}, err
	}
	return st.Model(), st.Close()
}
