package query_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
)

func TestGroupBy(t *testing.T) {
	a := query.Answer{Offset: 20}
	for i, format := range []string{"png", "jpeg", "png", "gif", "jpeg"} {
		a.Hits = append(a.Hits, store.Hit{Record: store.Record{Format: format, Path: fmt.Sprint(i)}})
		a.Matches = append(a.Matches, query.Match{Copies: i})
	}
	lines := func() (out []string) {
		for i, h := range a.Hits {
			name, first := a.Group(i)
			out = append(out, fmt.Sprint(h.Path, " ", a.Matches[i].Copies, " ", a.Rank(i), " ", name, first))
		}
		return out
	}
	want := []string{"0 0 21 false", "1 1 22 false", "2 2 23 false", "3 3 24 false", "4 4 25 false"}
	if diff := cmp.Diff(want, lines()); diff != "" {
		t.Errorf("not grouped (-want +got):\n%s", diff)
	}
	a.GroupBy(func(h *store.Hit) string { return h.Format })
	want = []string{"0 0 21 pngtrue", "2 2 23 pngfalse", "1 1 22 jpegtrue", "4 4 25 jpegfalse", "3 3 24 giftrue"}
	if diff := cmp.Diff(want, lines()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if j := a.JSON(1); j.Rank != 23 || j.Group != "png" || j.Copies != 2 {
		t.Errorf("%+v", j)
	}
	empty := query.Answer{}
	empty.GroupBy(func(*store.Hit) string { return "x" })
	if name, first := empty.Group(0); name != "" || first || len(empty.Hits) != 0 {
		t.Errorf("groups of nothing: %q", name)
	}
}
