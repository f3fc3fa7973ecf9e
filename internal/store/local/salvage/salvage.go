// Package salvage reads the rows of a damaged SQLite database: page by page, without the
// B-trees, the schema or the list of tables, any of which may be what is damaged. Which table
// a row belongs to is for the caller to tell by its values.
//
// Pages with checksums (package pagesum) are read where those are right, others where what
// they say makes sense. Rows of pages on the list of free pages, which hold what was deleted,
// are left out as far as that list can be read. What the write-ahead log holds counts in the
// place of the pages in the file, up to its last whole commit.
//
// The formats are those of https://sqlite.org/fileformat2.html.
package salvage

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"

	"github.com/sightline/sightline/internal/store/local/pagesum"
)

// Row is an entry of a page.
type Row struct {
	Page    int64
	Indexed bool  // of an index, or of a table WITHOUT ROWID, which is stored as one
	RowID   int64 // where it is not
	// Values are the columns, each nil, an int64, a float64, a string or a []byte. A column
	// that repeats the row id is nil.
	Values []any
}

// Database is a database open for salvaging.
type Database struct {
	file     *os.File
	log      *os.File // nil where there is none
	inLog    map[int64]int64
	pageSize int
	usable   int // bytes of a page without those reserved
	sums     bool
	pages    int64
	free     map[int64]bool
	listed   bool // whether all of the free pages could be read

	damaged []int64
	lost    int
}

// defaultPageSize is SQLite's, for a file whose header says none.
const defaultPageSize = 4096

// Open opens the database at a path, and its log beside it. An error is about the files,
// not about what they hold.
func Open(path string) (_ *Database, err error) {
	d := &Database{pageSize: defaultPageSize}
	if d.file, err = os.Open(path); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			d.Close()
		}
	}()
	if d.log, err = os.Open(path + "-wal"); errors.Is(err, fs.ErrNotExist) {
		d.log, err = nil, nil
	} else if err != nil {
		return nil, err
	}
	info, err := d.file.Stat()
	if err != nil {
		return nil, err
	}
	head := make([]byte, pagesum.HeaderSize)
	if _, err := d.file.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	reserved := 0
	if h, ok := pagesum.ReadHeader(head); ok {
		d.pageSize, reserved = h.PageSize, int(head[20])
	}
	d.pages = info.Size() / int64(d.pageSize)
	if err := d.readLog(); err != nil {
		return nil, err
	}
	if d.sums, err = d.haveSums(); err != nil {
		return nil, err
	}
	if d.sums {
		reserved = pagesum.Reserved
	}
	d.usable = d.pageSize - reserved
	if d.usable < 480 { // the least that SQLite allows
		d.usable = d.pageSize
	}
	d.listed = d.readFree()
	return d, nil
}

// Close closes the files.
func (d *Database) Close() error {
	err := d.file.Close()
	if d.log != nil {
		err = errors.Join(err, d.log.Close())
	}
	return err
}

// haveSums finds out by the pages themselves whether they have checksums, since the header
// that says so may be damaged.
func (d *Database) haveSums() (bool, error) {
	const look = 64
	whole, n := 0, 0
	page := make([]byte, d.pageSize)
	for number := int64(1); number <= min(d.pages, look); number++ {
		if _, logged := d.inLog[number]; logged {
			continue
		}
		if _, err := d.file.ReadAt(page, (number-1)*int64(d.pageSize)); err != nil {
			return false, err
		}
		if n++; pagesum.IsWhole(page, number) {
			whole++
		}
	}
	return whole > 0 && whole >= n/2, nil
}

// Damaged are the pages that Rows could not use, after it. Lost is how many rows it left out
// besides, because pages that they go on to are damaged.
func (d *Database) Damaged() (pages []int64, lost int) { return d.damaged, d.lost }

// Listed reports whether rows that were deleted are known to be left out. Where they are
// not, the list of free pages is damaged.
func (d *Database) Listed() bool { return d.listed }

// page reads a page; ok is false where it is damaged or missing.
func (d *Database) page(number int64, b []byte) (ok bool, err error) {
	if number < 1 || number > d.pages {
		return false, nil
	}
	if at, logged := d.inLog[number]; logged {
		_, err := d.log.ReadAt(b, at)
		return err == nil, ignoreEOF(err)
	}
	if _, err := d.file.ReadAt(b, (number-1)*int64(d.pageSize)); err != nil {
		return false, ignoreEOF(err)
	}
	return !d.sums || pagesum.IsWhole(b, number), nil
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// readFree reads the list of free pages, and reports whether it could read all of it.
func (d *Database) readFree() bool {
	d.free = map[int64]bool{}
	b := make([]byte, d.pageSize)
	if ok, err := d.page(1, b); !ok || err != nil {
		return false
	}
	for next := int64(binary.BigEndian.Uint32(b[32:])); next != 0; next = int64(binary.BigEndian.Uint32(b)) {
		if ok, err := d.page(next, b); !ok || err != nil || d.free[next] {
			return false
		}
		d.free[next] = true
		n := int(binary.BigEndian.Uint32(b[4:]))
		if n < 0 || n > d.pageSize/4-2 {
			return false
		}
		for i := range n {
			d.free[int64(binary.BigEndian.Uint32(b[8+4*i:]))] = true
		}
	}
	return true
}

// Rows yields the rows of all pages that can be read, in the order of the pages. Free pages
// and those that rows go on to hold none.
func (d *Database) Rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		d.damaged, d.lost = nil, 0
		b := make([]byte, d.pageSize)
		for number := int64(1); number <= d.pages; number++ {
			if err := ctx.Err(); err != nil {
				yield(Row{}, err)
				return
			}
			if d.free[number] {
				continue
			}
			ok, err := d.page(number, b)
			if err != nil {
				yield(Row{}, fmt.Errorf("page %d: %w", number, err))
				return
			}
			if !ok {
				d.damaged = append(d.damaged, number)
				continue
			}
			for cell := range d.cells(b, number) {
				row, ok, err := d.row(cell, number)
				switch {
				case err != nil:
					yield(Row{}, fmt.Errorf("page %d: %w", number, err))
					return
				case !ok:
					d.lost++
				case !yield(row, nil):
					return
				}
			}
		}
	}
}
