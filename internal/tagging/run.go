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
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/lazyregexp"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/zeroshot"
)

// ErrNoRun says that there is no run of the id that was given.
var ErrNoRun = errors.New("there is no such tagging run")

// ErrDamaged says that what is kept of a run cannot be read.
var ErrDamaged = errors.New("the tagging run cannot be read")

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
var runID = lazyregexp.New(`^[0-9a-f]{4,12}$`)

// Registry keeps the runs of an index. What they are, and what has come of them, lies in
// documents of the index (store.Documents), so that every machine knows them, and a copy of
// the index too. Which pictures a run has looked at is a note of 16 bytes for each in a
// file of this machine: elsewhere a run looks at all of them again, with the same result.
//
// It is not safe for use by several processes; the store's write lock is held while it
// changes.
type Registry struct {
	dir  string
	docs store.Documents // nil for files in dir in their place, as older versions had them
}

// documentsPrefix begins the names of the documents of runs.
const documentsPrefix = "runs/"

// OpenRegistry returns the registry in a folder, which need not exist yet.
func OpenRegistry(dir string) *Registry { return &Registry{dir: dir} }

// In returns the registry of the same folder whose runs are documents of an index. Runs
// that lie in the folder as files, where older versions kept them, are found there; they
// become documents as soon as a run is saved. With nil, runs are files.
func (g *Registry) In(docs store.Documents) *Registry { return &Registry{dir: g.dir, docs: docs} }

func (g *Registry) path(id, ending string) string { return filepath.Join(g.dir, id+ending) }

func documentOf(id string) string { return documentsPrefix + id + ".json" }

// Save keeps a run.
func (g *Registry) Save(ctx context.Context, r Run) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("keep the run: %w", err)
	}
	data = append(data, '\n')
	if g.docs == nil {
		if err := os.MkdirAll(g.dir, 0o755); err != nil {
			return fmt.Errorf("keep the run: %w", err)
		}
		return atomicfile.WriteBytes(g.path(r.ID, ".json"), data)
	}
	if err := g.adopt(ctx); err != nil {
		return err
	}
	if err := g.docs.PutDocument(ctx, documentOf(r.ID), data); err != nil {
		return fmt.Errorf("keep the run: %w", err)
	}
	return nil
}

// adopt makes documents of the runs that lie in the folder as files.
func (g *Registry) adopt(ctx context.Context) error {
	ids, err := g.files()
	if err != nil || len(ids) == 0 {
		return err
	}
	known, err := g.documents(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !slices.Contains(known, id) {
			data, err := os.ReadFile(g.path(id, ".json"))
			if err != nil {
				return err
			}
			if err := g.docs.PutDocument(ctx, documentOf(id), data); err != nil {
				return fmt.Errorf("keep the run: %w", err)
			}
		}
		if err := os.Remove(g.path(id, ".json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// files are the ids of the runs that lie in the folder.
func (g *Registry) files() ([]string, error) {
	entries, err := os.ReadDir(g.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var ids []string
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), ".json"); ok && runID().MatchString(id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// documents are the ids of the runs that lie in the index.
func (g *Registry) documents(ctx context.Context) ([]string, error) {
	if g.docs == nil {
		return nil, nil
	}
	names, err := g.docs.DocumentNames(ctx, documentsPrefix)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, name := range names {
		if id, ok := strings.CutSuffix(strings.TrimPrefix(name, documentsPrefix), ".json"); ok && runID().MatchString(id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Load returns a run. ErrNoRun says that there is none.
func (g *Registry) Load(ctx context.Context, id string) (Run, error) {
	if !runID().MatchString(id) {
		return Run{}, fmt.Errorf("%w: %s", ErrNoRun, id)
	}
	var data []byte
	err := store.ErrNotFound
	from := documentOf(id)
	if g.docs != nil {
		data, err = g.docs.Document(ctx, from)
	}
	if errors.Is(err, store.ErrNotFound) {
		from = g.path(id, ".json")
		data, err = os.ReadFile(from)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return Run{}, fmt.Errorf("%w: %s", ErrNoRun, id)
	} else if err != nil {
		return Run{}, err
	}
	var r Run
	err = json.Unmarshal(data, &r)
	if err == nil && r.ID != id {
		err = fmt.Errorf("it is about the run %q", r.ID)
	}
	if err != nil {
		return Run{}, fmt.Errorf("%w: %s: %s: %w", ErrDamaged, id, from, err)
	}
	return r, nil
}

// Runs lists all runs that can be read, the oldest first.
func (g *Registry) Runs(ctx context.Context) ([]Run, error) {
	runs, _, err := g.All(ctx)
	return runs, err
}

// All is Runs, with an error for each run that cannot be read. They are ErrDamaged.
func (g *Registry) All(ctx context.Context) (runs []Run, damaged []error, err error) {
	ids, err := g.documents(ctx)
	if err != nil {
		return nil, nil, err
	}
	older, err := g.files()
	if err != nil {
		return nil, nil, err
	}
	ids = append(ids, older...)
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		r, err := g.Load(ctx, id)
		switch {
		case errors.Is(err, ErrDamaged):
			damaged = append(damaged, err)
		case err != nil:
			return nil, nil, err
		default:
			runs = append(runs, r)
		}
	}
	slices.SortStableFunc(runs, func(a, b Run) int { return a.Started.Compare(b.Started) })
	return runs, damaged, nil
}

// Find returns the run that a user means: by its id, the start of it, or "last", which
// is the one that was begun or gone on with most recently.
func (g *Registry) Find(ctx context.Context, name string) (Run, error) {
	runs, damaged, err := g.All(ctx)
	if err != nil {
		return Run{}, err
	}
	if name == "last" && len(damaged) > 0 { // which may be the last
		return Run{}, fmt.Errorf("name the run by its id: %w", damaged[0])
	}
	if name == "last" && len(runs) > 0 {
		return slices.MaxFunc(runs, func(a, b Run) int { return a.Resumed.Compare(b.Resumed) }), nil
	}
	id := strings.TrimPrefix(name, sourcePrefix)
	var found []Run
	for _, r := range runs {
		if runID().MatchString(id) && strings.HasPrefix(r.ID, id) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		if name == "last" {
			return Run{}, fmt.Errorf("%w: the index has none", ErrNoRun)
		}
		if _, err := g.Load(ctx, id); errors.Is(err, ErrDamaged) {
			return Run{}, err
		}
		return Run{}, fmt.Errorf("%w: %s", ErrNoRun, name)
	case 1:
		return found[0], nil
	}
	return Run{}, fmt.Errorf("%w: %s could be %s or %s", ErrNoRun, name, found[0].ID, found[1].ID)
}

// Forget removes a run and what it noted.
func (g *Registry) Forget(ctx context.Context, id string) error {
	err := g.forgetDone(id)
	if e := os.Remove(g.path(id, ".json")); e != nil && !errors.Is(e, fs.ErrNotExist) {
		err = errors.Join(err, e)
	}
	if g.docs != nil && err == nil { // last: the file is not to be found without it
		err = g.docs.DeleteDocument(ctx, documentOf(id))
	}
	return err
}

func (g *Registry) forgetDone(id string) error {
	if err := os.Remove(g.path(id, ".done")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// CopyTo brings the runs to the registry of a copy of the index, those that it has not.
func (g *Registry) CopyTo(ctx context.Context, to *Registry) error {
	runs, err := g.Runs(ctx)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if _, err := to.Load(ctx, r.ID); err == nil {
			continue
		} else if !errors.Is(err, ErrNoRun) && !errors.Is(err, ErrDamaged) {
			return err
		}
		if err := to.Save(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// OfSameList returns the other runs with the same model that took their labels from the
// same place and have left tags, the oldest first: those of earlier versions of a file, for
// instance. The tags of other models are not in this index.
func (g *Registry) OfSameList(ctx context.Context, r Run) ([]Run, error) {
	runs, err := g.Runs(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(runs, func(other Run) bool {
		return other.ID == r.ID || other.Plan.Provenance.Model != r.Plan.Provenance.Model || other.LabelsFrom != r.LabelsFrom || other.Tags == 0
	}), nil
}
