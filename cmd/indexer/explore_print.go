package main

import (
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/explore"
	"github.com/sightline/sightline/internal/terminal"
)

// exploredJSON is the result for scripts.
type exploredJSON struct {
	Pictures        int                 `json:"pictures"`
	Clusters        int                 `json:"clusters"`
	Top             int                 `json:"top"` // clusters of the first level
	Levels          int                 `json:"levels"`
	Landmarks       int                 `json:"landmarks"`
	Seed            uint64              `json:"seed"`
	Trustworthiness *float64            `json:"trustworthiness,omitempty"`
	Tried           []explore.Candidate `json:"tried,omitempty"`
	Duplicates      *int                `json:"duplicates,omitempty"` // groups, where they were looked for
	Seconds         float64             `json:"seconds"`
}

func printExplored(c *cli.Context, p *cmdline.Program, m *explore.Map, d *explore.Duplicates, took time.Duration) {
	top := m.Parts(-1)
	if c.Bool("json") {
		j := exploredJSON{
			Pictures: m.Pictures(), Clusters: len(m.Clusters), Top: len(top), Levels: m.Levels(), Landmarks: m.Landmarks,
			Seed: m.Seed, Tried: m.Tried, Seconds: took.Seconds(),
		}
		if m.Trustworthiness >= 0 {
			j.Trustworthiness = &m.Trustworthiness
		}
		if d != nil {
			n := len(d.Groups)
			j.Duplicates = &n
		}
		p.PrintJSON(j)
		return
	}
	p.Printf("%d pictures in %d clusters, %d of the first level, in %s\n", m.Pictures(), len(m.Clusters), len(top), took.Round(time.Millisecond))
	if m.Landmarks < m.Pictures() {
		p.Printf("%d pictures, drawn by lot, made the clusters and the map; the others were put into them\n", m.Landmarks)
	}
	for _, i := range top {
		p.Printf("%5d  %s\n", m.Clusters[i].Size, terminal.Safe(m.Clusters[i].Label()))
	}
	if m.Trustworthiness >= 0 {
		p.Printf("trustworthiness of the map: %.3f\n", m.Trustworthiness)
	}
	if d != nil {
		p.Printf("%d groups of pictures that are the same, or nearly (search duplicates --near lists them)\n", len(d.Groups))
		if d.Unread > 0 {
			p.Notef("warning: %d pictures could not be read for it", d.Unread)
		}
	}
	p.Notef("search clusters lists them with pictures; search 'cluster:1' looks inside one")
}

// stages shows one stage of the work after the other.
type stages struct {
	open func() (*cmdline.Reporter, error)

	mu   sync.Mutex
	at   explore.Stage
	r    *cmdline.Reporter // nil before the first and after the last
	done int
}

// begin shows a stage in place of the one before.
func (s *stages) begin(at explore.Stage) error {
	if s.r != nil {
		s.r.Close()
	}
	r, err := s.open()
	if err != nil {
		s.r = nil
		return err
	}
	s.r, s.at, s.done = r, at, 0
	return nil
}

// show tells how far a stage is.
func (s *stages) show(at explore.Stage, done, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.r == nil || at != s.at {
		if s.begin(at) != nil { // the form of progress was good before
			return
		}
		s.r.Verb(string(at))
		s.r.WalkDone()
		s.r.Planned(total)
	}
	s.r.Embedded(done - s.done)
	s.done = done
}

// Close takes the progress off the terminal. It may be repeated.
func (s *stages) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.r != nil {
		s.r.Close()
		s.r = nil
	}
}
