package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// flipIndex is an index with records, tags of two kinds, captions and failures.
func flipIndex(t *testing.T, records int) string {
	t.Helper()
	dir := t.TempDir()
	s := mustOpen(t, testOptions(dir))
	batch := testBatch(0, records, 1)
	for i := range batch {
		r := &batch[i]
		r.ContentHash = bytes.Repeat([]byte{byte(i)}, 32)
		r.TakenAt = time.Date(2001+i%20, 1, 1+i%28, 0, 0, 0, 0, time.UTC)
		r.About = store.About{Date: "2001-01-01", DateKind: "exif", Caption: fmt.Sprint("caption ", i), Rating: i % 6}
	}
	tags := map[string][]store.Tag{}
	for i := range batch {
		tags[batch[i].ID] = []store.Tag{{Label: fmt.Sprint("label ", i%7), Score: float32(i), Probability: 0.5}}
	}
	var failures []store.Failure
	for i := range 20 {
		failures = append(failures, store.Failure{ID: fmt.Sprint("f", i), Path: fmt.Sprintf("/p/bad%d.jpg", i), Root: "/p", Reason: "truncated", At: time.Unix(1e9, 0)})
	}
	for _, err := range []error{s.Upsert(t.Context(), batch), s.SetTags(t.Context(), "run:1", tags), s.RecordFailures(t.Context(), failures), s.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// answersOf asks an index everything that a person can ask, and returns the answers or
// the error that was reported.
func answersOf(ctx context.Context, o Options) (answers []string, err error) {
	o.Mode = store.ReadOnly
	s, err := Open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	say := func(format string, args ...any) { answers = append(answers, fmt.Sprintf(format, args...)) }
	// Each kind of question is asked whatever became of the others.
	var errs []error
	try := func(what string, f func() error) {
		if err := f(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
			say("%s failed", what)
		}
	}
	filters := []store.Filter{
		nil, store.HasTag("label 3"), store.CaptionHas("caption 7"), store.RatedAtLeast(4), store.Under("/p"),
		store.Since(time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)), store.NameLike("1*"),
	}
	for i, f := range filters {
		try(fmt.Sprint("search ", i), func() error {
			v := vec.NewMatrix(1, testDim)
			v.Data[i%testDim] = 1
			hits, err := s.Search(ctx, store.Query{Vectors: v, K: 20, MinScore: -1, Filter: f})
			if err == nil {
				say("search %d: %v", i, hits)
			}
			return err
		})
		try(fmt.Sprint("count ", i), func() error {
			n, err := s.Count(ctx, f)
			if err == nil {
				say("count %d: %d", i, n)
			}
			return err
		})
	}
	try("scan", func() error {
		var all []string
		for r, err := range s.Scan(ctx, nil, store.Fields{Vectors: true}) {
			if err != nil {
				return err
			}
			all = append(all, fmt.Sprint(r))
		}
		say("scan: %v", all)
		return nil
	})
	try("failures", func() error {
		var all []string
		for f, err := range s.Failures(ctx) {
			if err != nil {
				return err
			}
			all = append(all, fmt.Sprint(f))
		}
		say("failures: %v", all)
		return nil
	})
	try("like", func() error {
		got, err := s.FindContent(ctx, bytes.Repeat([]byte{9}, 32), 5)
		if err == nil {
			say("content: %v", got)
		}
		return err
	})
	return answers, errors.Join(errs...)
}

// TestFlippedBitsInTheCatalogue flips a bit at random places of a catalogue, one at a time.
// Each question is answered as before or fails with an error that tells of damage, and what
// changes anything is found by Verify.
func TestFlippedBitsInTheCatalogue(t *testing.T) {
	sound := flipIndex(t, 80)
	o := testOptions(sound)
	want, err := answersOf(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(sound, "c", catalogueName))
	if err != nil {
		t.Fatal(err)
	}
	o.Dir = copyIndex(t, sound)
	path := filepath.Join(o.Dir, "c", catalogueName)
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 1))
	told, unseen := 0, 0
	rounds := chaosRounds(220, 3000)
	for range rounds {
		at, bit := rng.IntN(len(whole)), rng.IntN(8)
		if rng.IntN(8) == 0 {
			at = rng.IntN(120) // the header decides much
		}
		b := slices.Clone(whole)
		b[at] ^= 1 << bit
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := answersOf(t.Context(), o)
		if err != nil && !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrNewerFormat) {
			t.Errorf("seed %d: bit %d of byte %d: an error that tells of no damage: %v", seed, bit, at, err)
		}
		for i, answer := range got {
			if answer != want[i] && !slices.Contains([]string{"failed"}, answer[max(0, len(answer)-6):]) {
				t.Errorf("seed %d: bit %d of byte %d: silently another answer:\n%.300s\nwant\n%.300s", seed, bit, at, answer, want[i])
			}
		}
		if err == nil {
			unseen++
			continue
		}
		told++
		if !verifyFinds(t, o) {
			t.Errorf("seed %d: bit %d of byte %d: verify finds nothing, and an answer was: %v", seed, bit, at, err)
		}
	}
	t.Logf("%d bits flipped: %d told, %d changed nothing", rounds, told, unseen)
	if told < rounds/2 {
		t.Errorf("only %d of %d flips were reported", told, rounds)
	}
}

// verifyFinds reports whether an index cannot be opened or Verify finds a problem.
func verifyFinds(t *testing.T, o Options) bool {
	t.Helper()
	o.Mode = store.ReadOnly
	s, err := Open(t.Context(), o)
	if err != nil {
		return true
	}
	defer s.Close()
	problems := 0
	if err := s.Verify(t.Context(), func(string) { problems++ }); err != nil && !errors.Is(err, store.ErrDamaged) {
		t.Error(err)
	}
	return problems > 0
}
