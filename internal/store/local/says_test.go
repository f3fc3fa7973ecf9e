package local

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// An index of format 1 says that it cannot answer filters by what it does not hold. The
// first run brings it to the current format, and then it can.
func TestFiltersOfAnOlderFormat(t *testing.T) {
	o := fixtureOptions(copyIndex(t, fixtureB0a3b30), "c")
	o.Mode = store.ReadOnly
	old := mustOpen(t, o)
	f := store.And{store.NameLike("*"), store.RatedAtLeast(0)}
	if n, err := old.Count(t.Context(), store.NameLike("*")); n == 0 || err != nil {
		t.Errorf("by name: %d, %v", n, err)
	}
	if _, err := old.Count(t.Context(), f); !errors.Is(err, store.ErrOlderFormat) {
		t.Errorf("Count: %v", err)
	}
	for _, fields := range []store.Fields{{}, {AnyOrder: true}} {
		for _, err := range old.Scan(t.Context(), f, fields) {
			if !errors.Is(err, store.ErrOlderFormat) {
				t.Errorf("Scan: %v", err)
			}
		}
	}
	vectors, err := vec.FromRows(fixtureQuery(t, old))
	if err != nil {
		t.Fatal(err)
	}
	q := store.Query{Vectors: vectors, K: 3, MinScore: -1, Filter: f}
	if _, err := old.Search(t.Context(), q); !errors.Is(err, store.ErrOlderFormat) {
		t.Errorf("Search: %v", err)
	}
	o.Mode = store.ReadWrite
	current := mustOpen(t, o)
	if hits, err := current.Search(t.Context(), q); err != nil || len(hits[0]) != 3 {
		t.Errorf("after the migration: %v, %v", hits, err)
	}
}

// What stands for a filter in SQL means the same filter.
func TestSaysArguments(t *testing.T) {
	for _, f := range []store.Filter{
		store.CameraHas("x 1"), store.CaptionHas(""), store.RatedAtLeast(2.5), store.RatedAtMost(-1), store.Has(store.HasGPS),
		store.Within{Position: store.Position{Latitude: -35.123456789, Longitude: 1e-9}, Radius: 1e7},
	} {
		kind, value, ok := saysArguments(f)
		got, err := parseSays(kind, value)
		if diff := cmp.Diff(f, got); diff != "" || !ok || err != nil {
			t.Errorf("%#v: %v, %v (-want +got):\n%s", f, ok, err, diff)
		}
	}
	for _, c := range [][2]string{{"", ""}, {"within", "1 2"}, {"within", "1 2 x"}, {"rated at least", ""}} {
		if f, err := parseSays(c[0], c[1]); err == nil {
			t.Errorf("%q was read as %#v", c, f)
		}
	}
}
