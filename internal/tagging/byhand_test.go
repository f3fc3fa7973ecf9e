package tagging

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
)

// shelf is a store of nothing but tags.
type shelf map[string][]store.Tag

func (s shelf) Get(_ context.Context, ids []string) ([]store.Record, error) {
	var out []store.Record
	for _, id := range ids {
		if tags, ok := s[id]; ok {
			out = append(out, store.Record{ID: id, Tags: tags})
		}
	}
	return out, nil
}

func (s shelf) SetTags(_ context.Context, source string, tags map[string][]store.Tag) error {
	if source != SourceUser {
		return errors.New("the tags of others were touched")
	}
	for id, mine := range tags {
		var all []store.Tag
		for _, t := range s[id] {
			if t.Source != source {
				all = append(all, t)
			}
		}
		s[id] = append(all, mine...)
	}
	return nil
}

func TestByHand(t *testing.T) {
	file, run := store.Tag{Label: "Sea", Source: "file"}, store.Tag{Label: "dog", Source: "run:1", Probability: 0.5}
	mine := store.Tag{Label: "holiday", Source: SourceUser}
	s := shelf{"a": {file, run}, "b": {mine}, "c": nil}
	res, err := ByHand{Pictures: []string{"a", "b", "gone"}, Add: []string{"Holiday", "2024"}}.Apply(t.Context(), s)
	if err != nil || res != (HandResult{Pictures: 2, Changed: 2}) {
		t.Errorf("%+v, %v", res, err)
	}
	want := shelf{
		"a": {file, run, {Label: "Holiday", Source: SourceUser}, {Label: "2024", Source: SourceUser}},
		"b": {mine, {Label: "2024", Source: SourceUser}}, "c": nil,
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("after adding (-want +got):\n%s", diff)
	}
	if res, err := (ByHand{Pictures: []string{"b"}, Add: []string{"HOLIDAY"}}).Apply(t.Context(), s); err != nil || res.Changed != 0 {
		t.Errorf("again: %+v, %v", res, err)
	}
	res, err = ByHand{Pictures: []string{"a", "b", "c"}, Remove: []string{"holiday", "2024", "DOG"}}.Apply(t.Context(), s)
	if err != nil || res != (HandResult{Pictures: 3, Changed: 2, Remaining: 1}) {
		t.Errorf("%+v, %v", res, err)
	}
	if diff := cmp.Diff(shelf{"a": {file, run}, "b": nil, "c": nil}, s); diff != "" {
		t.Errorf("after removing (-want +got):\n%s", diff)
	}
}
