package tagging

import (
	"context"
	"errors"
	"fmt"

	"github.com/sightline/sightline/internal/store"
)

// Undone is what taking a run back has come to.
type Undone struct {
	Run            Run
	Pictures       int64 // that had a tag of the run
	FailedSidecars int64 // that still have its labels; the run is known until they are mended
}

// Undo takes the tags of a run back out of the index, and its labels out of the sidecars
// if it wrote any, in one pass over the index. name is what Registry.Find takes. It may be
// cut off and repeated: the run is forgotten only once nothing is left of it.
func (t *Tagger) Undo(ctx context.Context, name string) (Undone, error) {
	r, err := t.registry.Find(ctx, name)
	if err != nil {
		return Undone{}, err
	}
	// The notes go first: were they to stay without the tags, the run would never put
	// them back.
	if err := t.registry.forgetDone(r.ID); err != nil {
		return Undone{}, err
	}
	t.observer.Planned(int(r.Tagged))
	out := &sinks{}
	xmp := &sidecarSink{run: r.ID, observer: t.observer}
	if r.Sidecars {
		out.open = append(out.open, xmp)
	}
	pictures, err := t.clear(ctx, r.Source(), out)
	if err = errors.Join(err, out.finish(ctx, &r)); err != nil {
		return Undone{}, err
	}
	if xmp.failed == 0 {
		err = t.registry.Forget(ctx, r.ID)
	}
	return Undone{Run: r, Pictures: pictures, FailedSidecars: xmp.failed}, err
}

// clear removes the tags of a source, and hands every picture to the outputs. It returns
// how many pictures had one.
func (t *Tagger) clear(ctx context.Context, source string, out *sinks) (pictures int64, err error) {
	tagged := make(map[string][]store.Tag)
	flush := func() error {
		n := len(tagged)
		if _, err := setTags(ctx, t.store, source, tagged, t.observer.Failed); err != nil {
			return err
		}
		t.observer.Tagged(n)
		clear(tagged)
		return nil
	}
	for r, err := range t.store.Scan(ctx, nil, store.Fields{AnyOrder: true}) {
		if err != nil {
			return pictures, fmt.Errorf("reading the index: %w", err)
		}
		tags := tagsFrom(&r, source)
		out.add(ctx, &r, tags)
		if len(tags) == 0 {
			continue
		}
		pictures++
		if tagged[r.ID] = nil; len(tagged) == batchSize {
			if err := flush(); err != nil {
				return pictures, err
			}
		}
	}
	return pictures, flush()
}
