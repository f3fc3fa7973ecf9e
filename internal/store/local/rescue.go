package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local/salvage"
)

// A catalogue whose pages are damaged is rebuilt from those that are not: see package
// salvage. The damaged one stays beside it under another name. What is rescued is
//
//   - every row of a page that is whole, with its tags and its vector's checksum;
//   - of a record whose page is damaged, what the indexes repeat of it: its path, from which
//     its id follows, and its place, so that its tags and its vector stay. The next run reads
//     the picture again;
//   - what the index says of itself, from model.json.
//
// What is lost is reported with the names of the pictures.

// damagedInfix is in the name of a catalogue that was replaced, before the time.
const damagedInfix = ".damaged-"

// Rescue makes the catalogue of a collection anew where it cannot be opened, or cannot be
// read whole. found is handed what is wrong, and told what was done. Store.Repair goes on
// from there.
func Rescue(ctx context.Context, o Options, found, told func(string)) error {
	base, err := o.base()
	if err != nil {
		return err
	}
	dir, err := currentFolder(base)
	if err != nil {
		return fmt.Errorf("rescue index %s: %w", base, err)
	}
	if _, err := os.Lstat(filepath.Join(dir, catalogueName)); errors.Is(err, fs.ErrNotExist) {
		return store.ErrNoIndex
	} else if err != nil {
		return err
	}
	lock, err := lockWriter(filepath.Join(dir, lockName))
	if err != nil {
		return err
	}
	err = rescueFolder(ctx, dir, o.Collection, found, told)
	return errors.Join(err, lock.release())
}

// rescueFolder is called by whoever holds the lock and has no connection open.
func rescueFolder(ctx context.Context, dir, collection string, found, told func(string)) (err error) {
	path := filepath.Join(dir, catalogueName)
	if err := checkCatalogueFiles(path); err != nil {
		return err
	}
	fresh := path + newSuffix
	for _, suffix := range append([]string{""}, sqliteSuffixes...) {
		if err := removeIfThere(fresh + suffix); err != nil {
			return err
		}
	}
	r := &rescue{dir: dir, collection: collection, found: found, told: told}
	if err := r.build(ctx, path, fresh); err != nil {
		return fmt.Errorf("rebuild the catalogue: %w", errors.Join(err, removeIfThere(fresh)))
	}
	// The log goes before the catalogue is replaced: it must not be taken for the new one's.
	old := path + damagedInfix + time.Now().UTC().Format("20060102T150405.000000000Z")
	for _, suffix := range []string{"-wal", "-journal"} {
		if err := os.Rename(path+suffix, old+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := removeIfThere(path + "-shm"); err != nil {
		return err
	}
	if err := keepAs(old, path); err != nil {
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		return err
	}
	// What is kept in memory or beside the catalogue may go by what was lost.
	for _, k := range cacheFiles {
		if err := removeIfThere(filepath.Join(dir, k.name)); err != nil {
			return err
		}
	}
	told(fmt.Sprintf("the catalogue was rebuilt: %d pictures, %d tags, %d failures; the damaged one is kept as %s",
		r.records, r.tags, r.failures, old))
	return osFiles{}.SyncDir(dir)
}

// keepAs gives a file a second name, or copies it where the file system has no links.
func keepAs(name, path string) error {
	if err := os.Link(path, name); err == nil {
		return nil
	}
	return copyRegular(name, path)
}

// maxRescued is far above the rows of any index of one machine: a bit of memory each.
const maxRescued = 1 << 31

// rescue is one catalogue that is rebuilt.
type rescue struct {
	dir, collection string
	found, told     func(string)

	model                   metaContents
	records, tags, failures int64
	generation, slots       int64
	named                   map[int64][]string // by row, from the indexes of paths and of hashes
	ids                     map[int64]string   // by row, from the index of ids
	roots                   map[string]bool
}

// build writes the new catalogue, whole and durable.
func (r *rescue) build(ctx context.Context, damaged, fresh string) (err error) {
	db, err := openCatalogue(fresh, store.Create)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sqlError(db.Close())) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return sqlError(err)
	}
	defer tx.Rollback()
	for _, statement := range []string{schema, sumTable, "PRAGMA user_version=" + strconv.Itoa(formatVersion)} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return sqlError(err)
		}
	}
	d, err := salvage.Open(damaged)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := r.readRows(ctx, tx, d); err != nil {
		return err
	}
	if err := r.completeMeta(ctx, tx); err != nil {
		return err
	}
	if err := r.completeState(ctx, tx); err != nil {
		return err
	}
	if err := r.completeRecords(ctx, tx, d); err != nil {
		return err
	}
	if err := r.count(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return sqlError(err)
	}
	return foldIn(ctx, db)
}

func (r *rescue) count(ctx context.Context, tx *sql.Tx) error {
	return sqlError(tx.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM records), (SELECT count(*) FROM tags), (SELECT count(*) FROM failures)").
		Scan(&r.records, &r.tags, &r.failures))
}

// completeMeta fills what the catalogue does not say of itself any more from the copy.
func (r *rescue) completeMeta(ctx context.Context, tx *sql.Tx) error {
	var have int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM meta WHERE key IN ('fingerprint','name','precision','pixels','dim','created','identity')").Scan(&have); err != nil {
		return sqlError(err)
	}
	copied, err := readMetaCopy(r.dir)
	if err == nil {
		r.model = copied
	}
	if have == 7 {
		if r.model.IDSpace == "" {
			r.model.IDSpace = r.collection
		}
		err := tx.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = ?", idSpaceKey).Scan(&r.model.IDSpace)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		return sqlError(err)
	}
	if err != nil {
		return fmt.Errorf("%w: neither the catalogue nor %s says which model built the index: %w", store.ErrDamaged, metaCopyName, err)
	}
	values, err := copied.values()
	if err != nil {
		return err
	}
	for key, value := range values {
		if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO meta VALUES(?,?)", key, value); err != nil {
			return sqlError(err)
		}
	}
	// What was cached of tags goes by a count of changes.
	_, err = tx.ExecContext(ctx, "INSERT OR IGNORE INTO meta VALUES('tag changes', ?)", time.Now().Unix())
	r.told("what the index says of itself was taken from " + metaCopyName)
	return sqlError(err)
}

// completeState finds out which vector file belongs to the catalogue, and how many rows it
// has.
func (r *rescue) completeState(ctx context.Context, tx *sql.Tx) error {
	var dim int
	if err := tx.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = 'dim'").Scan(&dim); err != nil {
		return sqlError(err)
	}
	if dim < 1 || dim > maxDim {
		return fmt.Errorf("%w: the catalogue gives %d dimensions", store.ErrDamaged, dim)
	}
	if r.generation == 0 {
		entries, err := os.ReadDir(r.dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			g, ok := vectorGeneration(e.Name())
			if info, err := e.Info(); ok && g > r.generation && err == nil {
				r.generation, r.slots = g, max(0, (info.Size()-headerSize)/int64(4*dim))
			}
		}
		if r.generation == 0 {
			return fmt.Errorf("%w: there is no vector file", store.ErrDamaged)
		}
		r.told(fmt.Sprintf("the number of rows was taken from the vector file: %d", r.slots))
	}
	if r.slots > maxRescued {
		return fmt.Errorf("%w: %s speaks of %d rows", store.ErrDamaged, catalogueName, r.slots)
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO state VALUES(?,?,?)", r.generation, r.slots, time.Now().Unix())
	return sqlError(err)
}

// isConstraint reports whether SQLite refused a row for what it holds.
func isConstraint(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code()&0xff == sqlite3.SQLITE_CONSTRAINT || e.Code()&0xff == sqlite3.SQLITE_MISMATCH)
}
