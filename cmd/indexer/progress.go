package main

import (
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/clip/hub"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/terminal/progress"
	"github.com/sightline/sightline/internal/walk"
)

func progressFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "progress", Usage: "how to show progress on stderr (`auto|text|json|none`)", DefaultText: "auto", Category: "Output"},
	}
}

// reporterFor returns the owner of stderr for the time of the work.
func reporterFor(c *cli.Context, p *cmdline.Program) (*cmdline.Reporter, error) {
	return p.Reporter(c.String("progress"), c.Bool("json"))
}

// hubProgress shows what the hub's client does on the progress line.
func hubProgress(r *cmdline.Reporter) hub.Observer {
	return hub.ObserverFunc(func(p hub.Progress) {
		r.Bytes(progress.Bytes{What: string(p.Phase), File: p.File, Done: p.Done, Total: p.Total, Rate: p.Rate})
	})
}

// failureLines prints each failure of a run as a JSON line among the results,
// besides passing it on.
type failureLines struct {
	index.Observer
	mu sync.Mutex // one line at a time
	p  *cmdline.Program
}

// Failed prints a failure and passes it on.
func (l *failureLines) Failed(path, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.p.PrintJSON(cmdline.NewFailure(path, reason))
	l.Observer.Failed(path, reason)
}

// alsoFor lets list print its lines in turn with those of the failures.
func (l *failureLines) alsoFor(list func(walk.Skip)) func(walk.Skip) {
	return func(k walk.Skip) {
		l.mu.Lock()
		defer l.mu.Unlock()
		list(k)
	}
}
