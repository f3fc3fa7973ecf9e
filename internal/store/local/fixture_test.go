package local

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
)

var update = flag.Bool("update", false, "write the index of the current format into testdata")

// testDim is small and odd, testModel what the tests of this package open.
const testDim = 5

var testModel = store.Model{Fingerprint: "f00d", Name: "test", Precision: "fp32", Pixels: "exact", Dim: testDim}

func testOptions(dir string) Options {
	return Options{Dir: dir, Collection: "c", Mode: store.Create, Model: testModel}
}

func mustOpen(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// testRecord is record number n with a vector that follows from its number and
// version, so that a test can tell whether the two belong together.
func testRecord(n, version int) store.Record {
	path := fmt.Sprintf("/p/%d.jpg", n)
	v := make([]float32, testDim)
	randomUnit(rand.New(rand.NewPCG(uint64(n), uint64(version))), v)
	return store.Record{
		ID: store.ID("c", path), Path: path, Root: "/p", Size: int64(version), ModTime: time.Unix(int64(n), int64(version)).UTC(),
		ContentHash: make([]byte, 32), Width: n, Height: 7, Format: "jpeg", Vector: v,
		Tags: []store.Tag{{Label: fmt.Sprint("Version ", version), Source: "user"}},
	}
}

func testBatch(from, to, version int) []store.Record {
	var out []store.Record
	for n := from; n < to; n++ {
		out = append(out, testRecord(n, version))
	}
	return out
}

// checkWhole verifies the store, that every record is one that testRecord makes, and
// returns the version of each record number.
func checkWhole(t testing.TB, s *Store) map[int]int {
	t.Helper()
	return checkStamped(t, s, 0)
}

// checkStamped is checkWhole for records with a stamp of their metadata.
func checkStamped(t testing.TB, s *Store, stamp uint32) map[int]int {
	t.Helper()
	if err := s.Verify(context.Background(), func(problem string) { t.Errorf("verify: %s", problem) }); err != nil {
		t.Fatalf("verify: %v", err)
	}
	versions := make(map[int]int)
	for r, err := range s.Scan(context.Background(), nil, store.Fields{Vectors: true}) {
		if err != nil {
			t.Fatal(err)
		}
		want := testRecord(r.Width, int(r.Size))
		want.MetadataStamp = stamp
		if fmt.Sprint(r) != fmt.Sprint(want) {
			t.Fatalf("got record %v, want %v", r, want)
		}
		versions[r.Width] = int(r.Size)
	}
	return versions
}

// TestOldFormats opens an index as each released format wrote it. go test -update
// writes that of the current one, once, when the format is new.
func TestOldFormats(t *testing.T) {
	current := filepath.Join("testdata", fmt.Sprintf("format-%d", formatVersion))
	if *update {
		if err := os.RemoveAll(current); err != nil {
			t.Fatal(err)
		}
		writeFixture(t, current)
	}
	if _, err := os.Stat(current); err != nil {
		t.Fatalf("the current format has no fixture: %v", err)
	}
	formats, err := filepath.Glob(filepath.Join("testdata", "format-*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range formats {
		if dir == fixtureB0a3b30 {
			continue // see TestReadsB0a3b30
		}
		t.Run(filepath.Base(dir), func(t *testing.T) {
			dir := copyIndex(t, dir)
			for _, mode := range []store.Mode{store.ReadOnly, store.ReadWrite} {
				o := testOptions(dir)
				o.Mode = mode
				s := mustOpen(t, o)
				stamp := uint32(0)
				if strings.Contains(t.Name(), "/format-1") { // which knew no stamps
					stamp = store.StaleMetadata
				}
				versions := checkStamped(t, s, stamp)
				if len(versions) != 9 || versions[0] != 2 || versions[8] != 1 {
					t.Errorf("records have versions %v", versions)
				}
				if n, err := s.Count(t.Context(), store.HasTag("VERSION 2")); n != 3 || err != nil {
					t.Errorf("%d tagged, %v", n, err)
				}
				d, err := s.Describe(t.Context())
				if err != nil || d.Failures != 1 || d.Created.IsZero() || d.Bytes < 5000 {
					t.Errorf("Describe = %+v, %v", d, err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// writeFixture leaves replaced, deleted and failed records.
func writeFixture(t *testing.T, dir string) {
	s := mustOpen(t, testOptions(dir))
	for _, err := range []error{
		s.Upsert(t.Context(), testBatch(0, 10, 1)),
		s.Upsert(t.Context(), testBatch(0, 3, 2)),
		s.Delete(t.Context(), []string{testRecord(9, 1).ID}),
		s.RecordFailures(t.Context(), []store.Failure{{ID: "f", Path: "/p/\xff.jpg", Root: "/p", Reason: "truncated", At: time.Unix(1e9, 0)}}),
		s.Close(),
		os.Remove(filepath.Join(dir, "c", lockName)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// copyIndex copies an index, in whatever state it is, and returns the new Dir.
func copyIndex(t testing.TB, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// vectorFile is the path of the one vector file of the test collection.
func vectorFileOf(t testing.TB, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "c", vectorPrefix+"*"))
	if err != nil || len(names) != 1 {
		t.Fatal("vector files:", names, err)
	}
	return names[0]
}

func mustFail(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s = %v, want %v", what, err, want)
	}
}
