package cmdline

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/clip/hub"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
)

// usualWithin bounds looking values up: whoever presses the tab key waits for it. The
// start of the program comes on top.
const usualWithin = 60 * time.Millisecond

// completeWithin is how long looking values up may take: what a variable says, which
// people with an index on a slow disk set, else the usual time.
func (p *Program) completeWithin() time.Duration {
	if d, err := time.ParseDuration(p.Getenv(config.CompleteWithin)); err == nil && d > 0 {
		return d
	}
	return usualWithin
}

// answerShell prints what the last of words may become: a candidate per line, with what
// it is about behind a tab, then what else to offer. It says nothing on stderr, which
// would land in the middle of what is being typed.
func (p *Program) answerShell(ctx context.Context, a *cli.App, words []string) {
	within := p.completeWithin()
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	p.Log = slog.New(slog.DiscardHandler)
	c := complete(a, words, func(kind string, given map[string]string) []candidate {
		return p.lookUp(ctx, within, kind, given)
	})
	var out strings.Builder
	for _, v := range c.candidates {
		if strings.ContainsAny(v.value, "\n\t\r\x1b\x00") {
			continue // a line of the answer is a candidate, and a shell would run the escape
		}
		fmt.Fprintf(&out, "%s\t%s\n", v.value, v.about)
	}
	out.WriteString(c.offer + "\n")
	_, _ = p.Stdout.Write([]byte(out.String())) // nobody is there to be told
}

// lookUp lists values by their kind, as far as they are found before ctx ends. A look-up
// that takes longer is left behind: the process ends with the answer.
func (p *Program) lookUp(ctx context.Context, within time.Duration, kind string, given map[string]string) []candidate {
	cfg, err := p.settingsOf(given)
	if err != nil {
		return nil
	}
	found := make(chan []candidate, 1)
	go func() {
		switch kind {
		case "collection":
			found <- localCollections(cfg)
		case "model":
			found <- p.installedModels(cfg)
		case "known-model":
			found <- knownModels()
		case "any-model":
			found <- append(p.installedModels(cfg), knownModels()...)
		case "list":
			found <- bundledLists()
		case "run":
			found <- p.runs(ctx, cfg)
		case "tag":
			found <- p.tags(ctx, cfg)
		default:
			found <- nil
		}
	}()
	select {
	case c := <-found:
		return c
	case <-ctx.Done():
	}
	select { // what stops by itself at the deadline gives what it has
	case c := <-found:
		return c
	case <-time.After(within / 4):
		return nil
	}
}

// settingsOf reads the settings as the flags on a line would have them.
func (p *Program) settingsOf(given map[string]string) (config.Config, error) {
	flags := make(map[string]any)
	for name, value := range given {
		switch name {
		case "db", "collection", "store", "models":
			flags[settingOf[name]] = value
		}
	}
	file := given["config"]
	if file == "" {
		file = p.Getenv(config.FileVariable)
	}
	cfg, err := config.Load(config.Sources{File: file, Flags: flags, Getenv: p.Getenv})
	if err != nil {
		return cfg, err
	}
	if cfg.DB == "" {
		cfg.DB = config.DefaultDB(p.Getenv)
	}
	if cfg.Models == "" {
		cfg.Models = config.DefaultModels(p.Getenv)
	}
	return cfg, nil
}

// localCollections lists the folders of the local store that hold an index. Those of a
// server are not asked for: that takes longer than a tab key may.
func localCollections(cfg config.Config) []candidate {
	if cfg.Store != config.Default().Store || cfg.DB == "" {
		return nil
	}
	entries, err := os.ReadDir(cfg.DB)
	if err != nil {
		return nil
	}
	names := make(map[string]string)
	for _, e := range entries {
		dir := filepath.Join(cfg.DB, e.Name())
		for _, pattern := range []string{"catalogue.db", "models", "current"} {
			if _, err := os.Stat(filepath.Join(dir, pattern)); err == nil && e.IsDir() && dir != cfg.Models {
				names[e.Name()] = ""
			}
		}
	}
	return once(names)
}

// installedModels lists the models on this machine.
func (p *Program) installedModels(cfg config.Config) []candidate {
	installed, err := hub.List(p.ModelDirs(cfg)...)
	if err != nil && len(installed) == 0 {
		return nil
	}
	names := make(map[string]string)
	for _, m := range installed {
		names[m.Name] = strings.Join(m.Precisions, ", ")
	}
	return once(names)
}

// bundledLists lists the label lists that ship with the program.
func bundledLists() []candidate {
	var out []candidate
	for _, name := range label.BundledNames() {
		out = append(out, candidate{value: name})
	}
	return out
}

// runs lists the tagging runs of the index, the last one by that name first.
func (p *Program) runs(ctx context.Context, cfg config.Config) []candidate {
	if cfg.Store != config.Default().Store {
		return nil
	}
	st, err := p.OpenStore(ctx, cfg, store.ReadOnly, store.Model{})
	if err != nil {
		return nil
	}
	defer st.Close()
	out := []candidate{{"last", "the last run"}}
	registry, err := app.Runs(ctx, cfg, st)
	if err != nil {
		return out
	}
	runs, _, err := registry.All(ctx)
	if err != nil {
		return out
	}
	for _, r := range runs {
		out = append(out, candidate{r.ID, fmt.Sprintf("%s, %d tags from %s", r.Started.Format(time.DateOnly), r.Tags, r.LabelsFrom)})
	}
	return out
}

func knownModels() []candidate {
	names := make(map[string]string)
	for _, k := range hub.Known() {
		names[k.Name] = k.Summary
	}
	return once(names)
}

// tags lists the labels of the index, as many as are met before ctx ends.
func (p *Program) tags(ctx context.Context, cfg config.Config) []candidate {
	if cfg.Store != config.Default().Store {
		return nil
	}
	st, err := p.OpenStore(ctx, cfg, store.ReadOnly, store.Model{})
	if err != nil {
		return nil
	}
	defer st.Close()
	names := make(map[string]string)
	for r, err := range st.Scan(ctx, nil, store.Fields{AnyOrder: true}) {
		if err != nil || ctx.Err() != nil {
			break
		}
		for _, t := range r.Tags {
			names[t.Label] = ""
		}
	}
	return once(names)
}
