package milvus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"slices"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// scan reads all rows of a collection that match, in the order of their ids.
//
// A query with a limit gives any rows it likes, and iterators of servers have been
// seen to skip some. So the ids, which are hex digits of a hash, are cut into ranges
// that hold about a page each; a range is read as a whole and sorted here, and one
// that turns out to hold too much is cut again. At the end the number of distinct rows is
// compared with what the server counts, see explain.
type scan struct {
	s          *Store
	collection string
	where      string   // "" for all
	fields     []string // with the id
	page       int      // rows to read at a time
	total      int64    // rows that there are, about
	prefix     string   // of all ids
}

// pageBytes is how much a page of a scan may hold, about.
const pageBytes = 16 << 20

// pageRows is how many records to read at a time.
func (s *Store) pageRows(fields store.Fields) int {
	size := 1024
	if fields.Vectors {
		size += 4 * s.meta.Model.Dim
	}
	return min(max(pageBytes/size, 1), maxWindow/2)
}

// run calls take with one page of sorted rows after the other. Pages may be empty.
func (sc *scan) run(ctx context.Context, take func(*rows) error) error {
	want, err := sc.counted(ctx)
	if err != nil {
		return err
	}
	if want == 0 {
		return nil
	}
	got, err := sc.pass(ctx, sc.pages(want), take)
	if err != nil || got.rows == want {
		return err
	}
	return sc.explain(ctx, want, got)
}

// counted is how many rows the server counts.
func (sc *scan) counted(ctx context.Context) (int64, error) {
	everything := sc.where
	if everything == "" {
		everything = always.everything()
	}
	n, err := sc.s.count(ctx, sc.collection, everything, service.Strong)
	sc.total = n
	return n, err
}

// pages is how many ranges n rows are read in.
func (sc *scan) pages(n int64) int64 { return max(1, (n+int64(sc.page)-1)/int64(sc.page)) }

// tally tells two passes over the same rows from passes over others.
type tally struct {
	rows int64
	sum  uint64 // of hashes of the ids
}

// pass reads all ranges once.
func (sc *scan) pass(ctx context.Context, pages int64, take func(*rows) error) (tally, error) {
	var t tally
	counting := func(r *rows) error {
		for i := range r.len() {
			h := fnv.New64a()
			_, _ = h.Write([]byte(r.raw(fieldID, i))) // it never fails
			t.rows++
			t.sum += h.Sum64()
		}
		return take(r)
	}
	for low, high := range ranges(pages) {
		if low != "" {
			low = sc.prefix + low
		}
		if high != "" {
			high = sc.prefix + high
		}
		if err := sc.readRange(ctx, low, high, counting); err != nil {
			return t, err
		}
	}
	return t, nil
}

// explain says what it means that a scan gave other than the server counts. Servers
// count the old versions of rows that were written again, for minutes after writes that
// were cut short; rows have also been missing from answers. A second pass over the ids,
// cut into other ranges, tells the one from the other, and nothing of it is damage.
func (sc *scan) explain(ctx context.Context, counted int64, got tally) error {
	ids := *sc
	ids.fields, ids.page = []string{fieldID}, maxWindow/2
	again, err := ids.pass(ctx, ids.pages(counted)+1, func(*rows) error { return nil })
	if err != nil {
		return err
	}
	now, err := sc.counted(ctx)
	if err != nil {
		return err
	}
	switch {
	case again == got && now != got.rows:
		if !sc.s.countsAhead.Swap(true) {
			sc.s.log.WarnContext(ctx, "the server counts other than it has; that passes when it has tidied up, and nothing is lost",
				"collection", sc.collection, "counted", now, "rows", got.rows)
		}
	case again != got && now == counted:
		return &fault.Error{
			Err: fmt.Errorf("%w: the server counts %d rows of collection %s, and gave %d and then %d",
				ErrUnsteady, counted, sc.collection, got.rows, again.rows),
			Advice: "a server that recovers or tidies up does that for a while: wait some minutes and run the same command again",
		}
	}
	return nil // somebody wrote meanwhile
}

// ErrUnsteady says that a server gave different rows when it was asked twice, although
// nobody wrote. It is no damage.
var ErrUnsteady = errors.New("the server does not give all rows at the moment")

// readRange reads the rows with ids from low up to high, "" for no end.
func (sc *scan) readRange(ctx context.Context, low, high string, take func(*rows) error) error {
	if err := sc.s.begin(ctx); err != nil {
		return err
	}
	callCtx := ctx
	half, smaller := halfway(sc.prefix, low, high, sc.total)
	if smaller {
		callCtx = triesOf(ctx, messageTries)
	}
	r, err := sc.s.query(callCtx, sc.collection, both(within(low, high), sc.where), sc.fields, service.Session, maxWindow)
	if smaller && sc.s.retryFor > 0 && errors.Is(err, store.ErrUnavailable) && ctx.Err() == nil {
		if err := sc.readRange(ctx, low, half, take); err != nil {
			return err
		}
		return sc.readRange(ctx, half, high, take)
	}
	if err != nil {
		return err
	}
	full := r.len() == maxWindow // there may be more
	r.sortByID()
	if r.err != nil {
		return r.err
	}
	if !full {
		return take(r)
	}
	middle, ok := r.middle()
	if !ok {
		return fmt.Errorf("more than %d rows between %q and %q of collection %s cannot be told apart by their ids",
			maxWindow, low, high, sc.collection)
	}
	if err := sc.readRange(ctx, low, middle, take); err != nil {
		return err
	}
	return sc.readRange(ctx, middle, high, take)
}

// within matches ids from low up to high, "" for no end.
func within(low, high string) string {
	expr := ""
	if low != "" || high == "" {
		expr = fieldID + " >= " + quote(low)
	}
	if high != "" {
		expr = both(expr, fieldID+" < "+quote(high))
	}
	return expr
}

// middle returns an id near the middle of sorted rows that can be the bound between two
// ranges: neither the first, nor one that an expression cannot hold.
func (r *rows) middle() (id string, ok bool) {
	n := r.len()
	for away := range n {
		for _, i := range []int{n/2 - away, n/2 + away} {
			if i > 0 && i < n && checkID(r.raw(fieldID, i)) == nil {
				return r.raw(fieldID, i), true
			}
		}
	}
	return "", false
}

// keyDigits is how many hex digits of an id tell ranges apart.
const keyDigits = 8

// ranges cuts the ids into ranges of about the same size. The first has no lower and the
// last no upper end.
func ranges(pages int64) iter.Seq2[string, string] {
	return func(yield func(low, high string) bool) {
		bound := func(i int64) string {
			return fmt.Sprintf("%0*x", keyDigits, uint64(float64(i)/float64(pages)*(1<<(4*keyDigits))))
		}
		low := ""
		for i := int64(1); i < pages; i++ {
			high := bound(i)
			if !yield(low, high) {
				return
			}
			low = high
		}
		yield(low, "")
	}
}

// sortByID sorts the rows by id and keeps one of each.
func (r *rows) sortByID() {
	n := r.len()
	if n == 0 {
		return
	}
	ids, ok := r.columns[fieldID].(service.Texts)
	if !ok {
		r.fail(fieldID, 0)
		return
	}
	r.order = make([]int, n)
	for i := range r.order {
		r.order[i] = i
	}
	slices.SortFunc(r.order, func(a, b int) int { return cmp.Compare(ids[a], ids[b]) })
	r.order = slices.CompactFunc(r.order, func(a, b int) bool { return ids[a] == ids[b] })
}

// Scan implements store.Scanner.
func (s *Store) Scan(ctx context.Context, f store.Filter, fields store.Fields) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		stopped := false
		err := s.scanPages(ctx, f, fields, func(records []store.Record) error {
			for _, r := range records {
				if err := s.begin(ctx); err != nil {
					return err
				}
				if !yield(r, nil) {
					stopped = true
					return errStopped
				}
			}
			return nil
		})
		if err != nil && !stopped {
			yield(store.Record{}, err)
		}
	}
}

// scanPages calls take with the records that match f, a page at a time in id order.
func (s *Store) scanPages(ctx context.Context, f store.Filter, fields store.Fields, take func([]store.Record) error) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	where, err := compile(f)
	if err != nil || where == never {
		return err
	}
	sc := scan{s: s, collection: s.physical, where: where.text, fields: recordFields, page: s.pageRows(fields)}
	dim := 0
	if fields.Vectors {
		dim = s.meta.Model.Dim
		sc.fields = append(slices.Clone(recordFields), fieldVector)
	}
	err = sc.run(ctx, s.eachPage(ctx, dim, take))
	if err != nil && err != errStopped {
		return fmt.Errorf("scanning the records: %w", err)
	}
	return err
}

// eachPage makes records of the rows of a page, with their vectors if dim is not 0.
func (s *Store) eachPage(ctx context.Context, dim int, take func([]store.Record) error) func(*rows) error {
	return func(r *rows) error {
		records := make([]store.Record, 0, r.len())
		for i := range r.len() {
			if record := r.record(i, dim); record.ok {
				records = append(records, record.Record)
			}
		}
		if r.err != nil {
			return r.err
		}
		s.warn(ctx, r)
		return take(records)
	}
}

// errStopped ends a scan whose caller wants no more.
var errStopped = fmt.Errorf("stopped by the caller")
