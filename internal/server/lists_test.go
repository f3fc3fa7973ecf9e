package server

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
)

// fewStore is a store of which a list needs only these.
type fewStore struct {
	store.Store
	d store.Description
}

func (s *fewStore) Describe(context.Context) (store.Description, error) { return s.d, nil }

func (s *fewStore) Get(_ context.Context, ids []string) ([]store.Record, error) {
	var out []store.Record
	for _, id := range ids {
		out = append(out, store.Record{ID: id})
	}
	return out, nil
}

// TestListIsRemembered asks for the same list again and again: it is listed again when the
// index has changed, or may have.
func TestListIsRemembered(t *testing.T) {
	long := time.Now().Add(-time.Hour)
	st := &fewStore{d: store.Description{Created: long, Updated: long, Records: 100}}
	x := &Index{Store: st}
	asked, there := 0, 100
	ask := func(_ context.Context, p query.Params) (query.Answer, error) {
		asked++
		var a query.Answer
		for i := range min(there, p.K) {
			a.Hits = append(a.Hits, store.Hit{Record: store.Record{ID: fmt.Sprint(i)}})
			a.Matches = append(a.Matches, query.Match{})
		}
		return a, nil
	}
	l := newLists()
	page := func(key, at string, k, first, want, times int) string {
		t.Helper()
		a, next, err := l.page(t.Context(), x, key, at, query.Params{K: k}, true, ask)
		if err != nil {
			t.Fatal(err)
		}
		var got, ids []string
		for _, h := range a.Hits {
			got = append(got, h.ID)
		}
		for i := range want {
			ids = append(ids, fmt.Sprint(first+i))
		}
		if diff := cmp.Diff(ids, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if asked != times {
			t.Errorf("listed %d times, not %d", asked, times)
		}
		return next
	}
	next := page("a", "", 10, 0, 10, 1)
	page("a", "", 10, 0, 10, 1)
	page("a", next, 10, 10, 10, 2) // which lists far more than two pages
	page("a", "", 60, 0, 60, 2)
	if next = page("a", "", 100, 0, 100, 2); next != "" {
		t.Errorf("after the last page comes %q", next)
	}
	page("b", "", 10, 0, 10, 3)
	page("a", "", 10, 0, 10, 3)
	there, st.d.Records = 5, 5
	page("a", "", 10, 0, 5, 4)
	page("a", "", 10, 0, 5, 4)
	st.d.Updated = time.Now().Add(-time.Second) // it may have changed again within the second
	page("a", "", 10, 0, 5, 5)
	page("a", "", 10, 0, 5, 6)
	st.d.Updated = long
	page("a", "", 10, 0, 5, 7)
	l.byKey["a"].at = time.Now().Add(-listLasts)
	page("a", "", 10, 0, 5, 8)
	there = 0
	st.d.Records = 0
	page("a", "", 10, 0, 0, 9)
	page("a", "", 10, 0, 0, 9)
	for i := range 2 * maxRankings {
		page(fmt.Sprint("many ", i), "", 10, 0, 0, 10+i)
	}
	if len(l.byKey) > maxRankings || len(l.byID) > maxRankings {
		t.Errorf("%d and %d lists are kept", len(l.byKey), len(l.byID))
	}
}
