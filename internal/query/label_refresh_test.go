package query_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/saved"
)

// A label of another model is refused until it is made again of its pictures, and stays
// where one of them is gone.
func TestRefreshLabel(t *testing.T) {
	s, photos := fixture(t)
	t.Chdir(photos)
	labels := saved.Open(filepath.Join(t.TempDir(), "labels"))
	s.SavedLabels(func(context.Context) (*saved.Labels, error) { return labels, nil })
	at := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
	fresh, err := s.SaveLabel(t.Context(), "Holiday", query.Examples{Like: []string{"red.png"}, Unlike: []string{"blue.png"}}, saved.Keep, at)
	if err != nil {
		t.Fatal(err)
	}
	old := *fresh
	old.Model.Fingerprint, old.Vector = "another", []float32{1}
	if err := labels.Save(t.Context(), old, saved.Overwrite); err != nil {
		t.Fatal(err)
	}
	if names, failed := s.StaleLabels(t.Context()); !cmp.Equal(names, []string{"Holiday"}) || len(failed) > 0 {
		t.Fatalf("before: %v, %v", names, failed)
	}
	if _, err := s.RefreshLabel(t.Context(), "holiday"); err != nil {
		t.Fatal(err)
	}
	if names, failed := s.StaleLabels(t.Context()); len(names)+len(failed) > 0 {
		t.Errorf("after: %v, %v", names, failed)
	}
	got, err := labels.Load(t.Context(), "holiday")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fresh, got); diff != "" {
		t.Errorf("the label (-first +again):\n%s", diff)
	}
	if _, err := s.RefreshLabel(t.Context(), "nothing"); !errors.Is(err, saved.ErrUnknown) {
		t.Errorf("of no label: %v", err)
	}

	old.Like = []string{filepath.ToSlash(filepath.Join(photos, "gone.png"))}
	if err := labels.Save(t.Context(), old, saved.Overwrite); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RefreshLabel(t.Context(), "holiday"); err == nil || !strings.Contains(err.Error(), "gone.png") {
		t.Errorf("a picture is gone: %v", err)
	}
	if got, err = labels.Load(t.Context(), "holiday"); err != nil || got.Model.Fingerprint != "another" {
		t.Errorf("after that: %+v, %v", got, err)
	}
}
