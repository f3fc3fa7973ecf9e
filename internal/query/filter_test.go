package query

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
)

func TestCompile(t *testing.T) {
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.Local) }
	for _, c := range []struct {
		name string
		in   Filters
		want store.Filter
	}{
		{"nothing", Filters{}, nil},
		{"relative path", Filters{Under: []string{"a/../b/"}}, store.And{store.Or{store.Under(filepath.Join(wd, "b"))}}},
		{"two paths", Filters{Under: []string{"/a", "/b"}}, store.And{store.Or{store.Under("/a"), store.Under("/b")}}},
		{"day", Filters{After: "2024-05-31"}, store.And{store.Since(day(2024, 5, 31))}},
		{"month", Filters{Before: "2024-05"}, store.And{store.Until(day(2024, 5, 1))}},
		{"year", Filters{After: "2024", Before: "2025"}, store.And{store.Since(day(2024, 1, 1)), store.Until(day(2025, 1, 1))}},
		{"exact", Filters{After: "2024-05-31T12:00:00Z"}, store.And{store.Since(time.Date(2024, 5, 31, 12, 0, 0, 0, time.UTC))}},
		{"all tags", Filters{Tags: []string{"a", "B"}}, store.And{store.HasTag("a"), store.HasTag("B")}},
		{"a maker's RAW files", Filters{Formats: []string{"NEF"}}, store.And{store.Or{store.FormatIs("nef")}}},
		{"any format, by its extension", Filters{Formats: []string{".JPG", "png"}}, store.And{store.Or{store.FormatIs("jpeg"), store.FormatIs("png")}}},
	} {
		got, err := c.in.Compile()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		times := cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })
		since := cmp.Comparer(func(a, b store.Since) bool { return time.Time(a).Equal(time.Time(b)) })
		until := cmp.Comparer(func(a, b store.Until) bool { return time.Time(a).Equal(time.Time(b)) })
		if diff := cmp.Diff(c.want, got, times, since, until); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	for _, bad := range []string{"yesterday", "2024-13-01", "31.05.2024", "2024-05-31 "} {
		if f, err := (Filters{After: bad}).Compile(); err == nil {
			t.Errorf("%q was taken as a date: %v", bad, f)
		}
	}
	for name, bad := range map[string]Filters{
		"an empty path": {Under: []string{"/a", ""}}, "an empty tag": {Tags: []string{" "}}, "a format": {Formats: []string{"png", "pgn"}},
	} {
		if f, err := bad.Compile(); err == nil {
			t.Errorf("%s was taken: %v", name, f)
		}
	}
}

func TestRAWMeansEveryMakers(t *testing.T) {
	got, err := Filters{Formats: []string{"raw", "kdc"}}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	list := got.(store.And)[0].(store.Or)
	for _, format := range []string{"cr2", "cr3", "nef", "dng", "raw", "dcr"} {
		if !slices.Contains(list, store.Filter(store.FormatIs(format))) {
			t.Errorf("%s is not in %v", format, list)
		}
	}
}
