// Package tagging labels the pictures of an index. It walks over the index with a
// zeroshot.Classifier, picture by picture or label by label, and keeps what it does as a
// run: what it is, how far it is, the tags that it has written, and taking them back.
//
// A run is named by everything that decides its tags, so that the same command goes on
// where it was stopped, and looks only at new pictures when it had finished. A tag is
// written before its picture is noted as done: whatever is cut off in between is done
// again, with the same result. The outputs of a run (tables, a page, sidecars) are each a
// Sink, and all of them are fed in the pass that writes the tags.
package tagging

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/zeroshot"
)

// ErrNoRun says that there is no run of the id that was given.
var ErrNoRun = errors.New("there is no such tagging run")

// Direction says from which side a run goes through the index.
type Direction string

// The directions.
const (
	PerImage Direction = "image" // the best labels of each picture
	PerLabel Direction = "label" // the best pictures of each label
)

// Plan is everything that decides the tags of a run over an index.
type Plan struct {
	Collection string              `json:"collection"`
	Provenance zeroshot.Provenance `json:"provenance"`
	Direction  Direction           `json:"direction"`
	Count      int                 `json:"count"` // labels per picture, or pictures per label
	// MinProbability leaves tags below it out.
	MinProbability float32 `json:"min_probability"`
	// CorrectHubness is that of WalkOptions.
	CorrectHubness bool `json:"correct_hubness,omitempty"`
}

// ID names the run of a plan: 12 hex digits.
func (p Plan) ID() string {
	data, _ := json.Marshal(p) // strings and finite numbers always marshal
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}

// Run is a plan and what has come of it.
type Run struct {
	ID   string `json:"id"`
	Plan Plan   `json:"plan"`
	// What people know the plan by.
	ModelName  string   `json:"model_name"`
	LabelsFrom string   `json:"labels_from"` // name of the file, or "--labels"
	LabelCount int      `json:"label_count"`
	Templates  []string `json:"templates"`
	Sidecars   bool     `json:"sidecars"` // XMP was written, so that undo looks there too

	Started  time.Time `json:"started"`
	Resumed  time.Time `json:"resumed"`  // when it was last begun or gone on with
	Finished time.Time `json:"finished"` // of the last time that it was; zero if never
	Pictures int64     `json:"pictures"` // looked at
	Tagged   int64     `json:"tagged"`   // pictures with a tag of this run
	Tags     int64     `json:"tags"`
	// Corrections names what people had said of the labels when the run last began or went
	// on, "" for nothing: where it is something else now, all pictures are looked at again.
	Corrections string `json:"corrections,omitempty"`
}

// Source is the source of the run's tags in a store.
func (r *Run) Source() string { return sourceOf(r.ID) }

const sourcePrefix = "run:"

func sourceOf(id string) string { return sourcePrefix + id }

// runID is what a user may give for a run: digits of its id, "run:" before them or not.
var runID = regexp.MustCompile(`^[0-9a-f]{4,12}$`)

// Registry keeps the runs of an index in a folder: a JSON file for each, and one
// that notes which pictures are done. It is not safe for use by several processes;
// the store's write lock is held while it changes.
type Registry struct{ dir string }

// OpenRegistry returns the registry in a folder, which need not exist yet.
func OpenRegistry(dir string) *Registry { return &Registry{dir: dir} }

func (g *Registry) path(id, ending string) string { return filepath.Join(g.dir, id+ending) }

// Save keeps a run.
func (g *Registry) Save(r Run) error {
	if err := os.MkdirAll(g.dir, 0o755); err != nil {
		return fmt.Errorf("keep the run: %w", err)
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("keep the run: %w", err)
	}
	return atomicfile.WriteBytes(g.path(r.ID, ".json"), append(data, '\n'))
}

// Load returns a run. ErrNoRun says that there is none.
func (g *Registry) Load(id string) (Run, error) {
	data, err := os.ReadFile(g.path(id, ".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return Run{}, fmt.Errorf("%w: %s", ErrNoRun, id)
	} else if err != nil {
		return Run{}, err
	}
	var r Run
	if err := json.Unmarshal(data, &r); err != nil {
		return Run{}, fmt.Errorf("read %s: %w", g.path(id, ".json"), err)
	}
	return r, nil
}

// Runs lists all runs, the oldest first.
func (g *Registry) Runs() ([]Run, error) {
	entries, err := os.ReadDir(g.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var runs []Run
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || !runID.MatchString(id) {
			continue
		}
		r, err := g.Load(id)
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	slices.SortFunc(runs, func(a, b Run) int { return a.Started.Compare(b.Started) })
	return runs, nil
}

// Find returns the run that a user means: by its id, the start of it, or "last", which
// is the one that was begun or gone on with most recently.
func (g *Registry) Find(name string) (Run, error) {
	runs, err := g.Runs()
	if err != nil {
		return Run{}, err
	}
	if name == "last" && len(runs) > 0 {
		return slices.MaxFunc(runs, func(a, b Run) int { return a.Resumed.Compare(b.Resumed) }), nil
	}
	id := strings.TrimPrefix(name, sourcePrefix)
	var found []Run
	for _, r := range runs {
		if runID.MatchString(id) && strings.HasPrefix(r.ID, id) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return Run{}, fmt.Errorf("%w: %s", ErrNoRun, name)
	case 1:
		return found[0], nil
	}
	return Run{}, fmt.Errorf("%w: %s could be %s or %s", ErrNoRun, name, found[0].ID, found[1].ID)
}

// Forget removes a run and what it noted.
func (g *Registry) Forget(id string) error {
	err := g.forgetDone(id)
	if e := os.Remove(g.path(id, ".json")); e != nil && !errors.Is(e, fs.ErrNotExist) {
		err = errors.Join(err, e)
	}
	return err
}

func (g *Registry) forgetDone(id string) error {
	if err := os.Remove(g.path(id, ".done")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// OfSameList returns the other runs that took their labels from the same place and have
// left tags, the oldest first: those of earlier versions of a file, for instance.
func (g *Registry) OfSameList(r Run) ([]Run, error) {
	runs, err := g.Runs()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(runs, func(other Run) bool {
		return other.ID == r.ID || other.LabelsFrom != r.LabelsFrom || other.Tags == 0
	}), nil
}
