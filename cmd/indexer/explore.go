package main

import (
	"io"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/explore"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

func exploreCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "explore",
		Usage: "find out what a collection is made of: clusters with names, and a map",
		Description: `Divides the pictures of the index into clusters of what is alike, in levels, gives the
clusters names from a list of labels, and lays all pictures out on a map. All of it is
kept with the index: search clusters lists it, cluster:3 in a query looks inside one.
No picture is read, only embeddings. Pictures that are indexed later are put into the
clusters that are there; explore again to find new ones.

   indexer explore
   indexer explore --clusters 12 --seed 7        another division
   indexer explore --labels mine.txt             names of one's own
   indexer explore --html map.html               the map and the clusters as a page`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), progressFlags(), []cli.Flag{
			&cli.IntFlag{Name: "clusters", Usage: "divide into `N` clusters first", DefaultText: "what fits best"},
			&cli.StringFlag{Name: "labels", Usage: "take the names of clusters from a `LIST`: a file, or names with commas between them", DefaultText: "everyday things"},
			&cli.Uint64Flag{Name: "seed", Usage: "draw by `N`: the same index and seed give the same clusters and map"},
			&cli.BoolFlag{Name: "duplicates", Usage: "also look for pictures that are nearly the same, and keep which; files are read for it"},
			&cli.StringFlag{Name: "html", Usage: "also write the map and the clusters to an HTML `FILE`", Category: "Output"},
		}),
		Action: func(c *cli.Context) error { return exploreIndex(c, p) },
	}
}

func exploreIndex(c *cli.Context, p *cmdline.Program) error {
	if n := c.Int("clusters"); c.IsSet("clusters") && (n < 2 || n > explore.MostClusters) {
		return fault.Usagef("", "--clusters is %d; it must be between 2 and %d", n, explore.MostClusters)
	}
	labels, err := explore.DefaultLabels()
	if c.IsSet("labels") {
		labels, err = label.Load(c.String("labels"))
	}
	if err != nil {
		return err
	}
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	began := time.Now()
	stages := &stages{open: func() (*cmdline.Reporter, error) { return reporterFor(c, p) }}
	defer stages.Close()
	if err := stages.begin(""); err != nil { // a wrong --progress is told before the work
		return err
	}
	m, err := p.Explore(c.Context, cfg, labels, explore.Options{
		Clusters: c.Int("clusters"), Seed: c.Uint64("seed"), Labels: labels.Source, Now: began, Progress: stages.show,
	})
	stages.Close()
	if err != nil {
		return err
	}
	var d *explore.Duplicates
	if c.Bool("duplicates") {
		if d, err = p.FindDuplicates(c.Context, cfg, began); err != nil {
			return err
		}
	}
	if c.IsSet("html") {
		if err := writeMap(c, p, cfg, m); err != nil {
			return err
		}
	}
	printExplored(c, p, m, d, time.Since(began))
	return nil
}

// writeMap writes the map as a page.
func writeMap(c *cli.Context, p *cmdline.Program, cfg config.Config, m *explore.Map) error {
	st, err := p.OpenStore(c.Context, cfg, store.ReadOnly, store.Model{})
	if err != nil {
		return err
	}
	defer st.Close()
	return atomicfile.Write(c.String("html"), func(w io.Writer) error { return app.WriteMap(c.Context, w, m, st) })
}

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
