// Package storetest is the contract of a store as a test suite. Every store runs it
// from a test of a few lines:
//
//	storetest.Run(t, func(ctx context.Context, index string, m store.Model) (store.Store, error) {
//		return open(ctx, dir, index, m)
//	}, storetest.Opts{})
//
// What a store must answer is computed beside it by an oracle in memory, which
// evaluates filters with store.Match and scores vectors in float64.
package storetest

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sightline/sightline/internal/store"
)

// Factory opens an index for reading and writing and creates it when there is none
// of that name. Names are of letters, digits and dashes; a run of the suite uses
// each for one test, which may open it again after closing it.
type Factory func(ctx context.Context, index string, m store.Model) (store.Store, error)

// Opts says what a store cannot do. The zero value is the whole contract.
type Opts struct {
	// UTF8Only: ids, paths and labels that are not UTF-8 are not kept.
	UTF8Only bool
	// TimeStep is the resolution of stored times; 0 means a nanosecond.
	TimeStep time.Duration
	// NearTimes: only times that fit into 64 bits of nanoseconds since 1970 are kept.
	NearTimes bool
	// Approximate: Search may miss some of the best.
	Approximate bool
	// LooseTies: where records with equal scores compete for the last places, any of them
	// may get one.
	LooseTies bool
	// TornReads: a reader may see part of a batch while it is written.
	TornReads bool
	// KeepsModelsApart: opening an index with another model gives another, empty
	// index, where the contract's default is to refuse.
	KeepsModelsApart bool
	// MeetingOnly leaves out the tests in which no goroutines meet: for a second kind of
	// store under the race detector, which makes them slow.
	MeetingOnly bool
	// AtOnce is how many tests may run at the same time; 0 means one. More than one is for
	// stores that answer over a network, where tests mostly wait.
	AtOnce int
	// Settle waits until all that was written can be read; nil calls Flush.
	Settle func(ctx context.Context, s store.Store) error
}

// dim is the dimension of the suite's vectors: not a multiple of 4, so that rows
// are not all aligned alike.
const dim = 19

var model = store.Model{Fingerprint: "f00d", Name: "test", Precision: "fp32", Pixels: "exact", Dim: dim}

// Run runs every test of the contract.
func Run(t *testing.T, open Factory, o Opts) {
	var all sync.WaitGroup
	running := make(chan struct{}, max(o.AtOnce, 1))
	for _, test := range []struct {
		name    string
		run     func(*env)
		meeting bool // goroutines meet in it
	}{
		{"empty", testEmpty, false},
		{"upsert-replaces", testUpsertReplaces, false},
		{"last-of-equal-ids", testLastOfEqualIDs, false},
		{"bad-records", testBadRecords, false},
		{"delete", testDelete, false},
		{"tags-by-source", testTagsBySource, false},
		{"failures", testFailures, false},
		{"stats", testStats, false},
		{"find-content", testFindContent, false},
		{"get", testGet, false},
		{"scan-snapshot", testScanSnapshot, true},
		{"describe", testDescribe, false},
		{"reopen", testReopen, false},
		{"other-model", testOtherModel, false},
		{"filters", testFilters, false},
		{"search", testSearch, true},
		{"search-filtered", testSearchFiltered, false},
		{"search-ties", testSearchTies, false},
		{"search-bad-queries", testSearchBadQueries, false},
		{"hostile-paths", testHostilePaths, false},
		{"odd-times", testOddTimes, false},
		{"many-at-once", testManyAtOnce, true},
		{"cancelled", testCancelled, true},
		{"closed", testClosed, true},
		{"readers-and-a-writer", testReadersAndAWriter, true},
		{"random-changes", testRandomChanges, false},
		{"optional", testOptional, false},
		{"documents", testDocuments, false},
	} {
		if o.MeetingOnly && !test.meeting {
			continue
		}
		running <- struct{}{}
		all.Go(func() {
			defer func() { <-running }()
			t.Run(test.name, func(t *testing.T) {
				e := &env{T: t, opts: o, open: open, index: test.name, began: time.Now(), oracle: newOracle()}
				e.reopen()
				test.run(e)
			})
		})
	}
	all.Wait()
}

// env is a store under test and the oracle beside it.
type env struct {
	*testing.T
	opts  Opts
	open  Factory
	index string
	began time.Time // before the index was made
	s     store.Store
	*oracle
}

// reopen closes the store and opens it again.
func (e *env) reopen() {
	e.Helper()
	if e.s != nil {
		if err := e.s.Close(); err != nil {
			e.Fatalf("Close: %v", err)
		}
	}
	s, err := e.open(e.Context(), e.index, model)
	if err != nil {
		e.Fatalf("open %s: %v", e.index, err)
	}
	e.s = s
	e.Cleanup(func() { s.Close() })
}

func (e *env) settle() {
	e.Helper()
	settle := e.opts.Settle
	if settle == nil {
		settle = func(ctx context.Context, s store.Store) error { return s.Flush(ctx) }
	}
	if err := settle(e.Context(), e.s); err != nil {
		e.Fatalf("settle: %v", err)
	}
}

// The following change the store and the oracle alike.

func (e *env) upsert(records ...store.Record) {
	e.Helper()
	if err := e.s.Upsert(e.Context(), records); err != nil {
		e.Fatalf("Upsert: %v", err)
	}
	e.oracle.upsert(records)
	e.settle()
}

func (e *env) delete(ids ...string) {
	e.Helper()
	if err := e.s.Delete(e.Context(), ids); err != nil {
		e.Fatalf("Delete: %v", err)
	}
	e.oracle.delete(ids)
	e.settle()
}

func (e *env) setTags(source string, tags map[string][]store.Tag) {
	e.Helper()
	if err := e.s.SetTags(e.Context(), source, tags); err != nil {
		e.Fatalf("SetTags: %v", err)
	}
	e.oracle.setTags(source, tags)
	e.settle()
}

func (e *env) recordFailures(failures ...store.Failure) {
	e.Helper()
	if err := e.s.RecordFailures(e.Context(), failures); err != nil {
		e.Fatalf("RecordFailures: %v", err)
	}
	e.oracle.recordFailures(failures)
	e.settle()
}

// check compares all that the store holds with the oracle.
func (e *env) check() {
	e.Helper()
	e.compare("Scan", e.scan(nil, store.Fields{Vectors: true}), e.match(nil))
	n, err := e.s.Count(e.Context(), nil)
	if err != nil || n != int64(len(e.records)) {
		e.Fatalf("Count = %d, %v; want %d", n, err, len(e.records))
	}
	var failures []store.Failure
	for f, err := range e.s.Failures(e.Context()) {
		if err != nil {
			e.Fatalf("Failures: %v", err)
		}
		failures = append(failures, f)
	}
	if diff := gocmp.Diff(e.sortedFailures(), failures, e.cmp()...); diff != "" {
		e.Fatalf("Failures (-want +got):\n%s", diff)
	}
}

// scan collects a scan.
func (e *env) scan(f store.Filter, fields store.Fields) []store.Record {
	e.Helper()
	var out []store.Record
	for r, err := range e.s.Scan(e.Context(), f, fields) {
		if err != nil {
			e.Fatalf("Scan(%#v): %v", f, err)
		}
		out = append(out, r)
	}
	return out
}

func (e *env) compare(what string, got, want []store.Record) {
	e.Helper()
	if slices.EqualFunc(got, want, e.same) {
		return
	}
	if diff := gocmp.Diff(want, got, e.cmp()...); diff != "" {
		e.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// same reports whether two records are equal, a hundred times as fast as gocmp. It may say
// no of records that gocmp takes for equal, so that a no has to be checked with gocmp.
func (e *env) same(a, b store.Record) bool {
	step := max(e.opts.TimeStep, 1)
	return reflect.DeepEqual(canonical(a, step), canonical(b, step))
}

// canonical returns the one of all records equal to r in the sense of cmp that same
// compares.
func canonical(r store.Record, step time.Duration) store.Record {
	r.ModTime, r.TakenAt = r.ModTime.UTC().Truncate(step), r.TakenAt.UTC().Truncate(step)
	r.Tags = append([]store.Tag{}, r.Tags...)
	slices.SortFunc(r.Tags, compareTags)
	r.Vector = append([]float32{}, r.Vector...)
	return r
}

func compareTags(a, b store.Tag) int {
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Label, b.Label),
		cmp.Compare(a.Score, b.Score), cmp.Compare(a.Probability, b.Probability))
}

// cmp compares records as the contract does: times by instant and as finely as the
// store keeps them, tags without order.
func (e *env) cmp() []gocmp.Option {
	step := max(e.opts.TimeStep, 1)
	return []gocmp.Option{
		cmpopts.EquateEmpty(),
		gocmp.Comparer(func(a, b time.Time) bool { return a.Sub(b).Abs() < step }),
		cmpopts.SortSlices(compareTags),
	}
}
