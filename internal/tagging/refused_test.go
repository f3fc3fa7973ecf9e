package tagging

import (
	"context"
	"errors"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

// picky is a store that has no room for the tags of one record.
type picky struct {
	store.Store
	refused string
	calls   int
	written map[string][]store.Tag
}

func (p *picky) SetTags(_ context.Context, _ string, tags map[string][]store.Tag) error {
	p.calls++
	if tags[p.refused] != nil {
		return &store.RecordError{ID: p.refused, Path: "/odd.jpg", Err: errors.New("no room")}
	}
	p.written = tags
	return nil
}

// One picture whose tags the store cannot keep costs no other its tags.
func TestRefusedTags(t *testing.T) {
	st := &picky{refused: "b"}
	tag := []store.Tag{{Label: "x", Source: "run:1"}}
	var told []string
	without, err := setTags(t.Context(), st, "run:1", map[string][]store.Tag{"a": tag, "b": tag, "c": tag},
		func(path, reason string) { told = append(told, path+": "+reason) })
	if err != nil || len(st.written) != 2 || !without["b"] || len(without) != 1 {
		t.Errorf("written %v, without %v, %v", st.written, without, err)
	}
	if len(told) != 1 || told[0] != "/odd.jpg: no room" || st.calls != 2 {
		t.Errorf("told %q in %d calls", told, st.calls)
	}
}
