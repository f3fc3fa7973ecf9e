package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
)

// mostGrowth is how much larger than a fresh index of the same pictures one may be that has
// been kept up to date for a year.
const mostGrowth = 1.3

// yearOf is how many pictures there are, for how many days, and which share of them changes
// in a day: SIGHTLINE_YEAR is PICTURESxDAYS of a hundredth. The short form has a tenth, so
// that as much changes in a month.
func yearOf(t *testing.T) (pictures, days int, share float64) {
	t.Helper()
	text := os.Getenv("SIGHTLINE_YEAR")
	switch {
	case text != "":
		if n, err := fmt.Sscanf(text, "%dx%d", &pictures, &days); n != 2 || err != nil || pictures < 100 || days < 1 {
			t.Fatalf("SIGHTLINE_YEAR is %q; for example 20000x365", text)
		}
		return pictures, days, 0.01
	case os.Getenv("SIGHTLINE_CHAOS") != "":
		return 5000, 365, 0.01
	}
	return 250, 25, 0.1
}

// TestYear keeps an index of pictures up to date that change day by day, through the real
// pipeline with a made-up model, and compares it with a fresh index in the end: it holds
// the same, and is not much larger.
func TestYear(t *testing.T) {
	pictures, days, share := yearOf(t)
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l := newLibrary(t, filepath.Join(root, "photos"), pictures)
	db := filepath.Join(root, "db")
	e := cliptest.New(dim)
	t.Logf("day | pictures | changed | seconds | changed a second | RSS | %s | live rows of rows", sizesHeader)
	var busy time.Duration
	work := 0
	for day := range days + 1 {
		changed := pictures
		if day > 0 {
			changed = l.day(share)
		}
		took := l.catchUp(e, db, day)
		if day > 0 {
			busy += took
			work += changed
		}
		if day%max(1, days/12) == 0 || day == days {
			t.Logf("%d | %d | %d | %.2f | %.0f | %d MB | %v | %.3f", day, len(l.pictures), changed, took.Seconds(),
				float64(changed)/took.Seconds(), residentMB(), sizesOf(t, db), liveShare(t, db, len(l.pictures)))
		}
	}
	t.Logf("%d changes in %d days: %.0f a second", work, days, float64(work)/busy.Seconds())

	fresh := filepath.Join(root, "fresh")
	l.tagged = false
	l.catchUp(e, fresh, 0)
	copyTags(t, e, db, fresh)
	kept, made := sizesOf(t, db), sizesOf(t, fresh)
	t.Logf("fresh | %d | | | | | %v | %.3f", len(l.pictures), made, liveShare(t, fresh, len(l.pictures)))
	ratio := float64(kept.sum()) / float64(made.sum())
	t.Logf("the index of the year is %.3f times as large as a fresh one", ratio)
	// Half-filled pages are much of a small catalogue.
	if ratio > mostGrowth && pictures >= 1000 {
		t.Errorf("the index has %v, a fresh one %v: %.3f times as much, at most %.1f expected", kept, made, ratio, mostGrowth)
	}
	const row, spare = dim * 4, 256 // which are not worth a new file
	if rows, most := (kept.vectors-4096)/row, int64(mostGrowth*float64(len(l.pictures)))+spare; rows > most {
		t.Errorf("the vector file has %d rows for %d pictures, at most %d expected", rows, len(l.pictures), most)
	}
	if diff := cmp.Diff(holds(t, e, fresh), holds(t, e, db)); diff != "" {
		t.Errorf("what the index holds (-fresh +kept):\n%.3000s", diff)
	}
}

// catchUp runs over the library as indexer run does, tags what a person tagged on that day,
// and returns how long that took, opening and closing included.
func (l *library) catchUp(e *cliptest.Encoder, db string, day int) time.Duration {
	l.t.Helper()
	start := time.Now()
	err := with(l.t.Context(), db, store.Create, e, func(s *local.Store) error {
		if _, err := indexer(s, e).Run(l.t.Context(), []string{l.dir}); err != nil {
			return err
		}
		return l.tag(s)
	})
	if err == nil && l.tagged && day%7 == 0 {
		err = tagRole(l.t.Context(), place{l.dir, db})
	}
	if err == nil && l.tagged && day%30 == 29 {
		err = undoRole(l.t.Context(), place{l.dir, db})
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return time.Since(start)
}

// copyTags gives the records of a fresh index the tags of another.
func copyTags(t *testing.T, e *cliptest.Encoder, from, to string) {
	t.Helper()
	tags := map[string]map[string][]store.Tag{} // by source, by id
	err := with(t.Context(), from, store.ReadOnly, e, func(s *local.Store) error {
		for r, err := range s.Scan(t.Context(), nil, store.Fields{}) {
			if err != nil {
				return err
			}
			for _, tag := range r.Tags {
				if tags[tag.Source] == nil {
					tags[tag.Source] = map[string][]store.Tag{}
				}
				tags[tag.Source][r.ID] = append(tags[tag.Source][r.ID], tag)
			}
		}
		return nil
	})
	err = errors.Join(err, with(t.Context(), to, store.ReadWrite, e, func(s *local.Store) error {
		for source, byID := range tags {
			if err := s.SetTags(t.Context(), source, byID); err != nil {
				return err
			}
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
}

// holds is what an index knows of each picture, by path.
func holds(t *testing.T, e *cliptest.Encoder, db string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := with(t.Context(), db, store.ReadOnly, e, func(s *local.Store) error {
		if err := s.Verify(context.Background(), func(problem string) { t.Errorf("verify: %s", problem) }); err != nil {
			return err
		}
		for r, err := range s.Scan(t.Context(), nil, store.Fields{Vectors: true}) {
			if err != nil {
				return err
			}
			labels := map[string]bool{}
			for _, tag := range r.Tags {
				labels[tag.Source+" "+tag.Label] = true
			}
			out[r.Path] = fmt.Sprintf("%v %d %d %x %v", r.Vector, r.Size, r.ModTime.UnixNano(), r.ContentHash, labels)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
