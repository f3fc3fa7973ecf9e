package milvus_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/milvus-io/milvus-sdk-go/v2/client"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/vec"
)

// TestKinds lets a real server build each kind of index, and compares what searches find
// with what an exact one does. DISKANN is not among them: the packaged server was built
// without it.
func TestKinds(t *testing.T) {
	t.Parallel()
	address := standalone.address(t)
	prefix := uniqueName(t, address)
	// A server builds indexes of segments of 1,024 records and more.
	const n, dim, k = 1500, 32, 10
	rng := rand.New(rand.NewPCG(7, 0))
	random := func() []float32 {
		v := make([]float32, dim)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		if err := vec.Normalize(v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	all := make([]store.Record, n)
	for i := range all {
		path := fmt.Sprintf("/%d.jpg", i)
		all[i] = store.Record{ID: store.ID("kinds", path), Path: path, Root: "/", ModTime: time.Unix(1, 0), Vector: random()}
	}
	q := store.Query{Vectors: vec.NewMatrix(50, dim), K: k, MinScore: -1}
	for i := range q.Vectors.Rows {
		copy(q.Vectors.Row(i), random())
	}
	// How hard to look for these is ours, but for AUTOINDEX, where it is the server's.
	least := map[string]float64{"FLAT": 1, "HNSW": 0.95, "IVF_FLAT": 0.95, "IVF_SQ8": 0.95, "AUTOINDEX": 0.75}
	for kind := range least {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			name := prefix + strings.ToLower(kind)
			s := open(t, milvus.Options{
				Address: address, Collection: name, Mode: store.Create, Consistency: "strong", CallTimeout: time.Minute,
				Model: store.Model{Fingerprint: "0123456789abcdef", Name: "kinds", Dim: dim},
				Index: milvus.Index{Type: kind, Nlist: 16},
			})
			upsert(t, s, all...)
			buildIndex(t, connect(t, address), name, n, 2*time.Minute)
			want, err := s.SearchExact(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			search := func() ([][]store.Hit, error) { return s.Search(t.Context(), q) }
			if r := recallReaches(t, search, want, least[kind]); r < least[kind] {
				t.Errorf("recall@%d is %.3f, not %.3f", k, r, least[kind])
			}
			if s.Capabilities().Exact != (kind == "FLAT") {
				t.Errorf("Capabilities = %+v", s.Capabilities())
			}
			parameter, values := s.SearchParameters(k)
			if parameter == "" {
				return
			}
			most := values[len(values)-1]
			search = func() ([][]store.Hit, error) { return s.SearchWith(t.Context(), q, most) }
			// 8 bits do not tell all neighbours apart, however long one looks.
			if r := recallReaches(t, search, want, 0.97); r < 0.97 {
				t.Errorf("with %s %d recall@%d is %.3f", parameter, most, k, r)
			}
		})
	}
}

// recallReaches searches until the recall is at least the given one, or half a minute has
// gone, and returns the last. A server searches by a coarse graph of its own until it has
// loaded the one that it built.
func recallReaches(t *testing.T, search func() ([][]store.Hit, error), want [][]store.Hit, least float64) float64 {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		got, err := search()
		if err != nil {
			t.Fatal(err)
		}
		if r := recallOf(got, want); r >= least || time.Now().After(deadline) {
			return r
		}
	}
}

func recallOf(got, want [][]store.Hit) float64 {
	found, of := 0, 0
	for i := range want {
		for _, w := range want[i] {
			of++
			if slices.ContainsFunc(got[i], func(h store.Hit) bool { return h.ID == w.ID }) {
				found++
			}
		}
	}
	return float64(found) / float64(of)
}

// buildIndex seals what was written to an index, waits until the server has built the
// graph or the clusters over it, and lets it search these.
func buildIndex(t testing.TB, c client.Client, alias string, n int64, patience time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	collection, err := c.DescribeCollection(ctx, alias)
	if err != nil {
		t.Fatal(err)
	}
	name := collection.Name
	if err := c.Flush(ctx, name, false); err != nil {
		t.Fatal(err)
	}
	for {
		total, indexed, err := c.GetIndexBuildProgress(ctx, name, "vector")
		if err != nil {
			t.Fatal(err)
		}
		if indexed >= n && indexed >= total {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %d of %d records are indexed: %v", name, indexed, n, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
	if err := c.ReleaseCollection(ctx, name); err != nil {
		t.Fatal(err)
	}
	if err := c.LoadCollection(ctx, name, false); err != nil {
		t.Fatal(err)
	}
}

// TestAuthorization asks a server that lets nobody in who does not log in.
func TestAuthorization(t *testing.T) {
	t.Parallel()
	own := ownServer(t, "COMMON_SECURITY_AUTHORIZATIONENABLED=true")
	o := milvus.Options{
		Address: own.address, Collection: "locked", Mode: store.Create, Model: model, CallTimeout: time.Minute,
	}
	for _, wrong := range []milvus.Options{{}, {Username: "root", Password: "milvus"}, {Username: "nobody", Password: "Milvus"}, {Token: "root:wrong"}} {
		o.Username, o.Password, o.Token = wrong.Username, wrong.Password, wrong.Token
		start := time.Now()
		_, err := milvus.Open(t.Context(), o)
		var problem *fault.Error
		if !errors.As(err, &problem) || !strings.Contains(err.Error(), "refuses the user or the password") ||
			!strings.Contains(problem.Hint(), "milvus.password") {
			t.Errorf("user %q, token %q: Open = %v", o.Username, o.Token, err)
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("user %q, token %q: that took %s", o.Username, o.Token, took)
		}
	}
	for _, right := range []milvus.Options{{Username: "root", Password: "Milvus"}, {Token: "root:Milvus"}} {
		o.Username, o.Password, o.Token = right.Username, right.Password, right.Token
		s := open(t, o)
		upsert(t, s, records(3)...)
		if n, err := s.Count(t.Context(), nil); n != 3 || err != nil {
			t.Errorf("Count = %d, %v", n, err)
		}
	}
}
