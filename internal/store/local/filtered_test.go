package local

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// A broad filter is applied behind the search, a narrow one before it, and a broad one
// that the best do not meet after all before it: the hits are those of a bitmap.
func TestBroadFilters(t *testing.T) {
	const n, dim = 3000, 8
	o := Options{Dir: t.TempDir(), Collection: "c", Mode: Create, codesFrom: 100, Model: store.Model{Fingerprint: "f", Name: "m", Dim: dim}}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	records := benchRecords(rng, 0, n, dim)
	for i := range records {
		if i%5 == 0 { // many equal scores
			copy(records[i].Vector, records[0].Vector)
		}
		if i < n/2 { // the later half points away from the query
			records[i].Vector[0] = -abs(records[i].Vector[0])
		} else {
			records[i].Vector[0] = abs(records[i].Vector[0])
		}
	}
	if err := s.Upsert(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	q := store.Query{Vectors: vec.NewMatrix(2, dim), K: 10, MinScore: -1}
	randomUnit(rng, q.Vectors.Row(0))
	q.Vectors.Row(1)[0] = 1
	middle := time.Unix(1.6e9+n/2, 0)
	for name, filter := range map[string]store.Filter{
		"all": store.Since(time.Unix(1.6e9, 0)), "the half that is near": store.Since(middle), "the half that is far": store.Until(middle),
		"a few": store.Since(time.Unix(1.6e9+n-20, 0)), "none": store.Since(time.Unix(1.7e9, 0)),
	} {
		for _, k := range []int{1, 10, 100, n} {
			q.Filter, q.K = filter, k
			got, err := s.Search(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(byBitmap(t, s, q), idsOfHits(got)); diff != "" {
				t.Errorf("%s, %d wanted (-bitmap +search):\n%s", name, k, diff)
			}
		}
	}
}

// byBitmap searches with the filter as a bitmap.
func byBitmap(t *testing.T, s *Store, q store.Query) [][]string {
	t.Helper()
	sn, err := s.snapshot(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer sn.release()
	where, err := compile(q.Filter)
	if err != nil {
		t.Fatal(err)
	}
	selected, err := sn.matching(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	tops, err := s.searchSlots(t.Context(), sn, q, selected)
	if err != nil {
		t.Fatal(err)
	}
	hits, err := sn.hits(t.Context(), tops)
	if err != nil {
		t.Fatal(err)
	}
	return idsOfHits(hits)
}

func idsOfHits(hits [][]store.Hit) [][]string {
	out := make([][]string, len(hits))
	for q := range hits {
		for _, h := range hits[q] {
			out[q] = append(out[q], fmt.Sprint(h.ID, " ", h.Score))
		}
	}
	return out
}

func abs(x float32) float32 { return max(x, -x) }
