package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
)

// tagger is the service of the command's index, with the progress that it shows.
type tagger struct {
	*tagging.Tagger
	*cmdline.Reporter
	registry *tagging.Registry
}

// observer shows a run as progress.
type observer struct{ *cmdline.Reporter }

// Tagged implements tagging.Observer.
func (o observer) Tagged(n int) { o.Embedded(n) }

// openTagger makes the tagger of an index. Its progress must be closed.
func openTagger(c *cli.Context, p *cmdline.Program, cfg config.Config, st store.Store) (*tagger, error) {
	registry, err := app.Runs(c.Context, cfg, st)
	if err != nil {
		return nil, err
	}
	mode := c.String("progress")
	if c.Bool("json") && mode == "" && cmdline.IsTerminal(p.Stdout) {
		mode = "none" // tags are shown as they come, and would fall into the progress line
	}
	reporter, err := p.Reporter(mode, c.Bool("json"))
	if err != nil {
		return nil, err
	}
	return &tagger{tagging.New(st, registry, observer{reporter}), reporter, registry}, nil
}
