package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/doctor"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/terminal/style"
)

func doctorCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "look for what is wrong, and say what to do about it",
		Description: `Checks the settings, ONNX Runtime, the files of the model, whether texts, pixels and embeddings come
out here as they should, the index, the disks, limits of the system, and the terminal.
Nothing is changed. It ends with 1 where something does not work.

   indexer doctor
   indexer doctor --json
   indexer doctor --report        to send to somebody: without paths, names and secrets`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "report", Usage: "leave out what tells of you and your machine", Category: "Output"},
		}),
		Action: func(c *cli.Context) error {
			cfg, wrong := p.Config(c) // usable without what is wrong
			checks := doctor.Examine(c.Context, doctor.Subject{Env: &p.Env, Config: cfg, Settings: wrong, Version: cmdline.Version, Terminal: p.Terminal()})
			if c.Context.Err() != nil {
				return fault.ErrInterrupted // what the checks found is the interruption
			}
			if c.Bool("report") {
				checks = doctor.Anonymous(checks, privateWords(p, cfg)...)
			}
			printChecks(c, p, checks)
			if n := doctor.Faults(checks); n > 0 {
				return fault.Fatalf("", "%d of %d checks found a fault", n, len(checks))
			}
			return nil
		},
	}
}

// privateWords are the words of the settings and the environment that a report leaves out,
// wherever they stand.
func privateWords(p *cmdline.Program, cfg config.Config) []string {
	host, _, _ := strings.Cut(cfg.Milvus.Address, ":")
	words := []string{cfg.Milvus.Address, host, cfg.Milvus.Username, cfg.Milvus.Database, cfg.Milvus.TLS.ServerName, filepath.Base(p.Getenv("HOME")), p.Getenv("USER")}
	if cfg.Collection != config.Default().Collection {
		words = append(words, cfg.Collection)
	}
	if name, err := os.Hostname(); err == nil {
		words = append(words, name)
	}
	return slices.DeleteFunc(words, func(w string) bool { return w == "localhost" || w == "root" || w == "default" })
}

// printChecks prints a line for each check, and below it what to do.
func printChecks(c *cli.Context, p *cmdline.Program, checks []doctor.Check) {
	look := p.Style()
	for _, k := range checks {
		if c.Bool("json") {
			p.PrintJSON(k)
			continue
		}
		state := style.Left(string(k.State), len(doctor.Warning))
		if k.State == doctor.OK {
			state = look.Good(state)
		} else {
			state = look.Warn(state)
		}
		p.Printf("%s  %s: %s\n", state, k.Name, terminal.Safe(k.Finding))
		if k.Advice != "" {
			p.Printf("         %s\n", terminal.Safe(k.Advice))
		}
	}
}
