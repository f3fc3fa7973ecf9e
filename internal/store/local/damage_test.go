package local

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// TestDamage spoils a closed index in one way at a time. What can be reported at once
// must fail with ErrDamaged, and Verify must name all of it.
func TestDamage(t *testing.T) {
	const records = 40
	sound := t.TempDir()
	s := mustOpen(t, testOptions(sound))
	if err := s.Upsert(t.Context(), testBatch(0, records, 1)); err != nil {
		t.Fatal(err)
	}
	if err := s.Upsert(t.Context(), testBatch(0, 2, 2)); err != nil {
		t.Fatal(err)
	}
	s.Close()

	inFile := func(off int64, b ...byte) func(*testing.T, string) {
		return func(t *testing.T, dir string) { patch(t, vectorFileOf(t, dir), off, b) }
	}
	sqlite := func(statement string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { execCatalogue(t, dir, statement) }
	}
	nan := binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(math.NaN())))
	for name, test := range map[string]struct {
		spoil   func(t *testing.T, dir string)
		says    string // part of what Verify reports
		refused bool   // a search and a write fail
	}{
		"one float short": {func(t *testing.T, dir string) { shorten(t, vectorFileOf(t, dir), 4) }, "the catalogue needs", true},
		"only a header":   {func(t *testing.T, dir string) { os.Truncate(vectorFileOf(t, dir), headerSize) }, "the catalogue needs", true},
		"empty file":      {func(t *testing.T, dir string) { os.Truncate(vectorFileOf(t, dir), 0) }, "the header has 0 of", true},
		"no file":         {func(t *testing.T, dir string) { os.Remove(vectorFileOf(t, dir)) }, "no such file", true},
		"magic":           {inFile(0, 'X'), "not a vector file", true},
		"dimension":       {inFile(12, 6), "checksum", true},
		"another index's": {otherIndexFile, "does not belong", true},
		"zero vector":     {inFile(vectorOffset(testDim, 20), make([]byte, 4*testDim)...), "/p/20.jpg (row 20) is damaged", false},
		"NaN":             {inFile(vectorOffset(testDim, 3)+8, nan...), "/p/3.jpg (row 3) is damaged", false},
		"lost row":        {sqlite("DELETE FROM records WHERE slot = 7"), "row 7 is neither", false},
		"freed in use":    {sqlite("INSERT INTO freed VALUES(8)"), "row 8 is both", false},
		"row beyond":      {sqlite("UPDATE records SET slot = 999 WHERE slot = 9"), "row 999 is outside", false},
		"lost tags":       {sqlite("INSERT INTO tags VALUES(1000, 0, 'user', 'x', 'x', 0, 0)"), "row 1000 has tags", false},
		"flipped bit":     {inFile(vectorOffset(testDim, 30)+1, 0x55), "/p/30.jpg (row 30) is damaged", false},
		"million rows":    {sqlite("UPDATE state SET slots = 100000000000"), "speaks of", true},
		"absurd state":    {sqlite("UPDATE state SET slots = 9000000000000000000"), "rows", true},
		"broken page":     {breakPage, catalogueName, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := testOptions(copyIndex(t, sound))
			test.spoil(t, o.Dir)
			o.Mode = store.ReadWrite
			s, err := Open(t.Context(), o)
			if err != nil {
				mustFail(t, "Open", err, store.ErrDamaged)
				return
			}
			defer s.Close()
			var problems []string
			if err := s.Verify(t.Context(), func(p string) { problems = append(problems, p) }); err != nil {
				t.Errorf("Verify = %v", err)
			}
			if !strings.Contains(strings.Join(problems, "\n"), test.says) {
				t.Errorf("Verify reports %q, not %q", problems, test.says)
			}
			v := vec.NewMatrix(1, testDim)
			v.Data[0] = 1
			_, err = s.Search(t.Context(), store.Query{Vectors: v, K: 100, MinScore: -1})
			if err != nil && !errors.Is(err, store.ErrDamaged) {
				t.Errorf("Search = %v", err)
			}
			if test.refused {
				mustFail(t, "Search", err, store.ErrDamaged)
				mustFail(t, "Upsert", s.Upsert(t.Context(), testBatch(50, 51, 1)), store.ErrDamaged)
			}
		})
	}
}

func TestNotADatabase(t *testing.T) {
	o := testOptions(t.TempDir())
	mustOpen(t, o).Close()
	if err := os.WriteFile(filepath.Join(o.Dir, "c", catalogueName), []byte(strings.Repeat("garbage ", 1000)), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []store.Mode{store.ReadOnly, store.ReadWrite, store.Create} {
		o.Mode = mode
		_, err := Open(t.Context(), o)
		mustFail(t, "Open of garbage", err, store.ErrDamaged)
	}
}

func patch(t *testing.T, path string, off int64, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(b, off); err != nil {
		t.Fatal(err)
	}
}

func shorten(t *testing.T, path string, by int64) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()-by); err != nil {
		t.Fatal(err)
	}
}

// otherIndexFile puts a sound vector file of another index in the place.
func otherIndexFile(t *testing.T, dir string) {
	o := testOptions(t.TempDir())
	s := mustOpen(t, o)
	if err := s.Upsert(t.Context(), testBatch(0, 60, 1)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	b, err := os.ReadFile(vectorFileOf(t, o.Dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(vectorFileOf(t, dir), b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// breakPage overwrites the last page of the catalogue, which belongs to an index.
func breakPage(t *testing.T, dir string) {
	path := filepath.Join(dir, "c", catalogueName)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	patch(t, path, info.Size()-4096, []byte(strings.Repeat("\xee", 64)))
}

// FuzzHeader feeds the reader of vector files with anything, also with headers whose
// checksum is right. It must refuse or accept, what it accepts it must write back
// the same, and it must never map more than the file holds.
func FuzzHeader(f *testing.F) {
	good := header{dim: 512, generation: 3, identity: []byte("0123456789abcdef")}.encode()[:headerUsed]
	f.Add(good, true, true, uint16(5000))
	f.Add(good, true, false, uint16(0))
	f.Add([]byte("SIGHTVEC"), false, false, uint16(3))
	f.Add([]byte{}, false, true, uint16(0))
	f.Fuzz(func(t *testing.T, b []byte, padded, sealed bool, body uint16) {
		if padded {
			b = append(b[:len(b):len(b)], make([]byte, max(0, headerSize-len(b)))...)
		}
		if sealed && len(b) >= headerUsed {
			binary.LittleEndian.PutUint32(b[40:], crc32.ChecksumIEEE(b[:40]))
		}
		b = append(b[:len(b):len(b)], make([]byte, body)...)
		h, err := decodeHeader(b)
		if err != nil {
			if !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrNewerFormat) {
				t.Fatalf("an error of neither kind: %v", err)
			}
			return
		}
		if again := h.encode(); h.dim < 1 || h.generation < 1 || string(again[12:40]) != string(b[12:40]) {
			t.Fatalf("%v does not read back", h)
		}
		path := filepath.Join(t.TempDir(), "vectors.f32")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		rowCount := (int64(len(b)) - headerSize) / int64(4*h.dim)
		r, err := mapVectors(path, h, rowCount)
		if err != nil {
			t.Fatalf("%d bytes for %d rows of %d: %v", len(b), rowCount, h.dim, err)
		}
		defer r.close()
		var buf []float32
		if rows, err := r.rows(0, rowCount, &buf); err != nil || rows.Rows != int(rowCount) {
			t.Fatal(rows.Rows, err)
		}
		if _, err := mapVectors(path, h, rowCount+1); !errors.Is(err, store.ErrDamaged) {
			t.Fatalf("a row beyond the file was mapped: %v", err)
		}
		if _, err := mapVectors(path, header{dim: h.dim, generation: h.generation + 1, identity: h.identity}, 0); !errors.Is(err, store.ErrDamaged) {
			t.Fatalf("a file of another generation was mapped: %v", err)
		}
	})
}
