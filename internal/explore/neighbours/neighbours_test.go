package neighbours_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sightline/sightline/internal/explore/layout"
	"github.com/sightline/sightline/internal/explore/neighbours"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/vec"
)

const dim = 8

// pictures makes an index with drawn embeddings, and one more record that is not asked
// about.
func pictures(t *testing.T, n int) (st store.Store, ids []string, rows vec.Matrix) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 3))
	rows = vec.NewMatrix(n+1, dim)
	records := make([]store.Record, n+1)
	for i := range records {
		for j := range dim {
			rows.Row(i)[j] = float32(r.NormFloat64())
		}
		if err := vec.Normalize(rows.Row(i)); err != nil {
			t.Fatal(err)
		}
		path := fmt.Sprintf("/p/%d.png", i)
		records[i] = store.Record{ID: store.ID("c", path), Path: path, Root: "/p", ModTime: time.Unix(1, 0), Vector: rows.Row(i)}
		ids = append(ids, records[i].ID)
	}
	st, err := local.Open(t.Context(), local.Options{Dir: t.TempDir(), Collection: "c", Mode: store.Create, Model: store.Model{Fingerprint: "f", Name: "m", Dim: dim}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	if err := st.Upsert(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	return st, ids[:n], rows.Slice(0, n)
}

// Both ways find what comparing all pairs finds.
func TestNeighbours(t *testing.T) {
	const n, k = 600, 7
	st, ids, rows := pictures(t, n)
	want := make([][]layout.Neighbour, n)
	for i := range want {
		top := vec.NewTopK(k)
		for j := range n {
			if i != j {
				top.Offer(j, vec.Dot(rows.Row(j), rows.Row(i)))
			}
		}
		for _, s := range top.Sorted(nil) {
			want[i] = append(want[i], layout.Neighbour{Index: int32(s.Index), Distance: 1 - s.Score})
		}
	}
	near := cmpopts.EquateApprox(0, 1e-5)
	done := 0
	got, err := neighbours.FromMatrix(t.Context(), rows, k, vec.NewParallel(0), func(n int) { done += n })
	if diff := cmp.Diff(want, got, near); diff != "" || err != nil || done != n {
		t.Errorf("from a matrix: %v, %d done (-want +got):\n%s", err, done, diff)
	}
	done = 0
	got, err = neighbours.FromStore(t.Context(), st, ids, rows, k, func(n int) { done += n })
	if err != nil || done != n {
		t.Fatalf("from a store: %v, %d done", err, done)
	}
	short := 0
	for i := range got {
		if len(got[i]) < k { // the one that was not asked about was among the nearest
			short++
		}
		if diff := cmp.Diff(want[i][:len(got[i])], got[i], near); diff != "" {
			t.Fatalf("from a store: picture %d (-want +got):\n%s", i, diff)
		}
	}
	if short == 0 || short > n/10 {
		t.Errorf("%d of %d have fewer neighbours", short, n)
	}
}

func TestNeighboursEnd(t *testing.T) {
	st, ids, rows := pictures(t, 20)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := neighbours.FromStore(ctx, st, ids, rows, 3, func(int) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("from a store: %v", err)
	}
	if _, err := neighbours.FromMatrix(ctx, rows, 3, vec.NewParallel(0), func(int) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("from a matrix: %v", err)
	}
	got, err := neighbours.FromMatrix(t.Context(), rows.Slice(0, 3), 9, vec.NewParallel(0), func(int) {})
	if err != nil || len(got[0]) != 2 {
		t.Errorf("more neighbours than rows: %v, %v", got, err)
	}
}
