package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/sightline/sightline/internal/store"
)

// openForReading opens the catalogue for reading. Where SQLite cannot do so without
// writing, there are three cases. A writer that was killed left something to undo or to
// fold in, and the folder can be written: that is done. The folder cannot be written and
// the catalogue is all there is: it is read as a file that nobody changes. The folder
// cannot be written and something lies beside the catalogue: both are copied, and the copy
// is read.
func (s *Store) openForReading(ctx context.Context) error {
	path := s.cataloguePath()
	if err := checkCatalogueFiles(path); err != nil {
		return err
	}
	var err error
	if s.read, err = openCatalogue(path, store.ReadOnly); err != nil {
		return err
	}
	failed := probeCatalogue(ctx, s.read)
	if failed == nil || s.write != nil || !needsWriting(failed) {
		return sqlError(failed)
	}
	if isWritable(s.dir) && isWritable(path) {
		if err := recoverCatalogue(ctx, path); err == nil {
			s.log.Info("what a killed process left of a change was undone", "index", s.dir)
			return sqlError(probeCatalogue(ctx, s.read))
		} else if !needsWriting(err) {
			return sqlError(err)
		}
	}
	if err := s.read.Close(); err != nil {
		return sqlError(err)
	}
	if s.still, s.read, err = openStill(path, s.log.Warn); err != nil {
		return fmt.Errorf("%w; it could not be read otherwise either: %w", sqlError(failed), err)
	}
	return sqlError(probeCatalogue(ctx, s.read))
}

// probeCatalogue makes SQLite open the catalogue's files.
func probeCatalogue(ctx context.Context, db *sql.DB) error {
	var n int
	return db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&n)
}

// needsWriting reports whether SQLite failed to open a catalogue for reading because there
// is something that it would have to write.
func needsWriting(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return true
	}
	return e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE // the disk has no room for the file beside it
}

// recoverCatalogue opens a catalogue for writing, which undoes or folds in what a killed
// process left. SQLite's own locks keep others away meanwhile.
func recoverCatalogue(ctx context.Context, path string) error {
	db, err := openCatalogue(path, store.ReadWrite)
	if err != nil {
		return err
	}
	return errors.Join(probeCatalogue(ctx, db), db.Close())
}

// checkCatalogueFiles reports files of a catalogue that are not regular ones, links above
// all. Those beside it may be missing.
func checkCatalogueFiles(path string) error {
	for _, suffix := range append([]string{""}, sqliteSuffixes...) {
		if err := checkRegular(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// stillCatalogue is a catalogue in a folder that this process cannot write. SQLite does not
// watch over writers there, so that changes are looked for instead.
type stillCatalogue struct {
	path   string
	stamp  []fileStamp // of the catalogue and what lies beside it, when it was opened
	copied string      // folder of a copy; "" where the catalogue itself is read
}

// openStill opens a catalogue that nobody changes.
func openStill(path string, warn func(string, ...any)) (*stillCatalogue, *sql.DB, error) {
	st := &stillCatalogue{path: path}
	var err error
	if st.stamp, err = stampCatalogue(path); err != nil {
		return nil, nil, err
	}
	if st.stamp[1].size <= 0 && st.stamp[2].size <= 0 { // neither journal nor log
		db, err := openCatalogueAs(path, store.ReadOnly, "immutable")
		return st, db, err
	}
	warn("the catalogue has changes that are not folded in, and its folder cannot be written or is full: a copy is read", "catalogue", path)
	if st.copied, err = os.MkdirTemp("", "sightline-catalogue-"); err != nil {
		return nil, nil, err
	}
	db, err := st.openCopy()
	if err != nil {
		return nil, nil, errors.Join(err, st.release())
	}
	return st, db, nil
}

// openCopy copies the catalogue and what lies beside it, but for -shm, which holds nothing
// that lasts, and opens the copy.
func (st *stillCatalogue) openCopy() (*sql.DB, error) {
	to := filepath.Join(st.copied, catalogueName)
	for _, suffix := range []string{"", "-journal", "-wal"} {
		if err := copyRegular(to+suffix, st.path+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if changed, err := st.changed(); changed || err != nil {
		return nil, errors.Join(errStillChanged, err)
	}
	return openCatalogueAs(to, store.ReadWrite, "")
}

// errStillChanged says that another process writes where this one can only read.
var errStillChanged = errors.New("the index is being written by another process, and its folder cannot be written by this one: try again")

// changed reports whether the catalogue is another one than was opened.
func (st *stillCatalogue) changed() (bool, error) {
	now, err := stampCatalogue(st.path)
	if err != nil {
		return false, err
	}
	for i := range now {
		if now[i] != st.stamp[i] {
			return true, nil
		}
	}
	return false, nil
}

// release removes the copy.
func (st *stillCatalogue) release() error {
	if st.copied == "" {
		return nil
	}
	return os.RemoveAll(st.copied)
}

// fileStamp tells states of a file apart.
type fileStamp struct{ size, modified int64 }

// stampCatalogue returns the stamps of a catalogue, its journal and its log. What is missing
// has the size -1.
func stampCatalogue(path string) ([]fileStamp, error) {
	var out []fileStamp
	for _, suffix := range []string{"", "-journal", "-wal"} {
		info, err := os.Stat(path + suffix)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			out = append(out, fileStamp{size: -1})
		case err != nil:
			return nil, err
		default:
			out = append(out, fileStamp{size: info.Size(), modified: info.ModTime().UnixNano()})
		}
	}
	return out, nil
}

func copyRegular(to, from string) (err error) {
	in, err := openRegular(from, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
