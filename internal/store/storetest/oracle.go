package storetest

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"github.com/sightline/sightline/internal/store"
)

// oracle is what a store should hold, the slow and obvious way.
type oracle struct {
	records map[string]store.Record
	failed  map[string]store.Failure
}

func newOracle() *oracle {
	return &oracle{records: make(map[string]store.Record), failed: make(map[string]store.Failure)}
}

func (o *oracle) upsert(records []store.Record) {
	for _, r := range records {
		o.records[r.ID] = r
		delete(o.failed, r.ID)
	}
}

func (o *oracle) delete(ids []string) {
	for _, id := range ids {
		delete(o.records, id)
		delete(o.failed, id)
	}
}

func (o *oracle) setTags(source string, tags map[string][]store.Tag) {
	for id, list := range tags {
		r := o.records[id]
		r.Tags = slices.DeleteFunc(slices.Clone(r.Tags), func(t store.Tag) bool { return t.Source == source })
		for _, t := range list {
			t.Source = source
			r.Tags = append(r.Tags, t)
		}
		o.records[id] = r
	}
}

func (o *oracle) recordFailures(failures []store.Failure) {
	last := make(map[string]store.Failure)
	for _, f := range failures {
		last[f.ID] = f
	}
	for id, f := range last {
		f.Attempts = o.failed[id].Attempts + 1
		o.failed[id] = f
		delete(o.records, id)
	}
}

// match returns the records that match f, in id order.
func (o *oracle) match(f store.Filter) []store.Record {
	var out []store.Record
	for _, id := range slices.Sorted(maps.Keys(o.records)) {
		r := o.records[id]
		if store.Match(f, &r) {
			out = append(out, r)
		}
	}
	return out
}

func (o *oracle) sortedFailures() []store.Failure {
	return slices.SortedFunc(maps.Values(o.failed), func(a, b store.Failure) int {
		return cmp.Or(bytes.Compare([]byte(a.Path), []byte(b.Path)), cmp.Compare(a.ID, b.ID))
	})
}

// scored is an id with its exact score.
type scored struct {
	id    string
	score float64
}

// search ranks the records that match q for one query vector.
func (o *oracle) search(q store.Query, query []float32) []scored {
	var out []scored
	for _, r := range o.match(q.Filter) {
		if s := dot(r.Vector, query); s >= float64(q.MinScore) || q.MinScore <= -1 {
			out = append(out, scored{r.ID, s})
		}
	}
	slices.SortStableFunc(out, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	return out[:min(len(out), q.K)]
}

func dot(a, b []float32) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}
