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
	here := time.Local
	t.Cleanup(func() { time.Local = here })
	time.Local = time.FixedZone("far", 9*3600)
	at := func(y int, m time.Month, d, h int) time.Time { return time.Date(y, m, d, h, 0, 0, 0, time.UTC) }
	since := func(t time.Time) store.Filter { return store.And{store.Dated{}, store.Since(t)} }
	until := func(t time.Time) store.Filter { return store.And{store.Dated{}, store.Until(t)} }
	for _, c := range []struct {
		name string
		in   Filters
		want store.Filter
	}{
		{"nothing", Filters{}, nil},
		{"relative path", Filters{Under: []string{"a/../b/"}}, store.And{store.Or{store.Under(filepath.Join(wd, "b"))}}},
		{"two paths", Filters{Under: []string{"/a", "/b"}}, store.And{store.Or{store.Under("/a"), store.Under("/b")}}},
		{"day", Filters{After: "2024-05-31"}, store.And{since(at(2024, 5, 31, 0))}},
		{"month", Filters{Before: "2024-05"}, store.And{until(at(2024, 5, 1, 0))}},
		{"year", Filters{After: "2024", Before: "2025"}, store.And{since(at(2024, 1, 1, 0)), until(at(2025, 1, 1, 0))}},
		{"a time", Filters{After: "2024-05-31T12:00:00"}, store.And{since(at(2024, 5, 31, 12))}},
		{"a time with a zone", Filters{After: "2024-05-31T12:00:00-05:00"}, store.And{since(at(2024, 5, 31, 12))}},
		{"files' times too", Filters{Before: "2024-05-31", FileDates: true}, store.And{store.Or{until(at(2024, 5, 31, 0)),
			store.And{store.Not{Part: store.Dated{}}, store.Until(at(2024, 5, 30, 15))}}}},
		{"all tags", Filters{Tags: []string{"a", "B"}}, store.And{store.HasTag("a"), store.HasTag("B")}},
		{"a maker's RAW files", Filters{Formats: []string{"NEF"}}, store.And{store.Or{store.FormatIs("nef")}}},
		{"any format, by its extension", Filters{Formats: []string{".JPG", "png"}}, store.And{store.Or{store.FormatIs("jpeg"), store.FormatIs("png")}}},
	} {
		got, err := c.in.Compile()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		times := cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })
		sinces := cmp.Comparer(func(a, b store.Since) bool { return time.Time(a).Equal(time.Time(b)) })
		untils := cmp.Comparer(func(a, b store.Until) bool { return time.Time(a).Equal(time.Time(b)) })
		if diff := cmp.Diff(c.want, got, times, sinces, untils); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	for _, bad := range []string{"yesterday", "2024-13-01", "31.05.2024", "2024-05-31 "} {
		if f, err := (Filters{After: bad}).Compile(); err == nil {
			t.Errorf("%q was taken as a date: %v", bad, f)
		}
	}
	for name, bad := range map[string]Filters{
		"a range the wrong way round": {After: "2024", Before: "2020"}, "a range of no time": {After: "2024-05", Before: "2024-05-01"},
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
