package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/clip/hub"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/terminal/progress"
)

func modelCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "model",
		Usage: "fetch, list, verify and quantise models",
		Subcommands: []*cli.Command{
			modelFetchCommand(p), modelListCommand(p), modelVerifyCommand(p), modelQuantizeCommand(p),
		},
	}
}

func modelFetchCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "fetch",
		Usage:     "bring a model from the Hugging Face hub",
		ArgsUsage: "[OWNER/NAME]",
		Description: `Without a name it brings ` + hub.DefaultModel + `. A fetch that was cut goes on
where it stopped; every file is checked against the hub's own checksum, and the
model is used offline afterwards. HF_ENDPOINT names a mirror, HF_TOKEN opens gated
models, HF_HUB_OFFLINE forbids the network.

   indexer model fetch
   indexer model fetch Xenova/clip-vit-base-patch32 --variant quantized
   indexer run ~/Pictures --model Xenova/clip-vit-base-patch32`,
		Flags: cmdline.Flags(modelDirFlags(), cmdline.OutputFlags(), progressFlags(), []cli.Flag{
			&cli.StringFlag{Name: "variant", Usage: "`KIND` of weights: " + strings.Join(hub.Precisions(), ", "), DefaultText: "fp32"},
			&cli.StringFlag{Name: "revision", Usage: "branch, tag or commit `REV`", DefaultText: "pinned"},
		}),
		Action: func(c *cli.Context) error {
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			if c.NArg() > 1 {
				return fault.Usagef("", "indexer model fetch takes one name")
			}
			if cfg.Models == "" {
				return fault.Usagef("give --models DIR, or set HOME or XDG_DATA_HOME", "there is no folder for models")
			}
			o := hub.OptionsFromEnv(p.Getenv)
			reporter, err := reporterFor(c, p)
			if err != nil {
				return err
			}
			defer reporter.Close()
			o.Log = p.Log
			client, err := hub.New(o)
			if err != nil {
				return err
			}
			b, err := client.Fetch(c.Context, hub.FetchRequest{
				Repo: c.Args().First(), Revision: c.String("revision"), Precision: c.String("variant"),
				Dir: cfg.Models, Observer: hubProgress(reporter),
			})
			reporter.Close()
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return json.NewEncoder(p.Stdout).Encode(map[string]any{
					"name": b.Name, "dir": b.Dir, "variant": b.Precision, "commit": b.Manifest.Commit,
					"bytes": b.Manifest.Bytes(), "received": b.Received,
				})
			}
			what := "fetched " + humanize.Bytes(uint64(b.Received))
			if b.Received == 0 {
				what = "already complete"
			}
			p.Printf("%s (%s): %s\nin %s\n", b.Name, b.Precision, what, terminal.Safe(b.Dir))
			p.Printf("next: indexer run PATH --model %s\n", terminal.ShellWord(b.Name))
			return nil
		},
	}
}

// hubProgress shows what the hub's client does on the progress line.
func hubProgress(r *cmdline.Reporter) hub.Observer {
	return hub.ObserverFunc(func(p hub.Progress) {
		r.Bytes(progress.Bytes{What: string(p.Phase), File: p.File, Done: p.Done, Total: p.Total, Rate: p.Rate})
	})
}

// modelDirFlags choose where models lie.
func modelDirFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Usage: "read settings from `FILE`"},
		&cli.StringFlag{Name: "models", Usage: "folder `DIR` that models are fetched into", DefaultText: "$XDG_DATA_HOME/sightline/models"},
	}
}

func modelListCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "list the models on this machine, and those that are known to work",
		Flags: cmdline.Flags(modelDirFlags(), cmdline.OutputFlags()),
		Action: func(c *cli.Context) error {
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			installed, err := hub.List(p.ModelDirs(cfg)...)
			if err != nil {
				p.Notef("warning: %s", terminal.Safe(err.Error()))
			}
			if c.Bool("json") {
				enc := json.NewEncoder(p.Stdout)
				for _, m := range installed {
					if err := enc.Encode(m); err != nil {
						return err
					}
				}
				return nil
			}
			t := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "MODEL\tVARIANTS\tSIZE\tSTATE\tWHERE")
			for _, m := range installed {
				state := "complete"
				if !m.Complete {
					state = "incomplete"
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", terminal.Safe(m.Name), strings.Join(m.Precisions, ","),
					humanize.Bytes(uint64(m.Bytes)), state, terminal.Safe(m.Dir))
			}
			t.Flush()
			here := func(k hub.Model) bool {
				return slices.ContainsFunc(installed, func(m hub.Installed) bool { return m.Name == k.Name })
			}
			p.Printf("\nto fetch with indexer model fetch NAME:\n")
			t = tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
			for _, k := range hub.Known() {
				if !here(k) {
					fmt.Fprintf(t, "   %s\t%s\n", k.Name, k.Summary)
				}
			}
			return t.Flush()
		},
	}
}

func modelVerifyCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "check a model's files, or compare its variants",
		ArgsUsage: "[NAME...]",
		Description: `Every file is checked against its checksum; without a name, those of every model on
this machine.

With --against two variants of one model are compared on your own pictures: how far
their embeddings are apart, how many of the ten best pictures of a text both find, and
how much an embedding depends on the pictures that share its batch.

   indexer model verify starter
   indexer model verify Xenova/clip-vit-base-patch32 --precision int8 --against fp32
   indexer model verify ./model --precision fp16 --against fp32 --photos ~/Pictures`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), progressFlags(), againstFlags()),
		Action: func(c *cli.Context) error {
			if c.String("against") != "" {
				return verifyAgainst(c, p)
			}
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			var models []app.FoundModel
			for _, name := range c.Args().Slice() {
				m, err := p.FindModel(cfg, name)
				if err != nil {
					return err
				}
				models = append(models, m)
			}
			if len(models) == 0 {
				installed, err := hub.List(p.ModelDirs(cfg)...)
				if err != nil {
					return err
				}
				for _, m := range installed {
					models = append(models, app.FoundModel{Name: m.Name, Dir: m.Dir})
				}
			}
			return verifyModels(c, p, models)
		},
	}
}

func verifyModels(c *cli.Context, p *cmdline.Program, models []app.FoundModel) error {
	reporter, err := reporterFor(c, p)
	if err != nil {
		return err
	}
	defer reporter.Close()
	type result struct {
		Name     string        `json:"name"`
		Dir      string        `json:"dir"`
		Whole    bool          `json:"whole"`
		Problems []hub.Problem `json:"problems"`
	}
	var results []result
	damaged := 0
	for _, m := range models {
		problems, err := hub.Verify(c.Context, m.Dir, hubProgress(reporter))
		if errors.Is(err, hub.ErrNoManifest) {
			problems, err = []hub.Problem{{Path: hub.ManifestName, Kind: hub.Missing, Detail: "the bundle was not fetched by sightline and cannot be checked"}}, nil
		}
		if err != nil {
			return err
		}
		whole := !slices.ContainsFunc(problems, func(b hub.Problem) bool { return !b.Harmless() })
		if !whole {
			damaged++
		}
		results = append(results, result{m.Name, m.Dir, whole, append([]hub.Problem{}, problems...)})
	}
	reporter.Close()
	for _, r := range results {
		if c.Bool("json") {
			if err := json.NewEncoder(p.Stdout).Encode(r); err != nil {
				return err
			}
			continue
		}
		state := "whole"
		if !r.Whole {
			state = "damaged"
		}
		p.Printf("%s: %s\n", terminal.Safe(r.Name), state)
		for _, b := range r.Problems {
			p.Printf("   %s\n", terminal.Safe(b.String()))
		}
	}
	if damaged > 0 {
		return &fault.Error{Err: fmt.Errorf("%d of %d models are not whole", damaged, len(results)), Kind: fault.Fatal,
			Advice: "indexer model fetch NAME brings what is missing"}
	}
	return nil
}
