package tagging

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging/sidecar"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/zeroshot"
)

// keywords are the labels of a list as they go into sidecars.
type keywords map[string]sidecar.Keyword

func keywordsOf(list *label.List) keywords {
	out := make(keywords, len(list.Labels))
	for i, parents := range list.Ancestors() {
		name := list.Labels[i].Name
		out[name] = sidecar.Keyword{Label: name, Parents: parents}
	}
	return out
}

func (k keywords) of(tags []store.Tag) []sidecar.Keyword {
	var out []sidecar.Keyword
	for _, t := range tags {
		out = append(out, k[t.Label])
	}
	return out
}

// sidecarSink brings the sidecar of each picture in line with a run. Pictures without a
// tag are gone through as well: they may have had one before. What is wrong with a sidecar
// is reported to the observer, and the next one is gone on with.
type sidecarSink struct {
	run      string
	keywords keywords // nil takes the run back
	observer Observer
	failed   int64
	cleaned  map[string]bool // folders that were cleared of what killed runs left
}

// Add implements Sink.
func (s *sidecarSink) Add(ctx context.Context, r *store.Record, tags []store.Tag) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	want := s.keywords.of(tags)
	if s.keywords == nil {
		want = nil
	}
	s.clean(filepath.Dir(r.Path))
	_, err := sidecar.Update(r.Path, s.run, want)
	if err == nil || len(want) == 0 && errors.Is(err, fs.ErrNotExist) {
		return nil // a picture that is gone has no sidecar to clear
	}
	s.failed++
	s.observer.Failed(r.Path, fault.Words(err))
	return nil
}

// clean removes what killed runs left in a folder. What cannot be removed is in nobody's
// way.
func (s *sidecarSink) clean(dir string) {
	if s.cleaned[dir] {
		return
	}
	if s.cleaned == nil {
		s.cleaned = map[string]bool{}
	}
	s.cleaned[dir] = true
	_, _ = atomicfile.RemoveLeftovers(dir)
}

// Finish implements Sink.
func (s *sidecarSink) Finish(context.Context, *Run) error { return nil }

// Abandon implements Sink.
func (s *sidecarSink) Abandon() error { return nil }

// SidecarDiff is a Sink that shows how the sidecars would change, and changes none.
type SidecarDiff struct {
	Failed int64 // sidecars that cannot be edited

	run      string
	keywords keywords
	observer Observer
	out      io.Writer
}

// SidecarDiff returns a sink for the preview of a run with these options.
func (t *Tagger) SidecarDiff(w io.Writer, c *zeroshot.Classifier, o Options) *SidecarDiff {
	return &SidecarDiff{run: o.newRun(c).ID, keywords: keywordsOf(c.List()), observer: t.observer, out: w}
}

// Add implements Sink.
func (s *SidecarDiff) Add(_ context.Context, r *store.Record, tags []store.Tag) error {
	change, err := sidecar.Plan(r.Path, s.run, s.keywords.of(tags))
	if err != nil {
		s.Failed++
		s.observer.Failed(r.Path, fault.Words(err))
		return nil
	}
	_, err = io.WriteString(s.out, terminal.SafeLines(change.Diff()))
	return err
}

// Finish implements Sink.
func (s *SidecarDiff) Finish(context.Context, *Run) error { return nil }

// Abandon implements Sink.
func (s *SidecarDiff) Abandon() error { return nil }
