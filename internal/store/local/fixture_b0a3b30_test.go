package local

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// testdata/format-1-b0a3b30 was written by commit b0a3b30, with caches from 100 records
// on: collection c has all of the caches, which are 12 records behind, and tags of a
// tagging run with the run itself; collection m has the indexes of two models, the
// second of them current. read.txt is what that commit read from c.
const fixtureB0a3b30 = "testdata/format-1-b0a3b30"

func fixtureOptions(dir, collection string) Options {
	return Options{Dir: dir, Collection: collection, cachesFrom: 100}
}

// TestReadsB0a3b30 reads the index as the commit did that wrote it, from a reader and
// from a writer: in the zone UTC, where bringing it to the current format leaves its
// dates as they are. All that differs is that each record says that its metadata are to
// be read again.
func TestReadsB0a3b30(t *testing.T) {
	here := time.Local
	t.Cleanup(func() { time.Local = here })
	time.Local = time.UTC
	want, err := os.ReadFile(filepath.Join(fixtureB0a3b30, "read.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []store.Mode{store.ReadOnly, store.ReadWrite} {
		o := fixtureOptions(copyIndex(t, fixtureB0a3b30), "c")
		o.Mode = mode
		s := mustOpen(t, o)
		if err := s.Verify(t.Context(), func(problem string) { t.Errorf("verify: %s", problem) }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(readAll(t, s), "\n")); diff != "" {
			t.Errorf("mode %d (-b0a3b30 +now):\n%s", mode, diff)
		}
		if records, tags, err := s.CountTags(t.Context(), "run:abcdef012345"); records != 2 || tags != 3 || err != nil {
			t.Errorf("%d records with %d tags of the run, %v", records, tags, err)
		}
	}
}

// readAll writes down what the store gives, in the way of read.txt.
func readAll(t *testing.T, s *Store) string {
	t.Helper()
	var out []byte
	line := func(format string, args ...any) { out = fmt.Appendf(out, format+"\n", args...) }
	records := make(map[uint64]store.Record)
	for r, err := range s.Scan(t.Context(), nil, store.Fields{Vectors: true}) {
		if err != nil {
			t.Fatal(err)
		}
		records[store.FileKey(r.ID)] = r
		if r.MetadataStamp != store.StaleMetadata || r.About != (store.About{}) {
			t.Errorf("%s: stamp %d, %+v", r.Path, r.MetadataStamp, r.About)
		}
		line("record %s %.8x", r.ID, sha256.Sum256(fmt.Append(nil, recordOfB0a3b30(r))))
	}
	for f, err := range s.Failures(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		line("failure %q", fmt.Sprint(f))
	}
	for p, err := range s.FileStates(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		r := records[p.Key]
		if p.StatHash != store.StatHash(r.Size, r.ModTime, store.StaleMetadata) {
			t.Errorf("%s: an unchanged file would not be read again", r.Path)
		}
		line("state %016x %016x", p.Key, store.StatHash(r.Size, r.ModTime, 0))
	}
	// The query is the vector of the record that was number 1.
	q := vec.NewMatrix(1, 8)
	copy(q.Row(0), fixtureQuery(t, s))
	for i, f := range leafFilters() {
		n, err := s.Count(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		hits, err := s.Search(t.Context(), store.Query{Vectors: q, K: 6, MinScore: -1, Filter: f})
		if err != nil {
			t.Fatal(err)
		}
		line("filter %d %T: %d", i, f, n)
		for _, h := range hits[0] {
			line("hit %s %.4f", h.ID, h.Score)
		}
	}
	return string(out)
}

// recordOfB0a3b30 is what a record was then.
func recordOfB0a3b30(r store.Record) any {
	return struct {
		ID, Path, Root string
		Size           int64
		ModTime        time.Time
		ContentHash    []byte
		Width, Height  int
		Format         string
		TakenAt        time.Time
		Tags           []store.Tag
		Vector         []float32
	}{r.ID, r.Path, r.Root, r.Size, r.ModTime, r.ContentHash, r.Width, r.Height, r.Format, r.TakenAt, r.Tags, r.Vector}
}

// fixtureQuery returns the vector of record number 1, which the content hash tells.
func fixtureQuery(t *testing.T, s *Store) []float32 {
	t.Helper()
	hash := make([]byte, 32)
	copy(hash, []byte{0x15, 0x7c, 0x4a, 0x7f, 0xb9, 0x79, 0x37, 0x9e}) // as benchRecords makes it
	found, err := s.FindContent(t.Context(), hash, 1)
	if err != nil || len(found) != 1 {
		t.Fatalf("the record of the query: %v, %v", found, err)
	}
	return found[0].Vector
}

// TestModelIndexesOfB0a3b30 opens the index that is current and goes back to the other.
func TestModelIndexesOfB0a3b30(t *testing.T) {
	o := fixtureOptions(copyIndex(t, fixtureB0a3b30), "m")
	s := mustOpen(t, o)
	if s.Model().Fingerprint != "beef" {
		t.Errorf("the current model is %+v", s.Model())
	}
	all, err := s.ModelIndexes(t.Context())
	if err != nil || len(all) != 2 || !all[0].Current || all[0].Records != 2 || all[1].Records != 3 || all[1].Name != "." {
		t.Errorf("model indexes: %+v, %v", all, err)
	}
	o.Mode, o.Model = store.Rebuild, all[1].Model
	old := mustOpen(t, o)
	if n, err := old.Count(t.Context(), nil); n != 3 || err != nil {
		t.Errorf("%d records in the index of the first model, %v", n, err)
	}
	if err := old.Promote(t.Context()); err != nil {
		t.Error(err)
	}
	o.Mode = store.ReadOnly
	if s := mustOpen(t, o); s.Model().Fingerprint != "f00d" {
		t.Errorf("after going back the model is %+v", s.Model())
	}
}

// TestCachesOfB0a3b30 reads each cache by itself: reading everything would also do
// without them.
func TestCachesOfB0a3b30(t *testing.T) {
	const rows = 156 // when the caches were written: of 150 records, 6 were replaced
	s := mustOpen(t, fixtureOptions(copyIndex(t, fixtureB0a3b30), "c"))
	sn, err := s.snapshot(t.Context(), withVectors)
	if err != nil {
		t.Fatal(err)
	}
	defer sn.release()
	h := s.header(sn.generation)
	// These two hold more today, so that those of then are not used.
	if _, err := s.readFileStates(h); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("file states: %v", err)
	}
	if _, err := s.readAttributes(h); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("attributes: %v", err)
	}
	if got := sn.vectors.codes.covered(); got != rows/64*64 {
		t.Errorf("%d rows have codes", got)
	}
	for _, label := range []string{"all", "half", "most"} {
		if !tagIsKept(t, s, label) {
			t.Errorf("tag %s is not in the tag file", label)
		}
	}
	// What is written today is the same, byte for byte.
	for _, k := range cacheFiles {
		if k.name == fileStateFile.name || k.name == attributeFile.name {
			k.version = 1
		}
		want, err := os.ReadFile(filepath.Join(fixtureB0a3b30, "c", k.name))
		if err != nil {
			t.Fatal(err)
		}
		fields, err := k.decodeHead(want, h)
		if err != nil {
			t.Fatal(err)
		}
		sealed := want[k.headSize():]
		if k.name == tagFile.name {
			sealed = sealed[:fields[3]]
		}
		if got := k.head(h, sealed, fields...); !bytes.Equal(got, want[:k.headSize()]) {
			t.Errorf("the header of %s is\n%x, was\n%x", k.name, got, want[:k.headSize()])
		}
	}
}
