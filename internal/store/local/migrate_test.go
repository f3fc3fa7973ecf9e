package local

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
)

// TestMigrateFloatsDates takes an index of format 1 with dates in it, which were
// instants, to the current format.
func TestMigrateFloatsDates(t *testing.T) {
	here := time.Local
	t.Cleanup(func() { time.Local = here })
	time.Local = time.FixedZone("here", 9*3600)
	dir := copyIndex(t, filepath.Join("testdata", "format-1"))
	db, err := sql.Open("sqlite", filepath.Join(dir, "c", catalogueName))
	if err != nil {
		t.Fatal(err)
	}
	taken := time.Date(2021, 5, 6, 1, 2, 3, 4, time.Local) // still 5 May in UTC
	if _, err := db.Exec("UPDATE records SET taken = 1, when_s = ?, when_ns = ? WHERE width < 3", taken.Unix(), taken.Nanosecond()); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	o := testOptions(dir)
	o.Mode = store.ReadWrite
	s := mustOpen(t, o)
	floating := time.Date(2021, 5, 6, 1, 2, 3, 4, time.UTC)
	dated := 0
	for r, err := range s.Scan(t.Context(), nil, store.Fields{}) {
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case r.Width < 3:
			if dated++; !r.TakenAt.Equal(floating) {
				t.Errorf("%s: taken at %v, want %v", r.Path, r.TakenAt, floating)
			}
		case !r.TakenAt.IsZero() || r.ModTime.Unix() != int64(r.Width):
			t.Errorf("%s: taken at %v, modified at %v", r.Path, r.TakenAt, r.ModTime)
		}
		if r.MetadataStamp != store.StaleMetadata {
			t.Errorf("%s: stamp %d: its metadata would not be read again", r.Path, r.MetadataStamp)
		}
	}
	if dated != 3 {
		t.Errorf("%d dated records, want 3", dated)
	}
	f := store.And{store.Dated{}, store.Since(time.Date(2021, 5, 6, 0, 0, 0, 0, time.UTC))}
	if n, err := s.Count(t.Context(), f); n != 3 || err != nil {
		t.Errorf("%d records of that day, %v; want 3", n, err)
	}
	if d, err := s.Describe(t.Context()); err != nil || d.Format != formatVersion {
		t.Errorf("format %d, %v; want %d", d.Format, err, formatVersion)
	}
	record := testRecord(100, 1)
	record.TakenAt, record.About = floating, store.About{Date: "2021-05-06", DateKind: "iptc", Caption: "c", Rating: -1}
	if err := s.Upsert(t.Context(), []store.Record{record}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(t.Context(), []string{record.ID}); err != nil || len(got) != 1 || got[0].About != record.About {
		t.Errorf("%+v, %v", got, err)
	}
}
