package local

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local/blocks"
)

func backup(t *testing.T, o Options, to string, keep int) BackupReport {
	t.Helper()
	r, err := Backup(t.Context(), o, to, keep)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestBackupAndRestore brings back each state of an index that changed between, under its
// own name and under another.
func TestBackupAndRestore(t *testing.T) {
	o := Options{Dir: flipIndex(t, 100), Collection: "c"}
	extra := filepath.Join(o.Dir, "c", "labels", "x.json")
	if err := os.MkdirAll(filepath.Dir(extra), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(extra, []byte("saved"), 0o644); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "backup")
	s := mustOpen(t, testOptions(o.Dir))
	before := recordsOf(t, s)
	first := backup(t, o, to, 0) // while a writer has it open
	if first.Records != 100 || first.NewBytes != first.Bytes {
		t.Errorf("%+v", first)
	}
	if again := backup(t, o, to, 0); again.NewBytes != 0 {
		t.Errorf("an unchanged index: %+v", again)
	}
	if err := s.Delete(t.Context(), []string{testRecord(3, 1).ID}); err != nil {
		t.Fatal(err)
	}
	if err := s.Upsert(t.Context(), testBatch(200, 300, 1)); err != nil {
		t.Fatal(err)
	}
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	changed := recordsOf(t, s)
	second := backup(t, o, to, 0)
	s.Close()
	for state, want := range map[string]map[string]store.Record{first.State: before, second.State: changed, "": changed} {
		for _, name := range []string{"c", "other"} {
			target := testOptions(t.TempDir())
			target.Collection = name
			if _, err := Restore(t.Context(), target, RestoreOptions{From: to, State: state}); err != nil {
				t.Fatal(err)
			}
			target.Mode = store.ReadWrite
			s := mustOpen(t, target)
			if err := s.Verify(t.Context(), func(p string) { t.Error(p) }); err != nil {
				t.Fatal(err)
			}
			if got := recordsOf(t, s); !reflect.DeepEqual(got, want) || s.IDSpace() != "c" {
				t.Errorf("state %q as %s: %d records, want %d; ids of %s", state, name, len(got), len(want), s.IDSpace())
			}
			if b, err := os.ReadFile(filepath.Join(target.Dir, name, "labels", "x.json")); err != nil || !bytes.Equal(b, []byte("saved")) {
				t.Errorf("a saved label: %q, %v", b, err)
			}
			s.Close()
		}
	}
	if r := backup(t, o, to, 1); r.Removed != 3 {
		t.Errorf("%+v", r)
	}
}

// TestRestoreChecksFirst replaces nothing without being asked, nothing that is being
// written, and nothing by a backup that is damaged.
func TestRestoreChecksFirst(t *testing.T) {
	o := testOptions(flipIndex(t, 30))
	to := filepath.Join(t.TempDir(), "backup")
	backup(t, o, to, 0)
	s := mustOpen(t, o)
	if err := s.Delete(t.Context(), []string{testRecord(3, 1).ID}); err != nil {
		t.Fatal(err)
	}
	restore := func(force bool) error {
		_, err := Restore(t.Context(), o, RestoreOptions{From: to, Force: force})
		return err
	}
	mustFail(t, "Restore over an index", restore(false), store.ErrExists)
	mustFail(t, "Restore over one that is written", restore(true), store.ErrLocked)
	s.Close()
	names, err := filepath.Glob(filepath.Join(to, "blocks", "*", "*"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	whole, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	patch(t, names[0], 11, []byte{whole[11] ^ 1})
	mustFail(t, "Restore of a damaged backup", restore(true), blocks.ErrDamaged)
	patch(t, names[0], 11, whole[11:12])
	s = mustOpen(t, o)
	if n := len(recordsOf(t, s)); n != 29 {
		t.Errorf("%d records: the index was changed", n)
	}
	s.Close()
	if err := restore(true); err != nil {
		t.Fatal(err)
	}
	if n := len(recordsOf(t, mustOpen(t, o))); n != 30 {
		t.Errorf("%d records, want 30", n)
	}
	left, err := os.ReadDir(o.Dir)
	if err != nil || len(left) != 1 {
		t.Errorf("beside the index lies %v, %v", left, err)
	}
	mustFail(t, "Restore of no backup", func() error {
		_, err := Restore(t.Context(), o, RestoreOptions{From: t.TempDir(), Force: true})
		return err
	}(), blocks.ErrNoBackup)
}

// TestBackupWhileWriting backs up an index that is written and compacted all the time. Each
// state holds one version of all records.
func TestBackupWhileWriting(t *testing.T) {
	o := testOptions(t.TempDir())
	s := mustOpen(t, o)
	if err := s.Upsert(t.Context(), testBatch(0, 40, 1)); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for version := 2; ; version++ {
			select {
			case <-done:
				return
			default:
			}
			if err := errors.Join(s.Upsert(t.Context(), testBatch(0, 40, version)), s.Compact(t.Context())); err != nil {
				t.Error(err)
				return
			}
		}
	})
	to := filepath.Join(t.TempDir(), "backup")
	for range chaosRounds(5, 50) {
		r := backup(t, o, to, 2)
		target := testOptions(t.TempDir())
		if _, err := Restore(t.Context(), target, RestoreOptions{From: to, State: r.State}); err != nil {
			t.Fatal(err)
		}
		restored := mustOpen(t, target)
		versions := checkWhole(t, restored)
		for n, v := range versions {
			if v != versions[0] || len(versions) != 40 {
				t.Fatalf("record %d has version %d, record 0 %d of %d", n, v, versions[0], len(versions))
			}
		}
		restored.Close()
	}
	close(done)
	writer.Wait()
}
