package tagging

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

const dim = 16

func model() store.Model {
	s := cliptest.New(dim).Spec()
	return store.Model{Fingerprint: s.Fingerprint, Name: s.Name, Precision: s.Precision, Pixels: "exact", Dim: dim}
}

// records makes pictures with random vectors and a tag of a person's.
func records(from, n int) []store.Record {
	rng := rand.New(rand.NewPCG(7, uint64(from)))
	out := make([]store.Record, n)
	for i := range out {
		path := fmt.Sprintf("/p/%06d.jpg", from+i)
		v := make([]float32, dim)
		for j := range v {
			v[j] = float32(rng.NormFloat64())
		}
		if err := vec.Normalize(v); err != nil {
			panic(err)
		}
		hash := make([]byte, 32)
		hash[0], hash[1], hash[2] = byte(from+i), byte((from+i)>>8), byte((from+i)>>16)
		out[i] = store.Record{ID: store.ID("default", path), Path: path, Root: "/p", Size: 1, ModTime: time.Unix(1, 0),
			ContentHash: hash, Width: 1, Height: 1, Format: "jpeg", Vector: v,
			Tags: []store.Tag{{Label: "mine", Source: "user"}}}
	}
	return out
}

func open(tb testing.TB, dir string) store.Store {
	tb.Helper()
	s, err := local.Open(tb.Context(), local.Options{Dir: dir, Collection: "default", Model: model(), Mode: store.Create})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func upsert(tb testing.TB, s store.Store, recs []store.Record) {
	tb.Helper()
	for part := range slices.Chunk(recs, 4096) {
		if err := s.Upsert(tb.Context(), part); err != nil {
			tb.Fatal(err)
		}
	}
}

func classifier(tb testing.TB, labels string) *zeroshot.Classifier {
	tb.Helper()
	list, err := label.Parse(labels)
	if err != nil {
		tb.Fatal(err)
	}
	c, err := zeroshot.Prepare(tb.Context(), cliptest.New(dim), list, zeroshot.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// counter observes.
type counter struct{ planned, tagged, failed atomic.Int64 }

func (c *counter) Planned(n int) { c.planned.Add(int64(n)) }
func (c *counter) Tagged(n int)  { c.tagged.Add(int64(n)) }

func (c *counter) Failed(string, string) { c.failed.Add(1) }

// kept is a sink that keeps the tags of each picture, by path.
type kept map[string][]store.Tag

func (k kept) Add(_ context.Context, r *store.Record, tags []store.Tag) error {
	k[r.Path] = tags
	return nil
}
func (kept) Finish(context.Context, *Run) error { return nil }
func (kept) Abandon() error                     { return nil }

const labels = "red,green,blue,a fox,a train,the sea"

func plan(d Direction, count int) Options {
	return Options{Collection: "default", Direction: d, Count: count, MinProbability: 0.2}
}

// tagsOf reads the tags of a source, by path.
func tagsOf(tb testing.TB, s store.Store, source string) map[string][]store.Tag {
	tb.Helper()
	out := make(map[string][]store.Tag)
	for r, err := range s.Scan(tb.Context(), nil, store.Fields{}) {
		if err != nil {
			tb.Fatal(err)
		}
		for _, t := range r.Tags {
			if t.Source == source {
				out[r.Path] = append(out[r.Path], t)
			}
		}
	}
	return out
}

// run does a run and returns it, with how many pictures it looked at.
func run(tb testing.TB, s store.Store, g *Registry, c *zeroshot.Classifier, o Options) (Run, int64) {
	tb.Helper()
	var n counter
	sum, err := New(s, g, &n).Tag(tb.Context(), c, o)
	if err != nil {
		tb.Fatal(err)
	}
	return sum.Run, n.tagged.Load()
}

// again are the same options, for all pictures.
func again(o Options) Options {
	o.Retag = true
	return o
}

func TestTagAndUndo(t *testing.T) {
	for _, d := range []Direction{PerImage, PerLabel} {
		t.Run(string(d), func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			defer s.Close()
			upsert(t, s, records(0, 500))
			g := OpenRegistry(filepath.Join(dir, "runs"))
			c := classifier(t, labels)
			count := 3
			if d == PerLabel {
				count = 40
			}
			r, _ := run(t, s, g, c, plan(d, count))
			got := tagsOf(t, s, r.Source())
			if len(got) == 0 || int64(len(got)) != r.Tagged || r.Pictures != 500 {
				t.Fatalf("%d pictures with tags; the run says %+v", len(got), r)
			}
			for path, tags := range got {
				for _, tag := range tags {
					if tag.Probability < 0.2 || tag.Score == 0 {
						t.Errorf("%s: %+v", path, tag)
					}
				}
			}
			preview := make(kept)
			foreseen, err := New(s, g, &counter{}).Preview(t.Context(), c, plan(d, count), preview)
			if foreseen.Run.ID != r.ID || foreseen.Run.Tags != r.Tags || foreseen.Run.Tagged != r.Tagged {
				t.Errorf("a dry run foresees %+v, the run was %+v", foreseen.Run, r)
			}
			if diff := cmp.Diff(got, map[string][]store.Tag(preview)); err != nil || diff != "" {
				t.Errorf("a dry run says otherwise (-tagged +preview): %v\n%s", err, diff)
			}
			runs, err := g.Runs(t.Context())
			if err != nil || len(runs) != 1 || runs[0].Tags != r.Tags || runs[0].Finished.IsZero() {
				t.Errorf("runs: %+v, %v", runs, err)
			}
			undone, err := New(s, g, &counter{}).Undo(t.Context(), r.ID)
			if err != nil || undone.Pictures != r.Tagged {
				t.Errorf("undo: %+v, %v", undone, err)
			}
			if left := tagsOf(t, s, r.Source()); len(left) > 0 {
				t.Errorf("%d pictures still have tags", len(left))
			}
			if mine := tagsOf(t, s, "user"); len(mine) != 500 {
				t.Errorf("%d pictures have a person's tag, want 500", len(mine))
			}
			if _, err := g.Load(t.Context(), r.ID); !errors.Is(err, ErrNoRun) {
				t.Errorf("the run is still known: %v", err)
			}
			again, looked := run(t, s, g, c, plan(d, count))
			if looked == 0 {
				t.Error("after undo, the run did nothing")
			}
			if diff := cmp.Diff(got, tagsOf(t, s, again.Source())); diff != "" {
				t.Errorf("tagged again (-first +again):\n%s", diff)
			}
		})
	}
}

func TestOnlyNewPicturesAreTagged(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	defer s.Close()
	g := OpenRegistry(filepath.Join(dir, "runs"))
	c := classifier(t, labels)
	upsert(t, s, records(0, 300))
	if _, n := run(t, s, g, c, plan(PerImage, 2)); n != 300 {
		t.Fatalf("the first run looked at %d", n)
	}
	if _, n := run(t, s, g, c, plan(PerImage, 2)); n != 0 {
		t.Errorf("the same run again looked at %d", n)
	}
	upsert(t, s, records(300, 20))
	changed := records(0, 1)
	changed[0].ContentHash[31] = 1
	upsert(t, s, changed)
	r, n := run(t, s, g, c, plan(PerImage, 2))
	if n != 21 {
		t.Errorf("after 20 were added and 1 changed, %d were looked at", n)
	}
	before := tagsOf(t, s, r.Source())
	if _, n := run(t, s, g, c, again(plan(PerImage, 2))); n != 320 {
		t.Errorf("--retag looked at %d", n)
	}
	if diff := cmp.Diff(before, tagsOf(t, s, r.Source())); diff != "" {
		t.Errorf("--retag (-before +after):\n%s", diff)
	}
	if other, n := run(t, s, g, c, plan(PerImage, 1)); n != 320 || other.ID == r.ID {
		t.Errorf("another plan is another run: %s, %d", other.ID, n)
	}
}

func TestPicturesThatComeBack(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	defer s.Close()
	g := OpenRegistry(filepath.Join(dir, "runs"))
	c := classifier(t, labels)
	recs := records(0, 200)
	upsert(t, s, recs)
	r, _ := run(t, s, g, c, plan(PerImage, 2))
	want := tagsOf(t, s, r.Source())

	// All are removed and come back without tags; those that had none are done still.
	ids := make([]string, len(recs))
	for i := range recs {
		ids[i] = recs[i].ID
	}
	if err := s.Delete(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	upsert(t, s, recs)
	if _, n := run(t, s, g, c, plan(PerImage, 2)); n != int64(len(want)) {
		t.Errorf("%d pictures were looked at, %d had lost their tags", n, len(want))
	}
	if diff := cmp.Diff(want, tagsOf(t, s, r.Source())); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}

	// One changes and is changed back.
	changed := slices.Clone(recs[:1])
	changed[0].ContentHash = slices.Concat([]byte{9}, recs[0].ContentHash[1:])
	changed[0].Vector = recs[1].Vector
	upsert(t, s, changed)
	run(t, s, g, c, plan(PerImage, 2))
	upsert(t, s, recs[:1])
	run(t, s, g, c, plan(PerImage, 2))
	if diff := cmp.Diff(want, tagsOf(t, s, r.Source())); diff != "" {
		t.Errorf("changed back (-before +after):\n%s", diff)
	}
}

// failing is a store whose SetTags fails after some calls.
type failing struct {
	store.Store
	left int
}

var errFull = errors.New("no space left on device")

func (f *failing) SetTags(ctx context.Context, source string, tags map[string][]store.Tag) error {
	if f.left--; f.left < 0 {
		return errFull
	}
	return f.Store.SetTags(ctx, source, tags)
}

func TestFullDiskLosesNothing(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	defer s.Close()
	upsert(t, s, records(0, 2*batchSize+5))
	g := OpenRegistry(filepath.Join(dir, "runs"))
	c := classifier(t, labels)
	var o counter
	if _, err := New(&failing{s, 1}, g, &o).Tag(t.Context(), c, plan(PerImage, 2)); !errors.Is(err, errFull) {
		t.Fatalf("error %v", err)
	}
	if n := o.tagged.Load(); n != batchSize {
		t.Errorf("%d pictures were reported as tagged, want one batch", n)
	}
	if _, n := run(t, s, g, c, plan(PerImage, 2)); n != batchSize+5 {
		t.Errorf("the next run looked at %d pictures", n)
	}
}

func TestPicturesThatGoMeanwhile(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	recs := records(0, 3)
	upsert(t, s, recs[:2])
	tags := map[string][]store.Tag{recs[0].ID: {{Label: "x"}}, recs[2].ID: {{Label: "x"}}}
	gone, err := setTags(t.Context(), s, "run:1", tags, func(string, string) {})
	if err != nil || len(gone) != 1 || !gone[recs[2].ID] {
		t.Fatalf("gone %v, %v", gone, err)
	}
	if got := tagsOf(t, s, "run:1"); len(got) != 1 {
		t.Errorf("tags: %v", got)
	}
}

func TestNotesSurviveATornEnd(t *testing.T) {
	g := OpenRegistry(t.TempDir())
	recs := records(0, 3)
	var results []Result
	for _, r := range recs {
		results = append(results, Result{Record: r})
	}
	d, err := g.openDone("0123")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.add(results[:2]), d.close()); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(g.path("0123", ".done"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write([]byte{1, 2, 3})
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if d, err = g.openDone("0123"); err != nil {
		t.Fatal(err)
	}
	if !d.has(&recs[0]) || !d.has(&recs[1]) || d.has(&recs[2]) {
		t.Error("the notes were misread")
	}
	if err := errors.Join(d.add(results[2:]), d.close()); err != nil {
		t.Fatal(err)
	}
	if d, err = g.openDone("0123"); err != nil {
		t.Fatal(err)
	}
	defer d.close()
	if !d.has(&recs[2]) {
		t.Error("what was noted behind a torn end is lost")
	}
}

func TestFind(t *testing.T) {
	g := OpenRegistry(t.TempDir())
	if _, err := g.Find(t.Context(), "last"); !errors.Is(err, ErrNoRun) {
		t.Errorf("no runs: %v", err)
	}
	// The first to begin was gone on with last, half a second after the others.
	for i, id := range []string{"bbbb00000001", "aaaa00000001", "aaaa00000002"} {
		started := time.Unix(100, int64(i))
		r := Run{ID: id, Started: started, Resumed: started}
		if i == 0 {
			r.Resumed = started.Add(time.Second / 2)
		}
		if err := g.Save(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"last": "bbbb00000001", "bbbb": "bbbb00000001", "run:aaaa00000002": "aaaa00000002",
		"aaaa": "", "": "", "../x": "", "cccc": "", "bb": "",
	} {
		r, err := g.Find(t.Context(), name)
		if r.ID != want || (want == "") != errors.Is(err, ErrNoRun) {
			t.Errorf("%q: %s, %v", name, r.ID, err)
		}
	}
}

func TestPlanID(t *testing.T) {
	base := Plan{Collection: "a", Direction: PerImage, Count: 1}
	seen := map[string]bool{base.ID(): true}
	for _, edit := range []func(*Plan){
		func(p *Plan) { p.Collection = "b" }, func(p *Plan) { p.Direction = PerLabel }, func(p *Plan) { p.Count = 2 },
		func(p *Plan) { p.MinProbability = 0.5 }, func(p *Plan) { p.Provenance.Labels = "x" },
		func(p *Plan) { p.Provenance.Templates = "x" }, func(p *Plan) { p.Provenance.Model = "x" },
		func(p *Plan) { p.Provenance.Calibration = "x" },
	} {
		p := base
		edit(&p)
		id := p.ID()
		if _, err := hex.DecodeString(id); err != nil || len(id) != 12 || seen[id] {
			t.Errorf("%+v: id %s", p, id)
		}
		seen[id] = true
	}
}
