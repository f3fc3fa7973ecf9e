package local

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
)

// creationDir turns the test binary into a process that makes indexes until it is killed.
const creationDir = "SIGHTLINE_TEST_CREATION_DIR"

func createUntilKilled(dir string) error {
	for n := 0; ; n++ {
		s, err := Open(context.Background(), testOptions(filepath.Join(dir, strconv.Itoa(n))))
		if err != nil {
			return err
		}
		if err := s.Close(); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// TestKilledCreation kills processes while they make indexes. Each index is there or is
// not: whatever command comes next works.
func TestKilledCreation(t *testing.T) {
	for range chaosRounds(6, 60) {
		dir := t.TempDir()
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), creationDir+"="+dir)
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		made, err := os.ReadDir(dir)
		if err != nil || len(made) == 0 {
			t.Fatal(made, err)
		}
		for _, e := range made[max(0, len(made)-2):] {
			o := testOptions(filepath.Join(dir, e.Name()))
			o.Mode = store.ReadOnly
			s, err := Open(t.Context(), o)
			if err == nil {
				s.Close()
			} else if !errors.Is(err, store.ErrNoIndex) {
				t.Errorf("a look at it: %v", err)
			}
			o.Mode = store.Create
			s = mustOpen(t, o)
			if err := s.Upsert(t.Context(), testBatch(0, 3, 1)); err != nil {
				t.Fatal(err)
			}
			if n := len(checkWhole(t, s)); n != 3 {
				t.Errorf("%d records", n)
			}
			s.Close()
		}
	}
}

// hotJournal leaves a catalogue as a process does that was killed in a change that it made
// with a rollback journal, as SQLite's switch to a log is.
func hotJournal(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "c", catalogueName)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, statement := range []string{
		"PRAGMA journal_mode=DELETE", "PRAGMA cache_size=1", "PRAGMA cache_spill=1", "BEGIN",
		"CREATE TABLE half(x)", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 2000) " +
			"INSERT INTO half SELECT randomblob(500) FROM n", "UPDATE state SET updated = 1",
		"INSERT INTO half SELECT * FROM half",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	left := map[string][]byte{}
	for _, suffix := range []string{"", "-journal"} {
		if left[suffix], err = os.ReadFile(path + suffix); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	for suffix, b := range left {
		if err := os.WriteFile(path+suffix, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// What a killed process left to undo is undone by whatever command comes next.
func TestHotJournal(t *testing.T) {
	for _, mode := range []store.Mode{store.ReadOnly, store.ReadWrite, store.Create} {
		o := testOptions(t.TempDir())
		s := mustOpen(t, o)
		if err := s.Upsert(t.Context(), testBatch(0, 3, 1)); err != nil {
			t.Fatal(err)
		}
		s.Close()
		hotJournal(t, o.Dir)
		o.Mode = mode
		s = mustOpen(t, o)
		if n := len(checkWhole(t, s)); n != 3 {
			t.Errorf("mode %d: %d records", mode, n)
		}
		s.Close()
	}
}

// A log that belongs to a catalogue that is gone is not taken for the new one's.
func TestStaleLog(t *testing.T) {
	o := testOptions(t.TempDir())
	s := mustOpen(t, o)
	if err := s.Upsert(t.Context(), testBatch(0, 3, 1)); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(s.cataloguePath() + "-wal")
	if err != nil || len(log) == 0 {
		t.Fatal(len(log), err)
	}
	s.Close()
	os.Remove(s.cataloguePath())
	for _, suffix := range []string{"-wal", newSuffix, newSuffix + "-wal"} {
		if err := os.WriteFile(s.cataloguePath()+suffix, log, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s = mustOpen(t, o)
	if n := len(checkWhole(t, s)); n != 0 {
		t.Errorf("%d records of another index", n)
	}
}

// A database that another program made is not touched.
func TestForeignDatabase(t *testing.T) {
	o := testOptions(t.TempDir())
	if err := os.MkdirAll(filepath.Join(o.Dir, "c"), 0o755); err != nil {
		t.Fatal(err)
	}
	execCatalogue(t, o.Dir, "CREATE TABLE addresses(x)")
	before := contents(t, o.Dir)
	if _, err := Open(t.Context(), o); err == nil {
		t.Error("an index was made of another program's database")
	}
	path := filepath.Join(o.Dir, "c", catalogueName)
	os.Remove(filepath.Join(o.Dir, "c", lockName))
	if b, err := os.ReadFile(path); err != nil || path+"\x00"+string(b) != before[0] && len(b) == 0 {
		t.Errorf("it has changed: %v", err)
	}
}
