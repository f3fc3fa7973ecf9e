package query_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
)

func TestGroupBy(t *testing.T) {
	a := query.Answer{}
	for _, format := range []string{"png", "jpeg", "png", "gif", "jpeg"} {
		a.Hits = append(a.Hits, store.Hit{Record: store.Record{Format: format}})
	}
	places, groups := a.Order()
	if diff := cmp.Diff([]int{0, 1, 2, 3, 4}, places); diff != "" || groups[3] != "" {
		t.Errorf("not grouped (-want +got):\n%s", diff)
	}
	a.GroupBy(func(h *store.Hit) string { return h.Format })
	want := []query.Group{{Name: "png", Hits: []int{0, 2}}, {Name: "jpeg", Hits: []int{1, 4}}, {Name: "gif", Hits: []int{3}}}
	if diff := cmp.Diff(want, a.Groups); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	places, groups = a.Order()
	if diff := cmp.Diff([]int{0, 2, 1, 4, 3}, places); diff != "" {
		t.Errorf("the order (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"png", "png", "jpeg", "jpeg", "gif"}, groups); diff != "" {
		t.Errorf("the names (-want +got):\n%s", diff)
	}
	empty := query.Answer{}
	empty.GroupBy(func(*store.Hit) string { return "x" })
	if places, _ := empty.Order(); len(places) != 0 || len(empty.Groups) != 0 {
		t.Errorf("groups of nothing: %v", empty.Groups)
	}
}
