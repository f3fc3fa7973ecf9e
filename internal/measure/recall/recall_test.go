package recall_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/measure/recall"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

func hits(scores map[string]float32) []store.Hit {
	var out []store.Hit
	for id, s := range scores {
		out = append(out, store.Hit{Record: store.Record{ID: id}, Score: s})
	}
	slices.SortFunc(out, func(a, b store.Hit) int { return int(1e6 * (b.Score - a.Score)) })
	return out
}

func TestOf(t *testing.T) {
	exact := hits(map[string]float32{"a": 0.9, "b": 0.8, "c": 0.7})
	for _, c := range []struct {
		name string
		got  map[string]float32
		want int
	}{
		{"all", map[string]float32{"a": 0.9, "b": 0.8, "c": 0.7}, 3},
		{"one missed", map[string]float32{"a": 0.9, "b": 0.8, "d": 0.6}, 2},
		{"none", map[string]float32{"x": 0.1}, 0},
		{"nothing", nil, 0},
		{"an equal one instead of the last", map[string]float32{"a": 0.9, "b": 0.8, "d": 0.7}, 3},
		{"computed a little otherwise", map[string]float32{"a": 0.9, "b": 0.8, "d": 0.699999}, 3},
		{"more than was asked for", map[string]float32{"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.7}, 3},
	} {
		if got := recall.Of(hits(c.got), exact); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if got := recall.Of(exact, nil); got != 0 || recall.Share(got, 0) != 1 {
		t.Errorf("where nothing was to be found: %d, share %g", got, recall.Share(got, 0))
	}
}

// index is a store that at a value of its parameter finds a part of the records that
// grows with the value, the way that an approximate index does.
type index struct {
	store.Store
	values  []int
	needed  []int // the value at which a query finds everything
	failing error
}

func (x *index) SearchParameters(int) (string, []int)                        { return "ef", x.values }
func (x *index) Count(context.Context, store.Filter) (int64, error)          { return 50_000, nil }
func (x *index) SetSearchParameter(context.Context, int, int, float64) error { return nil }

func (x *index) SearchExact(_ context.Context, q store.Query) ([][]store.Hit, error) {
	return x.answer(q, 1<<30)
}

func (x *index) SearchWith(_ context.Context, q store.Query, value int) ([][]store.Hit, error) {
	if x.failing != nil {
		return nil, x.failing
	}
	return x.answer(q, value)
}

func (x *index) answer(q store.Query, value int) ([][]store.Hit, error) {
	out := make([][]store.Hit, q.Vectors.Rows)
	for i := range out {
		n := int(q.Vectors.Row(i)[0]) // the query's number
		found := min(q.K, q.K*value/x.needed[n])
		for j := range found {
			out[i] = append(out[i], store.Hit{Record: store.Record{ID: fmt.Sprint(n, "-", j)}, Score: 1 - float32(j)/100})
		}
	}
	return out, nil
}

func queries(n int) vec.Matrix {
	m := vec.NewMatrix(n, 1)
	for i := range n {
		m.Data[i] = float32(i)
	}
	return m
}

func TestTune(t *testing.T) {
	values := []int{10, 20, 40, 80, 160}
	for _, c := range []struct {
		name   string
		needed []int
		target float64
		want   recall.Trial
		trials int
		err    error
	}{
		{"the first is enough", []int{1, 10}, 0.95, recall.Trial{Value: 10, Recall: 1}, 1, nil},
		{"in between", []int{60, 60}, 1, recall.Trial{Value: 80, Recall: 1}, 4, nil},
		{"not all must be found", []int{100, 50}, 0.5, recall.Trial{Value: 40, Recall: 0.6}, 3, nil},
		{"the last", []int{160}, 1, recall.Trial{Value: 160, Recall: 1}, 5, nil},
		{"out of reach", []int{320}, 0.9, recall.Trial{Value: 160, Recall: 0.5}, 5, recall.ErrNotReached},
	} {
		t.Run(c.name, func(t *testing.T) {
			var told []recall.Trial
			r, err := recall.Tune(t.Context(), &index{values: values, needed: c.needed}, queries(len(c.needed)), recall.Options{
				K: 10, Target: c.target, Observer: func(t recall.Trial) { told = append(told, t) },
			})
			if !errors.Is(err, c.err) {
				t.Fatal(err)
			}
			if r.Best.Median <= 0 {
				t.Error("no time was taken")
			}
			r.Best.Median = 0
			if r.Best != c.want || r.Parameter != "ef" || r.Queries != len(c.needed) {
				t.Errorf("result %+v, want %+v", r, c.want)
			}
			if len(r.Trials) != c.trials || cmp.Diff(told, r.Trials) != "" {
				t.Errorf("trials %+v, told of %+v", r.Trials, told)
			}
		})
	}
}

func TestTuneFails(t *testing.T) {
	o := recall.Options{K: 10, Target: 1}
	for name, st := range map[string]store.Store{"an exact store": exactStore{}, "an index without a parameter": &index{}} {
		if _, err := recall.Tune(t.Context(), st, queries(1), o); !errors.Is(err, recall.ErrNothingToTune) {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("broken")
	if _, err := recall.Tune(t.Context(), &index{values: []int{1}, needed: []int{1}, failing: broken}, queries(1), o); !errors.Is(err, broken) {
		t.Errorf("a search that fails: %v", err)
	}
}

// exactStore has nothing to tune.
type exactStore struct{ store.Store }

func TestReadQueries(t *testing.T) {
	got, err := recall.ReadQueries(strings.NewReader("\ufeffa dog\r\n\n# no\n a cat \na dog\n"))
	if diff := cmp.Diff([]string{"a dog", "a cat"}, got); diff != "" || err != nil {
		t.Errorf("(-want +got):\n%s%v", diff, err)
	}
	for _, text := range []string{"", "# only\n\n"} {
		if _, err := recall.ReadQueries(strings.NewReader(text)); !errors.Is(err, recall.ErrQueries) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := recall.ReadQueries(strings.NewReader(strings.Repeat("x", 2<<20))); !errors.Is(err, recall.ErrQueries) {
		t.Errorf("a line without end: %v", err)
	}
}
