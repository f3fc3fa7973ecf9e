// Package doctor checks an installation: the library, the model and how exactly it runs
// here, the index, room on the disks, limits of the system, and the terminal. It changes
// nothing.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
)

// State is how a check came out.
type State string

// The states.
const (
	OK      State = "ok"
	Warning State = "warning" // works, but not as well as it could
	Fault   State = "fault"   // something does not work
)

// Check is one thing that was looked at.
type Check struct {
	Name    string `json:"check"`
	State   State  `json:"state"`
	Finding string `json:"finding"`
	Advice  string `json:"advice,omitempty"` // what to do; "" where there is nothing to do
}

// Subject is what is examined.
type Subject struct {
	Env      *app.Env
	Config   config.Config
	Settings error  // what is wrong with the settings, which Config is without
	Version  string // of the program
	Terminal Terminal
}

// Terminal is what is known of the terminal, if there is one.
type Terminal struct {
	There    bool
	Columns  int
	Colours  bool
	Pictures string // how pictures are shown; "" or "none" where they are not
}

// Examine looks at everything and returns what it found, in a fixed order: about settings
// only where they are wrong. Faults are findings, never errors.
func Examine(ctx context.Context, s Subject) []Check {
	checks := []Check{
		{Name: "program", State: OK, Finding: fmt.Sprintf("sightline %s on %s/%s, %d cores", s.Version, runtime.GOOS, runtime.GOARCH, app.Cores())},
	}
	if s.Settings != nil {
		checks = append(checks, broken("settings", s.Settings))
	}
	checks = append(checks, s.library())
	checks = append(checks, s.model(ctx)...)
	checks = append(checks, s.index(ctx))
	checks = append(checks, s.disks()...)
	return append(checks, limits(), decoder(ctx), s.Terminal.check())
}

// Faults counts the faults among checks.
func Faults(checks []Check) int {
	n := 0
	for _, c := range checks {
		if c.State == Fault {
			n++
		}
	}
	return n
}

// broken is a check that failed, with what the program advises about the error.
func broken(name string, err error) Check {
	_, hint := app.Explain(err)
	return Check{Name: name, State: Fault, Finding: strings.ReplaceAll(fault.Words(err), "\n", "; "), Advice: hint}
}

func (s Subject) library() Check {
	lib, err := s.Env.Library(s.Config)
	if err != nil {
		return broken("library", err)
	}
	return Check{Name: "library", State: OK, Finding: "ONNX Runtime is at " + lib}
}

func (s Subject) index(ctx context.Context) Check {
	st, err := s.Env.OpenStore(ctx, s.Config, store.ReadOnly, store.Model{})
	if errors.Is(err, store.ErrNoIndex) {
		return Check{Name: "index", State: Warning, Finding: "there is no index yet", Advice: "build one: indexer run PATH"}
	} else if err != nil {
		return broken("index", err)
	}
	defer st.Close()
	d, err := st.Describe(ctx)
	if err != nil {
		return broken("index", err)
	}
	if err := s.Env.OtherModel(ctx, s.Config); err != nil {
		return broken("index", err)
	}
	c := Check{Name: "index", State: OK, Finding: fmt.Sprintf("%s pictures in collection %s of %s, by %s",
		humanize.Comma(d.Records), d.Collection, d.Location, d.Model.Label())}
	if d.Failures > 0 {
		c.State = Warning
		c.Finding += fmt.Sprintf("; %d of the files seen could not be indexed", d.Failures)
		c.Advice = "indexer status --failures lists them"
	}
	return c
}

func (t Terminal) check() Check {
	if !t.There {
		return Check{Name: "terminal", State: OK, Finding: "the output is no terminal: no colours, no links, no pictures"}
	}
	colours, pictures := "no colours", "no pictures"
	if t.Colours {
		colours = "colours"
	}
	if t.Pictures != "" && t.Pictures != "none" {
		pictures = "pictures by " + t.Pictures
	}
	return Check{Name: "terminal", State: OK, Finding: fmt.Sprintf("%d columns, %s, %s", t.Columns, colours, pictures)}
}
