package milvus_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/milvus-io/milvus-proto/go-api/v2/milvuspb"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

// meddleWithRows changes the expressions of queries by the pass they belong to, and counts.
func meddleWithRows(fake *milvustest.Server, rows func(pass int, expr string) string, counts func(int64) int64) {
	pass := 0
	fake.Meddle(func(_ context.Context, method string, req any, next func() (any, error)) (any, error) {
		q, ok := req.(*milvuspb.QueryRequest)
		if !ok {
			return next()
		}
		if q.OutputFields[0] != "count(*)" {
			if strings.HasPrefix(q.Expr, "id <") || strings.HasPrefix(q.Expr, `id >= ""`) {
				pass++
			}
			q.Expr = rows(pass, q.Expr)
			return next()
		}
		reply, err := next()
		if r, ok := reply.(*milvuspb.QueryResults); ok {
			n := r.FieldsData[0].GetScalars().GetLongData().Data
			n[0] = counts(n[0])
		}
		return reply, err
	})
}

func scanErr(t *testing.T, s store.Store) (n int, err error) {
	t.Helper()
	for _, err = range s.Scan(t.Context(), nil, store.Fields{}) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func same(n int64) int64 { return n }

// The first answers leave some out, as those of a server that recovers do.
func TestScanThatIsNotComplete(t *testing.T) {
	fake := milvustest.Start(t)
	s := open(t, options(fake))
	upsert(t, s, records(50)...)
	meddleWithRows(fake, func(pass int, expr string) string {
		if pass == 1 {
			return "(" + expr + `) and id < "c"`
		}
		return expr
	}, same)
	n, err := scanErr(t, s)
	if !errors.Is(err, milvus.ErrUnsteady) || errors.Is(err, store.ErrDamaged) ||
		!strings.Contains(err.Error(), "50") || !strings.Contains(hint(err), "again") {
		t.Errorf("the scan ended after %d with %v", n, err)
	}
	fake.Meddle(nil)
	if n, err := scanErr(t, s); n != 50 || err != nil {
		t.Errorf("afterwards a scan gives %d, %v", n, err)
	}
}

// After writes that were cut short a server counts old versions of rows for a while.
func TestServerThatCountsTooMuch(t *testing.T) {
	fake := milvustest.Start(t)
	o, warnings := logged(options(fake))
	s := open(t, o)
	upsert(t, s, records(50)...)
	meddleWithRows(fake, func(_ int, expr string) string { return expr }, func(n int64) int64 { return n + n*3/4 })
	if n, err := scanErr(t, s); n != 50 || err != nil {
		t.Errorf("the scan ended after %d with %v", n, err)
	}
	if !strings.Contains(warnings.String(), "counted=87 rows=50") {
		t.Errorf("warnings: %s", warnings)
	}
	if n, err := s.Count(t.Context(), nil); n != 50 || err != nil {
		t.Errorf("Count = %d, %v", n, err)
	}
	if d, err := s.Describe(t.Context()); d.Records != 50 || err != nil {
		t.Errorf("Describe = %d records, %v", d.Records, err)
	}
	if err := s.Verify(t.Context(), func(p string) { t.Errorf("verify: %s", p) }); err != nil {
		t.Error(err)
	}
	if n := strings.Count(warnings.String(), "counted="); n != 1 {
		t.Errorf("%d warnings", n)
	}
	if err := s.SetTags(t.Context(), "user", map[string][]store.Tag{record(1).ID: {{Label: "x"}}}); err != nil {
		t.Error(err)
	}
	open(t, options(fake)) // a writer reads the failures
	fake.Meddle(nil)
}

// More rows of one range than an answer holds, with ids that are no hex digits.
func TestScanOfManyRowsWithOtherIDs(t *testing.T) {
	fake := milvustest.Start(t)
	s := open(t, options(fake))
	upsert(t, s, records(10)...)
	r := fake.Row(physical, record(3).ID)
	for i := range 17000 {
		other := maps.Clone(r)
		other["id"] = fmt.Sprintf("img%d", i)
		fake.Put(physical, other)
	}
	if n, err := scanErr(t, s); n != 10 || err != nil {
		t.Errorf("the scan ended after %d with %v", n, err)
	}
}
