package milvus

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/milvus-io/milvus-sdk-go/v2/entity"

	"github.com/sightline/sightline/internal/store"
)

// scan reads all rows of a collection that match, in the order of their ids.
//
// A query with a limit gives any rows it likes, and iterators of servers have been
// seen to skip some. So the ids, which are hex digits of a hash, are cut into ranges
// that hold about a page each; a range is read as a whole and sorted here, and one
// that turns out to hold too much is cut again. At the end the number of rows is
// compared with what the server counts.
type scan struct {
	s          *Store
	collection string
	where      string   // "" for all
	fields     []string // with the id
	page       int      // rows to read at a time
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
	everything := sc.where
	if everything == "" {
		everything = always.everything()
	}
	want, err := sc.s.count(ctx, sc.collection, everything, entity.ClStrong)
	if err != nil {
		return err
	}
	if want == 0 {
		return nil
	}
	var got int64
	counting := func(r *rows) error {
		got += int64(r.len())
		return take(r)
	}
	for low, high := range ranges(want, sc.page) {
		if err := sc.readRange(ctx, low, high, counting); err != nil {
			return err
		}
	}
	if got == want {
		return nil
	}
	// Somebody may have written meanwhile, or the server has not told all.
	now, err := sc.s.count(ctx, sc.collection, everything, entity.ClStrong)
	if err != nil {
		return err
	}
	if now == want {
		return fmt.Errorf("%w: the server counts %d rows of collection %s, but gave %d", store.ErrDamaged, want, sc.collection, got)
	}
	return nil
}

// readRange reads the rows with ids from low up to high, "" for no end.
func (sc *scan) readRange(ctx context.Context, low, high string, take func(*rows) error) error {
	if err := sc.s.begin(ctx); err != nil {
		return err
	}
	within := fieldID + " >= " + quote(sc.prefix+low)
	if high != "" {
		within = both(within, fieldID+" < "+quote(sc.prefix+high))
	}
	r, err := sc.s.query(ctx, sc.collection, both(within, sc.where), sc.fields, entity.ClSession, maxWindow)
	if err != nil {
		return err
	}
	if r.len() == maxWindow { // there may be more
		if middle, ok := split(low, high); ok {
			if err := sc.readRange(ctx, low, middle, take); err != nil {
				return err
			}
			return sc.readRange(ctx, middle, high, take)
		}
		return fmt.Errorf("%w: too many ids begin with %q", store.ErrDamaged, low)
	}
	r.sortByID()
	if r.err != nil {
		return r.err
	}
	return take(r)
}

// keyDigits is how many hex digits of an id tell ranges apart.
const keyDigits = 8

// ranges cuts the ids into as many ranges as n rows have pages. The first has no
// lower and the last no upper end.
func ranges(n int64, page int) iter.Seq2[string, string] {
	return func(yield func(low, high string) bool) {
		pages := max(1, (n+int64(page)-1)/int64(page))
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

// split returns a bound in the middle between two, if there is one.
func split(low, high string) (string, bool) {
	parse := func(s string, def uint64) uint64 {
		var v uint64
		if s == "" {
			return def
		}
		if _, err := fmt.Sscanf(s, "%x", &v); err != nil {
			return def
		}
		return v
	}
	a, b := parse(low, 0), parse(high, math.MaxUint32+1)
	if b-a < 2 || b < a {
		return "", false
	}
	return fmt.Sprintf("%0*x", keyDigits, a+(b-a)/2), true
}

// sortByID sorts the rows by id.
func (r *rows) sortByID() {
	n := r.len()
	if n == 0 {
		return
	}
	ids, ok := r.columns[fieldID].(*entity.ColumnVarChar)
	if !ok {
		r.fail(fieldID, 0)
		return
	}
	r.order = make([]int, n)
	for i := range r.order {
		r.order[i] = i
	}
	slices.SortFunc(r.order, func(a, b int) int { return cmp.Compare(ids.Data()[a], ids.Data()[b]) })
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
	err = sc.run(ctx, func(r *rows) error {
		records := make([]store.Record, 0, r.len())
		for i := range r.len() {
			if record, _, ok := r.record(i, dim); ok {
				records = append(records, record)
			}
		}
		if r.err != nil {
			return r.err
		}
		s.warn(ctx, r)
		return take(records)
	})
	if err != nil && err != errStopped {
		return fmt.Errorf("scanning the records: %w", err)
	}
	return err
}

// errStopped ends a scan whose caller wants no more.
var errStopped = fmt.Errorf("stopped by the caller")
