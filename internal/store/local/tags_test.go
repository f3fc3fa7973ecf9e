package local

import (
	"errors"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

// Tags are inserted many rows per statement: as many as fill one, one more, and none.
func TestManyTags(t *testing.T) {
	s := mustOpen(t, testOptions(t.TempDir()))
	const n = chunkSize + 3
	records := testBatch(0, n, 0)
	if err := s.Upsert(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	tags := make(map[string][]store.Tag)
	want := int64(0)
	for i := range records {
		list := make([]store.Tag, []int{0, 1, tagRows - 1, tagRows, tagRows + 1, 5}[i%6])
		for j := range list {
			list[j] = store.Tag{Label: strings.Repeat("x", j+1), Probability: 0.5}
		}
		tags[records[i].ID] = list
		want += int64(len(list))
	}
	for range 2 { // the second time they replace themselves
		if err := s.SetTags(t.Context(), "run:1", tags); err != nil {
			t.Fatal(err)
		}
		if _, got, err := s.CountTags(t.Context(), "run:1"); err != nil || got != want {
			t.Fatalf("%d tags, want %d: %v", got, want, err)
		}
		for r, err := range s.Scan(t.Context(), nil, store.Fields{AnyOrder: true}) {
			if err != nil {
				t.Fatal(err)
			}
			var mine []store.Tag
			for _, tag := range r.Tags {
				if tag.Source == "run:1" {
					mine = append(mine, tag)
				}
			}
			if len(mine) != len(tags[r.ID]) {
				t.Fatalf("%s has %d tags, want %d", r.Path, len(mine), len(tags[r.ID]))
			}
			for j, tag := range mine {
				if tag.Label != tags[r.ID][j].Label {
					t.Fatalf("%s: tag %d is %q", r.Path, j, tag.Label)
				}
			}
		}
	}
	gone := store.ID("default", "/not/there.jpg")
	err := s.SetTags(t.Context(), "run:1", map[string][]store.Tag{records[0].ID: nil, gone: nil})
	if !errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), gone) {
		t.Errorf("tags of an unknown id: %v", err)
	}
}

// A scan in any order by the store that writes holds no view while records are handed
// out, so that the log of the catalogue can be folded in; and it comes by each record
// once, whatever is written meanwhile.
func TestScanLetsTheLogBeFoldedIn(t *testing.T) {
	s := mustOpen(t, testOptions(t.TempDir()))
	const n = 3*chunkSize + 7
	if err := s.Upsert(t.Context(), testBatch(0, n, 0)); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for r, err := range s.Scan(t.Context(), nil, store.Fields{Vectors: true, AnyOrder: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if seen[r.ID] || len(r.Vector) != s.model.Dim {
			t.Fatalf("%s came twice, or without its vector", r.Path)
		}
		seen[r.ID] = true
		if len(seen)%chunkSize != 1 {
			continue
		}
		if err := s.Upsert(t.Context(), testBatch(n+len(seen), n+len(seen)+1, 0)); err != nil {
			t.Fatal(err)
		}
		if err := s.SetTags(t.Context(), "run:1", map[string][]store.Tag{r.ID: {{Label: "x"}}}); err != nil {
			t.Fatal(err)
		}
		var busy, frames, folded int
		if err := s.write.QueryRow("PRAGMA wal_checkpoint(RESTART)").Scan(&busy, &frames, &folded); err != nil || busy != 0 || frames != folded {
			t.Fatalf("busy %d, %d of %d pages folded in: %v", busy, folded, frames, err)
		}
	}
	if len(seen) != n {
		t.Errorf("%d records of %d", len(seen), n)
	}
}
