package local

import (
	"cmp"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
)

// The newest come first, whether the attributes or the catalogue know the order: with many
// pictures of one time, behind deletions, and with pictures that were added later.
func TestScanNewest(t *testing.T) {
	for _, cachesFrom := range []int64{100, 1 << 40} {
		t.Run(fmt.Sprint(cachesFrom), func(t *testing.T) {
			o := filterOptions(t)
			o.cachesFrom = cachesFrom
			s := mustOpen(t, o)
			rng := rand.New(rand.NewPCG(3, 4))
			records := filterRecords(rng, 0, 1200)
			for i := range records[:chunkSize+50] {
				records[i].ModTime = time.Unix(5, 1)
			}
			for i := range records[600:800] {
				records[600+i].TakenAt = time.Unix(rng.Int64N(9)-4, 0).UTC()
			}
			if err := s.Upsert(t.Context(), records); err != nil {
				t.Fatal(err)
			}
			checkNewest(t, s, "fresh")
			if err := s.Delete(t.Context(), []string{records[0].ID, records[7].ID, records[700].ID, records[1199].ID}); err != nil {
				t.Fatal(err)
			}
			if err := s.Upsert(t.Context(), filterRecords(rng, 1190, 20)); err != nil {
				t.Fatal(err)
			}
			checkNewest(t, s, "changed")
			sn, err := s.snapshot(t.Context(), catalogueOnly)
			if err != nil {
				t.Fatal(err)
			}
			defer sn.release()
			if ages, err := s.ages(t.Context(), sn, nil); err != nil || (ages != nil) != (cachesFrom == 100) {
				t.Errorf("the order is that of the attributes: %v; %v", ages != nil, err)
			}
		})
	}
}

func checkNewest(t *testing.T, s *Store, state string) {
	t.Helper()
	all := func(records iter.Seq2[store.Record, error]) (out []store.Record) {
		for r, err := range records {
			if err != nil {
				t.Fatal(state, err)
			}
			out = append(out, r)
		}
		return out
	}
	rng := rand.New(rand.NewPCG(9, 9))
	filters := append(leafFilters(), store.SideAtLeast{Pixels: 1}, store.Dated{})
	for range 20 {
		filters = append(filters, randomFilter(rng, 3))
	}
	for _, f := range filters {
		want := all(s.Scan(t.Context(), f, store.Fields{}))
		slices.SortFunc(want, func(a, b store.Record) int {
			return cmp.Or(b.When().Compare(a.When()), strings.Compare(a.Path, b.Path))
		})
		got := all(s.ScanNewest(t.Context(), f))
		if f != nil && slices.EqualFunc(want, got, func(a, b store.Record) bool { return a.ID == b.ID }) {
			continue // to compare all fields takes long, and is done for the whole index
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("%s, %#v: %d records, want %d (-want +got):\n%.2000s", state, f, len(got), len(want), diff)
		}
	}
	n := 0
	for _, err := range s.ScanNewest(t.Context(), nil) {
		if n++; err != nil || n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%s: a scan that is broken off gave %d records", state, n)
	}
}
