package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/vec/sq8"
)

// fileKinds are the kinds of files that an index has, by how their paths begin below its
// folder, and what becomes of one that is damaged. A file of no kind fails TestEveryFile: who
// adds one says here how its damage is found.
var fileKinds = []struct {
	prefix string
	what   damagedFile
}{
	{catalogueName, elsewhere}, // TestFlippedBitsInTheCatalogue
	{vectorPrefix, elsewhere},  // TestFlippedBits: the picture is left out, and named in a warning
	{lockName, elsewhere},      // what is no lock of ours is left as it is, and told
	{documentsName + "/", toldOf},
	{codePrefix, notUsed}, {"codes.", notUsed}, {"roster.bin", notUsed}, {"attributes.bin", notUsed}, {"tags.bin", notUsed},
	{metaCopyName, notUsed}, // a copy, for where the catalogue is damaged; it has a checksum
}

// damagedFile is what becomes of a file that is damaged: answers are right in any case, or an
// error tells of the damage.
type damagedFile int

const (
	toldOf    damagedFile = iota // Verify tells of each changed bit that may matter
	notUsed                      // without it answers are the same
	elsewhere                    // another test damages it
)

// everyFile makes an index that has files of every kind.
func everyFile(t *testing.T) Options {
	t.Helper()
	o := Options{Dir: t.TempDir(), Collection: "c", Mode: store.Create, SQ8: sq8.Kernel{}, cachesFrom: 1,
		Model: store.Model{Fingerprint: "f00d", Name: "test", Dim: codesDim}}
	s := mustOpen(t, o)
	records := clusteredRecords(rand.New(rand.NewPCG(1, 2)), 200)
	tags := make(map[string][]store.Tag)
	for i := range records {
		records[i].TakenAt = time.Date(2001+i%20, 1, 1+i%28, 0, 0, 0, 0, time.UTC)
		records[i].About = store.About{Caption: fmt.Sprint("caption ", i%9), Rating: i % 6}
		tags[records[i].ID] = []store.Tag{{Label: fmt.Sprint("label ", i%7), Score: 1}}
	}
	failure := store.Failure{ID: "f", Path: "/p/bad.jpg", Root: "/p", Reason: "truncated", At: time.Unix(1e9, 0)}
	for _, err := range []error{
		s.Upsert(t.Context(), records), s.SetTags(t.Context(), "run:1", tags), s.RecordFailures(t.Context(), []store.Failure{failure}),
		s.PutDocument(t.Context(), "corrections/a", []byte(`{"version":1}`)), s.PutDocument(t.Context(), "explore", []byte(`{}`)), s.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	o.Mode = store.ReadWrite // whose end writes what the first one's could not
	s = mustOpen(t, o)
	if err := errors.Join(s.Delete(t.Context(), []string{records[5].ID}), s.Close()); err != nil {
		t.Fatal(err)
	}
	return o
}

// TestEveryFile damages each file of an index in turn, by a flipped bit or a cut: what is asked
// then is answered as before, or an error tells of damage. Verify tells of what no cache
// repeats, and the next writer brings the caches back.
func TestEveryFile(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine: nothing for the race detector, which runs the short tests")
	}
	sound := everyFile(t)
	want, err := everyAnswer(t.Context(), sound)
	if err != nil {
		t.Fatal(err)
	}
	met := make(map[string]bool)
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	home := filepath.Join(sound.Dir, sound.Collection)
	err = filepath.WalkDir(home, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(home, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		kind := slices.IndexFunc(fileKinds, func(k struct {
			prefix string
			what   damagedFile
		}) bool {
			return strings.HasPrefix(rel, k.prefix)
		})
		if kind < 0 {
			t.Errorf("%s is a file of no kind: say in fileKinds how its damage is found", rel)
			return nil
		}
		met[fileKinds[kind].prefix] = true
		data, err := os.ReadFile(path)
		if err != nil || fileKinds[kind].what == elsewhere {
			return err
		}
		for range chaosRounds(2, 200) {
			damageFile(t, sound, rel, data, rng, fileKinds[kind].what, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range fileKinds {
		if !met[k.prefix] {
			t.Errorf("the index has no file %s...", k.prefix)
		}
	}
}

// damageFile damages a copy of the index in one file.
func damageFile(t *testing.T, sound Options, rel string, data []byte, rng *rand.Rand, kind damagedFile, want []string) {
	t.Helper()
	o := sound
	o.Dir = copyIndex(t, sound.Dir)
	defer os.RemoveAll(o.Dir)
	path := filepath.Join(o.Dir, o.Collection, filepath.FromSlash(rel))
	wrong, what := slices.Clone(data), "cut"
	if len(data) == 0 {
		wrong, what = []byte("something"), "filled"
	} else if at := rng.IntN(len(data)); rng.IntN(4) == 0 {
		wrong, what = wrong[:at], fmt.Sprintf("cut to %d of %d bytes", at, len(data))
	} else {
		bit := rng.IntN(8)
		wrong[at] ^= 1 << bit
		what = fmt.Sprintf("bit %d of byte %d of %d", bit, at, len(data))
	}
	if err := os.WriteFile(path, wrong, 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := everyAnswer(t.Context(), o)
	if err != nil && !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrNewerFormat) {
		t.Errorf("%s: %s: an error that tells of no damage: %v", rel, what, err)
	}
	for i, answer := range got {
		if answer != want[i] && !strings.HasSuffix(answer, "failed") {
			t.Errorf("%s: %s: silently another answer:\n%.300s\nwant\n%.300s", rel, what, answer, want[i])
		}
	}
	if kind == toldOf {
		// Bytes that say nothing, such as what fills a block, may change unseen.
		if err != nil && !verifyFinds(t, o) {
			t.Errorf("%s: %s: verify finds nothing, and an answer was: %v", rel, what, err)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: %s: an index without it answers: %v", rel, what, err)
	}
	o.Mode = store.ReadWrite
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Errorf("%s: %s: a writer does not bring it back: %v", rel, what, err)
		return
	}
	ignore := func(string) {}
	if err := errors.Join(s.Repair(t.Context(), ignore, ignore), s.Close()); err != nil {
		t.Errorf("%s: %s: Repair: %v", rel, what, err)
	}
	if verifyFinds(t, o) {
		t.Errorf("%s: %s: after a repair verify still finds something", rel, what)
	}
}

// everyAnswer asks what answersOf asks, in vectors of the length that the codes are tested
// with, and for the documents.
func everyAnswer(ctx context.Context, o Options) (answers []string, err error) {
	o.Mode = store.ReadOnly
	s, err := Open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var errs []error
	ask := func(what string, f func() (string, error)) {
		answer, err := f()
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
			answer = "failed"
		}
		answers = append(answers, what+": "+answer)
	}
	for i, f := range []store.Filter{nil, store.HasTag("label 3"), store.RatedAtLeast(4), store.Since(time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC))} {
		ask(fmt.Sprint("search ", i), func() (string, error) {
			v := vec.NewMatrix(1, codesDim)
			v.Data[i] = 1
			hits, err := s.Search(ctx, store.Query{Vectors: v, K: 20, MinScore: -1, Filter: f})
			return fmt.Sprint(hits), err
		})
		ask(fmt.Sprint("count ", i), func() (string, error) {
			n, err := s.Count(ctx, f)
			return fmt.Sprint(n), err
		})
	}
	ask("scan", func() (string, error) {
		var all []string
		for r, err := range s.Scan(ctx, nil, store.Fields{Vectors: true}) {
			if err != nil {
				return "", err
			}
			all = append(all, fmt.Sprint(r))
		}
		return strings.Join(all, "\n"), nil
	})
	for _, name := range []string{"corrections/a", "explore"} {
		ask("document "+name, func() (string, error) {
			data, err := s.Document(ctx, name)
			return string(data), err
		})
	}
	return answers, errors.Join(errs...)
}
