package local

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// filterOptions are those of an index that has attributes and a file of tags.
func filterOptions(t *testing.T) Options {
	return Options{Dir: t.TempDir(), Collection: "c", Mode: store.Create, cachesFrom: 100, Model: store.Model{Fingerprint: "f", Name: "m", Dim: 8}}
}

// filterRecords are n records in a few folders, with many equal scores, and with tags that
// all, most, half and few of them have, some twice.
func filterRecords(rng *rand.Rand, from, n int) []store.Record {
	out := benchRecords(rng, from, n, 8)
	for i := range out {
		r := &out[i]
		r.Path = fmt.Sprintf("%s/%d.jpg", []string{"", "/a", "/a/b", "/a/b/c", "/ab", "/x \xff"}[rng.IntN(6)], from+i)
		r.ID = store.ID("c", r.Path)
		r.Format = []string{"jpeg", "png"}[rng.IntN(2)]
		r.ModTime = time.Unix(rng.Int64N(20)-10, rng.Int64N(3)) // before 1970 too
		if i%5 == 0 {
			copy(r.Vector, out[0].Vector)
		}
		for _, tag := range []struct {
			label string
			of    int
		}{{"All", 1}, {"half", 2}, {"half", 3}, {"few", 40}, {"one", n}} {
			if rng.IntN(tag.of) == 0 {
				r.Tags = append(r.Tags, store.Tag{Label: tag.label, Source: fmt.Sprint("s", tag.of)})
			}
		}
		if r.Tags = append(r.Tags, store.Tag{Label: "most", Source: "s"}); rng.IntN(9) == 0 {
			r.Tags = r.Tags[:len(r.Tags)-1]
		}
	}
	return out
}

func leafFilters() []store.Filter {
	out := []store.Filter{store.Under("/"), store.Under("/a"), store.Under("/a/b/"), store.Under("/a/b/c"), store.Under("/x \xff"),
		store.Under("/none"), store.Under("/a/7.jpg"), store.Under("a"), store.FormatIs("png"), store.FormatIs(""), nil}
	for _, label := range []string{"all", "HALF", "few", "one", "most", "nobody", "changed", "late"} {
		out = append(out, store.HasTag(label))
	}
	for _, when := range []time.Time{time.Unix(0, 0), time.Unix(3, 1), time.Unix(-4, 2), {}, time.Unix(1<<40, 0)} {
		out = append(out, store.Since(when), store.Until(when))
	}
	return out
}

// randomFilter joins leaves.
func randomFilter(rng *rand.Rand, depth int) store.Filter {
	if depth == 0 || rng.IntN(4) == 0 {
		leaves := leafFilters()
		return leaves[rng.IntN(len(leaves))]
	}
	if rng.IntN(3) == 0 {
		return store.Not{Part: randomFilter(rng, depth-1)}
	}
	parts := make([]store.Filter, rng.IntN(4))
	for i := range parts {
		parts[i] = randomFilter(rng, depth-1)
	}
	if rng.IntN(2) == 0 {
		return store.And(parts)
	}
	return store.Or(parts)
}

// checkSelected compares what filters select in a view with what the catalogue says, and
// that with what filters mean.
func checkSelected(t *testing.T, s *Store, sn *snapshot, state string) {
	t.Helper()
	rng := rand.New(rand.NewPCG(9, 9))
	filters := leafFilters()
	for range 40 {
		filters = append(filters, randomFilter(rng, 3))
	}
	for _, f := range filters {
		got, err := s.selected(t.Context(), sn, f)
		if err != nil {
			t.Fatal(state, err)
		}
		want, err := sn.matching(t.Context(), f)
		if err != nil {
			t.Fatal(state, err)
		}
		if diff := cmp.Diff(want.words, got.words); diff != "" {
			t.Errorf("%s: %#v selects %d, want %d", state, f, got.size(), want.size())
		}
	}
}

func checkFilters(t *testing.T, s *Store, state string) {
	t.Helper()
	sn, err := s.snapshot(t.Context(), withVectors)
	if err != nil {
		t.Fatal(err)
	}
	defer sn.release()
	checkSelected(t, s, sn, state)
}

// tagIsKept reports whether the file of tags answers for a tag.
func tagIsKept(t *testing.T, s *Store, folded string) bool {
	t.Helper()
	sn, err := s.snapshot(t.Context(), catalogueOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer sn.release()
	now := tagState{rowCount: sn.rowCount, freed: sn.rowCount}
	if now.changes, err = sn.tagChanges(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, from, err := s.readTag(s.header(sn.generation), now, folded)
	return err == nil && from > 0
}

// Filters select what the catalogue says: without files, with them, behind them, after
// changes of tags, deletions and a compaction, and whatever happened to the files.
func TestSelected(t *testing.T) {
	o := filterOptions(t)
	rng := rand.New(rand.NewPCG(1, 2))
	s := mustOpen(t, o)
	reopen := func() {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = mustOpen(t, o)
	}
	must := func(errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	records := filterRecords(rng, 0, 1500)
	must(s.Upsert(t.Context(), records[:50]))
	checkFilters(t, s, "a small index")
	must(s.Upsert(t.Context(), records[50:1000]))
	checkFilters(t, s, "no files yet")
	reopen()
	if rows := s.attributeRows(s.header(1)); rows != 1000 {
		t.Fatalf("the attributes are of %d rows", rows)
	}
	for label, want := range map[string]bool{"all": true, "half": true, "few": true, "one": false, "nobody": false} {
		if got := tagIsKept(t, s, label); got != want {
			t.Errorf("in the file of tags is %s: %v", label, got)
		}
	}
	checkFilters(t, s, "from the files")

	must(s.Upsert(t.Context(), records[990:])) // ten of them anew
	checkFilters(t, s, "files that are behind")
	must(s.Delete(t.Context(), []string{records[3].ID, records[999].ID, records[1200].ID}))
	checkFilters(t, s, "records are gone")
	if !tagIsKept(t, s, "half") {
		t.Error("adding and removing records made the file of tags useless")
	}
	must(s.SetTags(t.Context(), "s2", map[string][]store.Tag{records[5].ID: {{Label: "changed"}}, records[6].ID: {{Label: "half"}}, records[7].ID: nil}))
	if tagIsKept(t, s, "half") {
		t.Error("the file of tags does not know that tags have changed")
	}
	checkFilters(t, s, "tags have changed")
	reopen()
	if !tagIsKept(t, s, "half") {
		t.Error("the file of tags was not rebuilt")
	}
	checkFilters(t, s, "tags have changed, new files")

	for _, path := range []string{attributeFile.path(s), tagFile.path(s)} {
		whole, err := os.ReadFile(path)
		must(err)
		for state, damaged := range map[string][]byte{
			"empty": {}, "cut": whole[:len(whole)-20], "a header alone": whole[:40], "a flipped bit": flip(whole, len(whole)-5), "another index": flip(whole, 20),
			"another version": flip(whole, 8), "another generation": flip(whole, 32), "a flipped bit in front": flip(whole, 56+6*attributeEntry+12),
		} {
			must(os.WriteFile(path, damaged, 0o644))
			s.known.newest = nil
			checkFilters(t, s, path+": "+state)
		}
		must(os.WriteFile(path, whole, 0o644))
	}

	ids := make([]string, 0, 400)
	for _, r := range records[:400] {
		ids = append(ids, r.ID)
	}
	must(s.Delete(t.Context(), ids), s.Compact(t.Context()))
	checkFilters(t, s, "after a compaction")
	reopen()
	if !tagIsKept(t, s, "half") {
		t.Error("there is no file of tags after a compaction")
	}
	checkFilters(t, s, "after a compaction, new files")
}

// A view that began before records were removed, and before the files were written, has
// those records still.
func TestSelectedInAnOlderView(t *testing.T) {
	for name, added := range map[string]int{"as many rows": 0, "fewer rows": 200} {
		t.Run(name, func(t *testing.T) {
			s := mustOpen(t, filterOptions(t))
			records := filterRecords(rand.New(rand.NewPCG(1, 2)), 0, 250)
			if err := s.Upsert(t.Context(), records); err != nil {
				t.Fatal(err)
			}
			older, err := s.snapshot(t.Context(), withVectors)
			if err != nil {
				t.Fatal(err)
			}
			defer older.release()
			if name == "as many rows" { // with attributes that know all records
				checkSelected(t, s, older, "before")
			}
			if err := s.Delete(t.Context(), []string{records[0].ID, records[100].ID, records[249].ID}); err != nil {
				t.Fatal(err)
			}
			if err := s.Upsert(t.Context(), filterRecords(rand.New(rand.NewPCG(3, 4)), 250, added)); err != nil {
				t.Fatal(err)
			}
			s.mu.Lock()
			s.keepAttributes(t.Context(), 0)
			s.keepTags(t.Context(), 0)
			s.mu.Unlock()
			checkFilters(t, s, "the present")
			if n := len(s.known.newest.unknown); added > 0 && n != 3 {
				t.Errorf("%d rows had no record when the attributes were read", n)
			}
			checkSelected(t, s, older, "an older view")
		})
	}
}

// An older copy of the catalogue, put beside newer files, goes on from there.
func TestFiltersAfterAnOlderCatalogue(t *testing.T) {
	o := filterOptions(t)
	rng := rand.New(rand.NewPCG(1, 2))
	s := mustOpen(t, o)
	write := func(from, n int) {
		t.Helper()
		if err := s.Upsert(t.Context(), filterRecords(rng, from, n)); err != nil {
			t.Fatal(err)
		}
		checkFilters(t, s, "while writing")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write(0, 500)
	older, err := os.ReadFile(s.cataloguePath())
	if err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, o)
	write(500, 500)
	if err := os.WriteFile(s.cataloguePath(), older, 0o644); err != nil {
		t.Fatal(err)
	}
	o.Mode = store.ReadOnly
	s = mustOpen(t, o)
	checkFilters(t, s, "an older catalogue")
	s.Close()
	o.Mode = store.Create
	s = mustOpen(t, o)
	write(2000, 700)
	s = mustOpen(t, o)
	checkFilters(t, s, "which has gone on")
}

// Searches with filters find what a bitmap by the catalogue would let them find.
func TestFilteredSearch(t *testing.T) {
	o := filterOptions(t)
	s := mustOpen(t, o)
	rng := rand.New(rand.NewPCG(1, 2))
	if err := s.Upsert(t.Context(), filterRecords(rng, 0, 3000)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, o)
	counts := []int{1, 2, 17, 1000}
	if testing.Short() {
		counts = []int{1, 17}
	}
	for _, queries := range counts {
		q := store.Query{Vectors: vec.NewMatrix(queries, 8), MinScore: -1}
		for i := range queries {
			randomUnit(rng, q.Vectors.Row(i))
		}
		for _, filter := range leafFilters()[:20] {
			for _, k := range []int{1, 10, 4000} {
				if q.Filter, q.K = filter, k; queries*k > 50_000 {
					continue
				}
				got, err := s.Search(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(byCatalogue(t, s, q), idsOfHits(got)); diff != "" {
					t.Errorf("%#v, %d queries, %d wanted (-catalogue +search):\n%s", filter, queries, k, diff)
				}
			}
		}
	}
}

// byCatalogue searches what the catalogue says that a filter selects.
func byCatalogue(t *testing.T, s *Store, q store.Query) [][]string {
	t.Helper()
	sn, err := s.snapshot(t.Context(), withVectors)
	if err != nil {
		t.Fatal(err)
	}
	defer sn.release()
	selected, err := sn.matching(t.Context(), q.Filter)
	if err != nil {
		t.Fatal(err)
	}
	tops, err := newScan(s.engine, nil, sn, q, selected).run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	hits, err := sn.hits(t.Context(), tops)
	if err != nil {
		t.Fatal(err)
	}
	return idsOfHits(hits)
}

func idsOfHits(hits [][]store.Hit) [][]string {
	out := make([][]string, len(hits))
	for q := range hits {
		for _, h := range hits[q] {
			out[q] = append(out[q], fmt.Sprint(h.ID, " ", h.Score))
		}
	}
	return out
}

// FuzzAttributes reads attributes whose checksum is right.
func FuzzAttributes(f *testing.F) {
	h := header{dim: 8, generation: 1, identity: make([]byte, identitySize)}
	a := newAttributes(1)
	a.entries, a.groups = make([]byte, 2*attributeEntry), append(a.groups, group{"/a/", "jpeg", true})
	f.Add(a.encode(h)[40:])
	f.Fuzz(func(t *testing.T, body []byte) {
		b := append(newAttributes(1).encode(h)[:40], body...)
		binary.LittleEndian.PutUint32(b[12:], crc32.ChecksumIEEE(b[16:]))
		decode := func(b []byte) (*attributes, error) {
			fields, body, err := attributeFile.decode(b, h)
			if err != nil {
				return nil, err
			}
			return decodeAttributes(fields, body, 1)
		}
		if len(b) < attributeFile.headSize() {
			return
		}
		a, err := decode(b)
		if err != nil {
			return
		}
		a.inGroups(a.rowCount(), func(group) bool { return true })
		a.since(a.rowCount(), 0, 0)
		if again, err := decode(a.encode(h)); err != nil || !bytes.Equal(again.entries, a.entries) {
			t.Errorf("written and read again: %v", err)
		}
	})
}

// FuzzTagRows reads directories and rows of tags.
func FuzzTagRows(f *testing.F) {
	b := newBitmap(100)
	for i := int64(0); i < 100; i += 20 {
		b.set(i)
	}
	f.Add(encodeRowSet(b))
	f.Add(encodeRowSet(full(100)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for rest, err := data, error(nil); len(rest) > 0 && err == nil; {
			_, rest, err = nextTag(rest)
		}
		b := newBitmap(130)
		if b.addRowSet(data, 100) != nil {
			return
		}
		again := newBitmap(130)
		if err := again.addRowSet(encodeRowSet(b), 130); err != nil || !cmp.Equal(b.words, again.words) {
			t.Errorf("written and read again: %v, %v", err, again.words)
		}
	})
}
