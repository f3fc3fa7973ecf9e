package salvage

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/sightline/sightline/internal/store/local/pagesum"
)

// makeDatabase fills a database with rows of all types and lengths. The log is left beside
// it where fold is false.
func makeDatabase(t *testing.T, rows int, fold bool) (path string) {
	t.Helper()
	if err := pagesum.Register(); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "a.db")
	db, err := sql.Open("sqlite", "file:"+path+"?vfs="+pagesum.Name+"&_pragma=journal_mode(WAL)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	run := func(statement string, args ...any) {
		if _, err := db.Exec(statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	run("CREATE TABLE t(n INTEGER PRIMARY KEY, a INTEGER, b REAL, c TEXT, d BLOB)")
	run("CREATE TABLE w(a TEXT PRIMARY KEY, b INTEGER) WITHOUT ROWID")
	run("BEGIN")
	for n := range rows {
		run("INSERT INTO t VALUES(?,?,?,?,?)", n, wantInt(n), float64(n)/3+0.1, wantText(n), []byte{byte(n)})
		run("INSERT INTO w VALUES(?,?)", fmt.Sprintf("%s %d", wantText(n), n), n)
	}
	run("COMMIT")
	run("DELETE FROM t WHERE n % 7 = 3")
	if !fold {
		copied := filepath.Join(t.TempDir(), "a.db")
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(copied+suffix, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return copied
	}
	return path
}

func wantInt(n int) int64 { return int64(n)<<(n%60) - int64(n*7%1000) }

func wantText(n int) string {
	if n%50 == 1 { // over several pages
		return strings.Repeat(fmt.Sprint(n, " "), 3000)
	}
	return fmt.Sprint("text ", n)
}

// readRows returns the numbers of the rows of t and w that can be read, which must be right.
func readRows(t *testing.T, path string) (table, index []int, d *Database) {
	t.Helper()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for r, err := range d.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case r.Indexed && len(r.Values) == 2:
			n := int(r.Values[1].(int64))
			if want := fmt.Sprintf("%s %d", wantText(n), n); r.Values[0] != want {
				t.Fatalf("row %d of w: %v", n, r.Values[0])
			}
			index = append(index, n)
		case !r.Indexed && len(r.Values) == 5 && r.Values[0] == nil:
			n := int(r.RowID)
			if want := []any{nil, wantInt(n), float64(n)/3 + 0.1, wantText(n), []byte{byte(n)}}; !reflect.DeepEqual(r.Values, want) {
				t.Fatalf("row %d of t: %v, want %v", n, r.Values, want)
			}
			table = append(table, n)
		}
	}
	slices.Sort(table)
	slices.Sort(index)
	return table, index, d
}

func TestRowsOfASoundDatabase(t *testing.T) {
	const rows = 1500
	for _, fold := range []bool{true, false} {
		table, index, d := readRows(t, makeDatabase(t, rows, fold))
		want := 0
		for n := range rows {
			if n%7 != 3 {
				want++
			}
		}
		if len(table) != want || len(slices.Compact(table)) != want || len(index) != rows {
			t.Errorf("fold %v: %d rows of t, want %d; %d of w, want %d", fold, len(table), want, len(index), rows)
		}
		if pages, lost := d.Damaged(); len(pages) > 0 || lost > 0 || !d.Listed() {
			t.Errorf("fold %v: damaged pages %v, lost %d, listed %v", fold, pages, lost, d.Listed())
		}
	}
}

// TestRowsOfADamagedDatabase spoils each page in turn: the rows of all others are read, and
// they are right.
func TestRowsOfADamagedDatabase(t *testing.T) {
	const rows = 600
	path := makeDatabase(t, rows, true)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all, allIndexed, _ := readRows(t, path)
	for page := 0; page < len(whole)/defaultPageSize; page++ {
		b := slices.Clone(whole)
		b[page*defaultPageSize+77] ^= 4
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		table, index, d := readRows(t, path)
		pages, _ := d.Damaged()
		if len(pages) != 1 || pages[0] != int64(page+1) {
			if d.free[int64(page+1)] {
				continue
			}
			t.Fatalf("page %d: damaged pages %v", page+1, pages)
		}
		if len(table) < len(all)-200 || len(index) < len(allIndexed)-200 {
			t.Errorf("page %d: %d rows of %d, %d of %d", page+1, len(table), len(all), len(index), len(allIndexed))
		}
	}
}

// FuzzOpen reads whatever is there, without checksums.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("SQLite format 3\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "a.db")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		d, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		for _, err := range d.Rows(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
