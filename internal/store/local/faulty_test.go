package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

// faultyFiles is the real file system with a budget and hooks.
type faultyFiles struct {
	osFiles
	// left is how many bytes may still be written before the disk is full; a write
	// that does not fit is done in part, as a real disk does it. Negative: no limit.
	left atomic.Int64
	// short lets such a write report its part without an error.
	short bool
	// failSync makes Sync fail.
	failSync atomic.Bool
	// beforeSync and afterSync run around a Sync that succeeds.
	beforeSync, afterSync func(path string)
}

func newFaultyFiles() *faultyFiles {
	f := &faultyFiles{}
	f.left.Store(-1)
	return f
}

func (fs *faultyFiles) OpenFile(path string, flag int) (file, error) {
	f, err := fs.osFiles.OpenFile(path, flag)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file: f, fs: fs, path: path}, nil
}

type faultyFile struct {
	file
	fs   *faultyFiles
	path string
}

func (f *faultyFile) WriteAt(b []byte, off int64) (int, error) {
	left := f.fs.left.Load()
	if left < 0 || int64(len(b)) <= left {
		if left >= 0 {
			f.fs.left.Add(-int64(len(b)))
		}
		return f.file.WriteAt(b, off)
	}
	f.fs.left.Store(0)
	n, err := f.file.WriteAt(b[:left], off)
	if err == nil && !f.fs.short {
		err = &os.PathError{Op: "write", Path: f.path, Err: syscall.ENOSPC}
	}
	return n, err
}

func (f *faultyFile) Sync() error {
	if f.fs.failSync.Load() {
		return &os.PathError{Op: "sync", Path: f.path, Err: syscall.EIO}
	}
	if f.fs.beforeSync != nil {
		f.fs.beforeSync(f.path)
	}
	err := f.file.Sync()
	if err == nil && f.fs.afterSync != nil {
		f.fs.afterSync(f.path)
	}
	return err
}

// TestFullDisk lets the disk run full at every byte of a batch in turn. The call
// fails, the store stays as it was and goes on when there is room again.
func TestFullDisk(t *testing.T) {
	for _, short := range []bool{false, true} {
		files := newFaultyFiles()
		files.short = short
		o := testOptions(t.TempDir())
		o.files = files
		s := mustOpen(t, o)
		if err := s.Upsert(t.Context(), testBatch(0, 20, 1)); err != nil {
			t.Fatal(err)
		}
		for room := int64(0); room < 8*testDim*4; room += 7 {
			files.left.Store(room)
			err := s.Upsert(t.Context(), testBatch(5, 13, 2))
			if err == nil || !short && !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("room for %d bytes: %v", room, err)
			}
			if v := checkWhole(t, s); len(v) != 20 || v[5] != 1 || v[12] != 1 {
				t.Fatalf("room for %d bytes: versions %v", room, v)
			}
		}
		files.left.Store(-1)
		if err := s.Upsert(t.Context(), testBatch(5, 13, 3)); err != nil {
			t.Fatal(err)
		}
		if v := checkWhole(t, s); len(v) != 20 || v[0] != 1 || v[5] != 3 {
			t.Fatalf("with room again: versions %v", v)
		}

		files.failSync.Store(true)
		mustFail(t, "Upsert that cannot be made durable", s.Upsert(t.Context(), testBatch(0, 5, 4)), syscall.EIO)
		files.failSync.Store(false)
		if v := checkWhole(t, s); v[0] != 1 {
			t.Errorf("what could not be made durable is there: %v", v)
		}
	}
}

func TestFullDiskWhileCompacting(t *testing.T) {
	files := newFaultyFiles()
	o := testOptions(t.TempDir())
	o.files = files
	s := mustOpen(t, o)
	for version := 1; version <= 3; version++ {
		if err := s.Upsert(t.Context(), testBatch(0, 20, version)); err != nil {
			t.Fatal(err)
		}
	}
	for _, room := range []int64{0, 100, headerSize - 1, headerSize, headerSize + 3, headerSize + 20*testDim*4 - 1} {
		files.left.Store(room)
		mustFail(t, "Compact on a full disk", s.Compact(t.Context()), syscall.ENOSPC)
		vectorFileOf(t, o.Dir) // no half-written one is left beside it
		if v := checkWhole(t, s); len(v) != 20 || v[7] != 3 {
			t.Fatalf("versions %v", v)
		}
	}
	files.left.Store(-1)
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v := checkWhole(t, s); len(v) != 20 || v[7] != 3 {
		t.Fatalf("versions %v", v)
	}
}

// TestFullCatalogue fills SQLite's side instead of the vectors'.
func TestFullCatalogue(t *testing.T) {
	s := mustOpen(t, testOptions(t.TempDir()))
	if err := s.Upsert(t.Context(), testBatch(0, 20, 1)); err != nil {
		t.Fatal(err)
	}
	var pages int
	if err := s.write.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit := func(n int) {
		if _, err := s.write.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", n)); err != nil {
			t.Fatal(err)
		}
	}
	for more := range 3 {
		limit(pages + more)
		err := s.Upsert(t.Context(), testBatch(10, 500, 2))
		if !errors.Is(err, store.ErrNoSpace) {
			t.Fatalf("room for %d pages: %v", more, err)
		}
		if v := checkWhole(t, s); len(v) != 20 || v[10] != 1 {
			t.Fatalf("room for %d pages: %v", more, v)
		}
	}
	limit(1 << 30)
	if err := s.Upsert(t.Context(), testBatch(10, 500, 3)); err != nil {
		t.Fatal(err)
	}
	if v := checkWhole(t, s); len(v) != 500 || v[9] != 1 || v[10] != 3 {
		t.Fatalf("with room again: %d records", len(v))
	}
}

func TestFullDiskWhileCreating(t *testing.T) {
	for _, room := range []int64{0, 50, headerSize - 1} {
		files := newFaultyFiles()
		files.left.Store(room)
		o := testOptions(t.TempDir())
		o.files = files
		_, err := Open(t.Context(), o)
		mustFail(t, "Open on a full disk", err, syscall.ENOSPC)
		o.Mode = store.ReadOnly
		_, err = Open(t.Context(), o)
		mustFail(t, "Open after that", err, store.ErrNoIndex)
		files.left.Store(-1)
		o.Mode = store.Create
		checkWhole(t, mustOpen(t, o))
	}
}

// TestPowerCut takes a copy of all files at each moment around making vectors
// durable, as a power cut would leave them: of the vector file only what had been
// synced by then survives. Whatever had been committed must be there and whole.
func TestPowerCut(t *testing.T) {
	files := newFaultyFiles()
	o := testOptions(t.TempDir())
	o.files = files
	synced := make(map[string]int64) // length by name
	committed, cuts := 0, 0
	cut := func(path string) {
		cuts++
		dir := copyIndex(t, o.Dir)
		for name, length := range synced {
			f := filepath.Join(dir, "c", name)
			if info, err := os.Stat(f); err == nil && info.Size() > length {
				if err := os.Truncate(f, length); err != nil {
					t.Fatal(err)
				}
			}
		}
		after := testOptions(dir)
		s := mustOpen(t, after)
		versions := checkWhole(t, s)
		if len(versions) != 10 && committed > 0 {
			t.Errorf("cut %d: %d records", cuts, len(versions))
		}
		for n, v := range versions {
			if v != committed {
				t.Errorf("cut %d: record %d has version %d, committed is %d", cuts, n, v, committed)
			}
		}
		// And the index can be written on.
		if err := s.Upsert(t.Context(), testBatch(0, 10, 99)); err != nil {
			t.Errorf("cut %d: %v", cuts, err)
		}
		checkWhole(t, s)
		s.Close()
	}
	s := mustOpen(t, o)
	files.beforeSync = func(path string) {
		if _, ok := synced[filepath.Base(path)]; !ok {
			synced[filepath.Base(path)] = 0
		}
		cut(path)
	}
	files.afterSync = func(path string) {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		synced[filepath.Base(path)] = info.Size()
		cut(path)
	}
	synced["vectors-000001.f32"] = headerSize
	for version := 1; version <= 6; version++ {
		if err := s.Upsert(t.Context(), testBatch(0, 10, version)); err != nil {
			t.Fatal(err)
		}
		committed = version
		cut("")
		if version%3 == 0 {
			if err := s.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
			cut("")
		}
	}
	if cuts < 25 {
		t.Errorf("only %d cuts", cuts)
	}
}
