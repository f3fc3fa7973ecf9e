package taglist

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
)

// records are an index that can only be read.
type records []store.Record

func (r records) Scan(_ context.Context, f store.Filter, _ store.Fields) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		for i := range r {
			if store.Match(f, &r[i]) && !yield(r[i], nil) {
				return
			}
		}
	}
}

func tagged(path string, tags ...store.Tag) store.Record {
	return store.Record{ID: path, Path: path, Tags: tags}
}

func TestCollect(t *testing.T) {
	all := records{
		tagged("/a/1", store.Tag{Label: "Beach", Source: "file"}, store.Tag{Label: "beach", Source: "run:1"}, store.Tag{Label: "dog", Source: "user"}),
		tagged("/a/2", store.Tag{Label: "beach", Source: "run:1"}, store.Tag{Label: "beach", Source: "run:2"}),
		tagged("/b/3", store.Tag{Label: "DOG", Source: "user"}, store.Tag{Label: "bench", Source: "file"}, store.Tag{Label: "beach", Source: "user"}),
		tagged("/b/4"),
	}
	tags, err := Collect(t.Context(), all, nil)
	want := []Tag{
		{"beach", 3, map[string]int64{"file": 1, "run": 2, "user": 1}},
		{"DOG", 2, map[string]int64{"user": 2}},
		{"bench", 1, map[string]int64{"file": 1}},
	}
	if diff := cmp.Diff(want, tags); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got := Near(tags, "beech"); len(got) != 2 || got[0].Label != "beach" || got[1].Label != "bench" {
		t.Errorf("beech: %v", got)
	}
	if got := Near(tags, "Dgo"); len(got) != 1 || got[0].Label != "DOG" {
		t.Errorf("Dgo: %v", got)
	}
	if got, ok := Find(tags, "Dog"); !ok || got.Pictures != 2 {
		t.Errorf("Dog: %v, %v", got, ok)
	}
	if below, err := Collect(t.Context(), all, store.Under("/a")); err != nil || len(below) != 2 || below[0].Pictures != 2 {
		t.Errorf("%v, %v", below, err)
	}
}

type broken struct{}

func (broken) Scan(context.Context, store.Filter, store.Fields) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) { yield(store.Record{}, errBroken) }
}

var errBroken = errors.New("broken")

func TestCollectFails(t *testing.T) {
	if _, err := Collect(t.Context(), broken{}, nil); !errors.Is(err, errBroken) {
		t.Errorf("%v", err)
	}
}
