package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/transfer"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("database/sql.(*DB).connectionOpener")) // ends with the store, in cleanup
}

const dim = 16

var model = store.Model{Fingerprint: "f00d", Name: "test", Precision: "fp32", Pixels: "exact", Dim: dim}

// open makes an index in a folder of its own.
func open(t *testing.T, m store.Model) *local.Store {
	t.Helper()
	st, err := local.Open(t.Context(), local.Options{Dir: t.TempDir(), Collection: "c", Model: m, Mode: store.Create})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func record(i int) store.Record {
	r := rand.New(rand.NewPCG(uint64(i), 1))
	v := make([]float32, dim)
	var sum float64
	for j := range v {
		v[j] = float32(r.NormFloat64())
		sum += float64(v[j]) * float64(v[j])
	}
	for j := range v {
		v[j] /= float32(math.Sqrt(sum))
	}
	path := fmt.Sprintf("/photos/%04d.jpg", i)
	return store.Record{
		ID: store.ID("c", path), Path: path, Root: "/photos", Size: int64(1000 + i),
		ModTime: time.Unix(1_700_000_000+int64(i), 123_456_789), ContentHash: fmt.Appendf(nil, "%032d", i),
		Width: 640, Height: 480, Format: "jpeg", Vector: v,
		Tags: []store.Tag{{Label: "beach", Source: "user"}, {Label: fmt.Sprint("n", i%7), Source: "file"}},
	}
}

func records(n int) []store.Record {
	out := make([]store.Record, n)
	for i := range out {
		out[i] = record(i)
	}
	return out
}

func failure(i int) store.Failure {
	path := fmt.Sprintf("/photos/broken-%d.jpg", i)
	return store.Failure{
		ID: store.ID("c", path), Path: path, Root: "/photos", Size: 3, ModTime: time.Unix(5, 0),
		Reason: "truncated", At: time.Unix(6, 0),
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// figures are those of a report that do not depend on the clock.
func figures(r transfer.Report) transfer.Report { r.Seconds = 0; return r }

func TestCopy(t *testing.T) {
	from, to := open(t, model), open(t, model)
	const n = 257
	must(t, from.Upsert(t.Context(), records(n)))
	must(t, from.RecordFailures(t.Context(), []store.Failure{failure(1), failure(2)}))
	var told atomic.Int64
	o := transfer.Small(20, 50, 0)
	o.Observer = func(done, total int64) {
		if done < 1 || done > total || total != n {
			t.Errorf("told of %d of %d records", done, total)
		}
		told.Add(1)
	}

	r, err := transfer.Copy(t.Context(), from, to, o)
	must(t, err)
	if want := (transfer.Report{Records: n, Copied: n, Failures: 2, Sampled: 50}); figures(r) != want {
		t.Errorf("first copy %+v, want %+v", r, want)
	}
	if got := told.Load(); got != 13 {
		t.Errorf("told of %d steps, want one a batch", got)
	}
	for want, err := range from.Scan(t.Context(), nil, store.Fields{Vectors: true}) {
		must(t, err)
		got, err := to.Get(t.Context(), []string{want.ID})
		must(t, err)
		if len(got) != 1 || fmt.Sprint(got[0]) != fmt.Sprint(want) {
			t.Fatalf("%s came over as\n%v, want\n%v", want.Path, got, want)
		}
	}

	r, err = transfer.Copy(t.Context(), from, to, o)
	must(t, err)
	if want := (transfer.Report{Records: n, Unchanged: n, Failures: 2, Sampled: 50}); figures(r) != want {
		t.Errorf("second copy %+v, want %+v", r, want)
	}

	// Changes of any kind are brought over, what else is there stays.
	changed := record(7)
	changed.Size++
	must(t, from.Upsert(t.Context(), []store.Record{changed, record(n)}))
	must(t, from.SetTags(t.Context(), "user", map[string][]store.Tag{record(8).ID: {{Label: "hill", Source: "user"}}}))
	must(t, from.Delete(t.Context(), []string{record(9).ID}))
	must(t, to.Upsert(t.Context(), []store.Record{record(n + 1)}))
	o.Observer = nil
	r, err = transfer.Copy(t.Context(), from, to, o)
	must(t, err)
	if want := (transfer.Report{Records: n, Copied: 3, Unchanged: n - 3, Extra: 2, Failures: 2, Sampled: 50}); figures(r) != want {
		t.Errorf("third copy %+v, want %+v", r, want)
	}
}

// A picture that the source could not read again has a record in the target only.
func TestRecordBecomesFailure(t *testing.T) {
	from, to := open(t, model), open(t, model)
	const n = 20
	must(t, from.Upsert(t.Context(), records(n)))
	_, err := transfer.Copy(t.Context(), from, to, transfer.Options{})
	must(t, err)
	must(t, to.Upsert(t.Context(), []store.Record{record(n)}))
	broken := failure(1)
	broken.ID, broken.Path = record(3).ID, record(3).Path
	must(t, from.RecordFailures(t.Context(), []store.Failure{broken, failure(2)}))
	for range 2 {
		r, err := transfer.Copy(t.Context(), from, to, transfer.Options{})
		must(t, err)
		if want := (transfer.Report{Records: n - 1, Unchanged: n - 1, Extra: 1, Failures: 2, Sampled: n - 1}); figures(r) != want {
			t.Errorf("copy %+v, want %+v", figures(r), want)
		}
	}
}

func TestNothingToCopy(t *testing.T) {
	r, err := transfer.Copy(t.Context(), open(t, model), open(t, model), transfer.Options{})
	if err != nil || figures(r) != (transfer.Report{}) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestModelsDoNotMix(t *testing.T) {
	other := model
	other.Fingerprint = "beef"
	from, to := open(t, model), open(t, other)
	must(t, from.Upsert(t.Context(), records(3)))
	_, err := transfer.Copy(t.Context(), from, to, transfer.Options{})
	var mismatch *store.ModelMismatchError
	if !errors.As(err, &mismatch) || mismatch.Have != other || mismatch.Want != model {
		t.Errorf("error %v", err)
	}
	if n, err := to.Count(t.Context(), nil); n != 0 || err != nil {
		t.Errorf("%d records were written, %v", n, err)
	}
}

// faulty is a store that fails in one way.
type faulty struct {
	store.Store
	upserts int                  // that succeed before they fail; -1 for all
	spoil   func([]store.Record) // changes what is read back
	lose    int64                // records that are not counted
	scan    error                // after the first record
}

var errBroken = errors.New("broken")

func (f *faulty) Upsert(ctx context.Context, r []store.Record) error {
	if f.upserts == 0 {
		return errBroken
	}
	f.upserts--
	return f.Store.Upsert(ctx, r)
}

func (f *faulty) Get(ctx context.Context, ids []string) ([]store.Record, error) {
	got, err := f.Store.Get(ctx, ids)
	if f.spoil != nil {
		f.spoil(got)
	}
	return got, err
}

func (f *faulty) Count(ctx context.Context, filter store.Filter) (int64, error) {
	n, err := f.Store.Count(ctx, filter)
	return n - f.lose, err
}

func (f *faulty) Scan(ctx context.Context, filter store.Filter, fields store.Fields) iter.Seq2[store.Record, error] {
	if f.scan == nil {
		return f.Store.Scan(ctx, filter, fields)
	}
	return func(yield func(store.Record, error) bool) {
		for r, err := range f.Store.Scan(ctx, filter, fields) {
			if !yield(r, err) {
				return
			}
			break
		}
		yield(store.Record{}, f.scan)
	}
}

// A copy that broke off goes on from there.
func TestResume(t *testing.T) {
	from, to := open(t, model), open(t, model)
	must(t, from.Upsert(t.Context(), records(100)))
	o := transfer.Small(10, 0, 0)
	r, err := transfer.Copy(t.Context(), from, &faulty{Store: to, upserts: 4}, o)
	if !errors.Is(err, errBroken) || r.Copied != 40 {
		t.Fatalf("%+v, %v", r, err)
	}
	r, err = transfer.Copy(t.Context(), from, to, o)
	must(t, err)
	if r.Unchanged != 40 || r.Copied != 60 {
		t.Errorf("%+v", r)
	}
}

func TestFaults(t *testing.T) {
	from := open(t, model)
	must(t, from.Upsert(t.Context(), records(100)))
	for _, c := range []struct {
		name string
		to   func(store.Store) *faulty
		want error
	}{
		{"records are lost", func(s store.Store) *faulty { return &faulty{Store: s, upserts: -1, lose: 1} }, transfer.ErrCheck},
		{"a vector differs", func(s store.Store) *faulty {
			return &faulty{Store: s, upserts: -1, spoil: func(r []store.Record) { r[0].Vector[3] += 0.001 }}
		}, transfer.ErrCheck},
		{"a vector is no number", func(s store.Store) *faulty {
			return &faulty{Store: s, upserts: -1, spoil: func(r []store.Record) { r[0].Vector[3] = float32(math.NaN()) }}
		}, transfer.ErrCheck},
		{"a tag is lost", func(s store.Store) *faulty {
			return &faulty{Store: s, upserts: -1, spoil: func(r []store.Record) { r[0].Tags = nil }}
		}, transfer.ErrCheck},
		{"the target cannot be read", func(s store.Store) *faulty { return &faulty{Store: s, upserts: -1, scan: errBroken} }, errBroken},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := transfer.Copy(t.Context(), from, c.to(open(t, model)), transfer.Small(30, 0, 0)); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
	if _, err := transfer.Copy(t.Context(), &faulty{Store: from, scan: errBroken}, open(t, model), transfer.Options{}); !errors.Is(err, errBroken) {
		t.Errorf("a source that cannot be read: %v", err)
	}
}

func TestCancelled(t *testing.T) {
	from := open(t, model)
	must(t, from.Upsert(t.Context(), records(100)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := transfer.Copy(ctx, from, open(t, model), transfer.Small(1, 0, 0)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// Each record has the same chance to be in the sample.
func TestSampleIsFair(t *testing.T) {
	from := open(t, model)
	const n, size, rounds = 20, 5, 400
	must(t, from.Upsert(t.Context(), records(n)))
	times := make(map[string]int)
	to := &faulty{Store: open(t, model), upserts: -1, spoil: func(got []store.Record) {
		for _, r := range got {
			times[r.ID]++
		}
	}}
	for seed := range uint64(rounds) {
		_, err := transfer.Copy(t.Context(), from, to, transfer.Small(0, size, seed+1))
		must(t, err)
	}
	// Each is picked in a quarter of the rounds; the bounds are six deviations wide.
	for id, got := range times {
		if got < 48 || got > 152 {
			t.Errorf("%s was picked %d times in %d rounds, want about 100", id, got, rounds)
		}
	}
	if len(times) != n {
		t.Errorf("%d of %d records were ever picked", len(times), n)
	}
}

func TestUserTags(t *testing.T) {
	from, to := open(t, model), open(t, model)
	tagged := func(i int, tags ...store.Tag) store.Record {
		r := record(i)
		r.Tags = tags
		return r
	}
	file, user, run := store.Tag{Label: "f", Source: "file"}, store.Tag{Label: "u", Source: "user"}, store.Tag{Label: "r", Source: "run:1"}
	must(t, from.Upsert(t.Context(), []store.Record{tagged(0, file, user, run), tagged(1, user), tagged(2, file), tagged(3, user)}))
	must(t, to.Upsert(t.Context(), []store.Record{tagged(0, file), tagged(1), tagged(2)})) // 3 is gone
	must(t, transfer.UserTags(t.Context(), from, to))
	for i, want := range [][]store.Tag{{file, user}, {user}, nil} {
		got, err := to.Get(t.Context(), []string{record(i).ID})
		must(t, err)
		if len(got) != 1 || fmt.Sprint(got[0].Tags) != fmt.Sprint(want) {
			t.Errorf("picture %d has %v, want tags %v", i, got, want)
		}
	}
	must(t, transfer.UserTags(t.Context(), open(t, model), to))
}

// picky has no room for some records.
type picky struct {
	store.Store
	refuses map[string]bool
}

func (p picky) Upsert(ctx context.Context, records []store.Record) error {
	for _, r := range records {
		if p.refuses[r.ID] {
			return &store.RecordError{ID: r.ID, Path: r.Path, Err: errors.New("no room")}
		}
	}
	return p.Store.Upsert(ctx, records)
}

// What the target cannot keep of one picture is a failure there, and the rest is copied.
func TestRefusedRecords(t *testing.T) {
	from, inner := open(t, model), open(t, model)
	all := records(40)
	must(t, from.Upsert(t.Context(), all))
	must(t, inner.Upsert(t.Context(), all[7:8])) // as it was, when there was room
	changed := all[7]
	changed.Tags = []store.Tag{{Label: "much", Source: "user"}}
	must(t, from.Upsert(t.Context(), []store.Record{changed}))
	to := picky{inner, map[string]bool{all[7].ID: true, all[20].ID: true}}
	for range 2 {
		r, err := transfer.Copy(t.Context(), from, to, transfer.Options{})
		if err != nil || r.Records != 40 || r.Copied+r.Unchanged != 38 || r.Refused != 2 {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	for f, err := range inner.Failures(t.Context()) {
		if err != nil || !to.refuses[f.ID] || f.Reason != "no room" || f.Size == 0 {
			t.Errorf("%+v, %v", f, err)
		}
	}
}
