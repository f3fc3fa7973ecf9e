package pagesum

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// openDatabase opens a database with a VFS, "" for SQLite's own.
func openDatabase(t *testing.T, path, vfs, more string) *sql.DB {
	t.Helper()
	if err := Register(); err != nil {
		t.Fatal(err)
	}
	if vfs != "" {
		more += "&vfs=" + vfs
	}
	db, err := sql.Open("sqlite", "file:"+path+"?"+more)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	return db
}

func run(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// fill makes a table of some pages, with rows that go on in others.
const fill = `INSERT INTO t SELECT value, 'text ' || value || hex(zeroblob(value % 5000)) FROM
	(WITH RECURSIVE c(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM c WHERE value < 300) SELECT value FROM c)`

func makeDatabase(t *testing.T, vfs, mode string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.db")
	db := openDatabase(t, path, vfs, "&_pragma=journal_mode("+mode+")")
	run(t, db, "CREATE TABLE t(n INTEGER PRIMARY KEY, s TEXT)", fill, "DELETE FROM t WHERE n % 3 = 0")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// Every page of a database has a checksum, whether it went through a log or a journal.
func TestEveryPageIsSealed(t *testing.T) {
	for _, mode := range []string{"WAL", "DELETE"} {
		b, err := os.ReadFile(makeDatabase(t, Name, mode))
		if err != nil {
			t.Fatal(err)
		}
		h, ok := ReadHeader(b)
		if !ok || !h.Sums || h.PageSize != 4096 || len(b) < 20*h.PageSize {
			t.Fatalf("%s: %+v, %v, %d bytes", mode, h, ok, len(b))
		}
		for n := 0; n < len(b)/h.PageSize; n++ {
			if !IsWhole(b[n*h.PageSize:(n+1)*h.PageSize], int64(n+1)) {
				t.Errorf("%s: page %d has a wrong checksum", mode, n+1)
			}
		}
	}
}

func readAll(db *sql.DB) (int, error) {
	var n int
	err := db.QueryRow("SELECT sum(length(s)) FROM t").Scan(&n)
	return n, err
}

// A page that was changed, or that lies in the place of another, is an error.
func TestDamageIsTold(t *testing.T) {
	path := makeDatabase(t, Name, "WAL")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(b []byte){
		"a bit":        func(b []byte) { b[5*4096+2000] ^= 8 },
		"the checksum": func(b []byte) { b[6*4096-1] ^= 8 },
		"two swapped": func(b []byte) {
			c := slices.Clone(b[4*4096:])
			copy(b[4*4096:], c[4096:8192])
			copy(b[5*4096:], c[:4096])
		},
		"all of it": func(b []byte) { clear(b[5*4096 : 6*4096]) },
	} {
		b := slices.Clone(whole)
		spoil(b)
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		db := openDatabase(t, path, Name, "&mode=ro")
		_, err := readAll(db)
		var e *sqlite.Error
		if !errors.As(err, &e) || e.Code() != sqlite3.SQLITE_IOERR_DATA {
			t.Errorf("%s: %v", name, err)
		}
		db.Close()
	}
}

// A database without checksums is read and written as ever, and gets them with a VACUUM.
func TestOtherDatabases(t *testing.T) {
	for _, mode := range []string{"WAL", "DELETE"} {
		path := makeDatabase(t, "", mode)
		db := openDatabase(t, path, Name, "")
		before, err := readAll(db)
		if err != nil {
			t.Fatal(err)
		}
		run(t, db, "UPDATE t SET s = s || ''", "VACUUM")
		db.Close()
		b, err := os.ReadFile(path)
		if err != nil || b[20] != Reserved || !IsWhole(b[4096:8192], 2) {
			t.Errorf("%s: byte 20 is %d, %v", mode, b[20], err)
		}
		db = openDatabase(t, path, Name, "")
		if after, err := readAll(db); after != before || err != nil {
			t.Errorf("%s: %d, want %d, %v", mode, after, before, err)
		}
		// Any program reads it.
		if after, err := readAll(openDatabase(t, path, "", "&mode=ro")); after != before || err != nil {
			t.Errorf("%s: read by others: %d, want %d, %v", mode, after, before, err)
		}
	}
}

// budget fails every operation from one on.
type budget struct{ left atomic.Int64 }

func (b *budget) Fault(op Op, _ string, _ int64, n int) (code, part int) {
	if op == Read || b.left.Add(-1) >= 0 {
		return 0, 0
	}
	return sqlite3.SQLITE_FULL, n / 2
}

// Whatever a full disk leaves of a change, the database is whole and as before.
func TestFaults(t *testing.T) {
	b := &budget{}
	b.left.Store(1 << 40)
	defer Inject(b)()
	path := makeDatabase(t, Name, "WAL")
	want, err := readAll(openDatabase(t, path, Name, ""))
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for left := int64(0); left < 60; left++ {
		b.left.Store(left)
		db := openDatabase(t, path, Name, "&_pragma=journal_mode(WAL)")
		if _, err := db.Exec("UPDATE t SET s = upper(s)"); err != nil {
			failed++
		}
		db.Close()
		b.left.Store(1 << 40)
		db = openDatabase(t, path, Name, "")
		if got, err := readAll(db); got != want || err != nil {
			t.Fatalf("after %d operations: %d, want %d, %v", left, got, want, err)
		}
		db.Close()
	}
	if failed == 0 {
		t.Error("nothing failed")
	}
}
