package local

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local/pagesum"
)

// formatVersion counts changes of the on-disk format that older versions of this
// program cannot read. It is the catalogue's user_version.
const formatVersion = formatSums

const catalogueName = "catalogue.db"

// schema is that of formats 2 and 3; see migrate.go for how format 1 differs. Records are keyed by the id of their row in the vector file, which
// makes the results of a search and of a filter the row ids of the table itself. On the
// disk a row is called a slot, and its id is in the columns of that name. Paths are blobs,
// because a path is bytes and need not be UTF-8. Times are seconds and nanoseconds,
// because neither files nor cameras keep to the years that 64 bits of nanoseconds
// reach.
const schema = `
CREATE TABLE meta(
	key   TEXT PRIMARY KEY,
	value NOT NULL
) WITHOUT ROWID;

-- One row: which vector file, how many of its slots are in use or free, and what
-- changes with each commit.
CREATE TABLE state(
	generation INTEGER NOT NULL,
	slots      INTEGER NOT NULL,
	updated    INTEGER NOT NULL
);

CREATE TABLE records(
	slot     INTEGER PRIMARY KEY,
	id       TEXT    NOT NULL UNIQUE,
	size     INTEGER NOT NULL,
	mtime_s  INTEGER NOT NULL,
	mtime_ns INTEGER NOT NULL,
	hash     BLOB,
	path     BLOB    NOT NULL,
	root     BLOB    NOT NULL,
	width    INTEGER NOT NULL,
	height   INTEGER NOT NULL,
	format   TEXT    NOT NULL,
	taken    INTEGER NOT NULL, -- 1 when the date below is the picture's own
	when_s   INTEGER NOT NULL, -- the date that filters use: taken, a floating time, else modified
	when_ns  INTEGER NOT NULL,
	metadata_stamp INTEGER NOT NULL, -- store.Record.MetadataStamp
	about    TEXT    NOT NULL  -- store.About as JSON, empty for the zero one
);
CREATE INDEX records_path ON records(path);
CREATE INDEX records_hash ON records(hash) WHERE hash IS NOT NULL;
CREATE INDEX records_when ON records(when_s, when_ns);

-- Slots below state.slots that no record has any more.
CREATE TABLE freed(slot INTEGER PRIMARY KEY);

CREATE TABLE tags(
	slot        INTEGER NOT NULL,
	position    INTEGER NOT NULL,
	source      TEXT    NOT NULL,
	label       TEXT    NOT NULL,
	folded      TEXT    NOT NULL, -- label.Fold(label)
	score       REAL    NOT NULL,
	probability REAL    NOT NULL,
	PRIMARY KEY(slot, position)
) WITHOUT ROWID;
CREATE INDEX tags_folded ON tags(folded);

CREATE TABLE failures(
	id       TEXT PRIMARY KEY,
	path     BLOB    NOT NULL,
	root     BLOB    NOT NULL,
	size     INTEGER NOT NULL,
	mtime_s  INTEGER NOT NULL,
	mtime_ns INTEGER NOT NULL,
	reason   TEXT    NOT NULL,
	at_s     INTEGER NOT NULL,
	at_ns    INTEGER NOT NULL,
	attempts INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX failures_path ON failures(path);
`

func (s *Store) cataloguePath() string { return filepath.Join(s.dir, catalogueName) }

// openCatalogue returns a pool of connections to the catalogue; nothing is read yet.
// A writer has one connection and takes SQLite's write lock when a transaction
// begins, not halfway through it.
func openCatalogue(path string, mode store.Mode) (*sql.DB, error) {
	return openCatalogueAs(path, mode, "")
}

// openCatalogueAs is openCatalogue with a parameter of SQLite's URIs that is switched on.
func openCatalogueAs(path string, mode store.Mode, parameter string) (*sql.DB, error) {
	q := url.Values{"vfs": {catalogueVFS}}
	if parameter != "" {
		q.Set(parameter, "1")
	}
	q.Add("_pragma", "busy_timeout(10000)")
	// Lookups and changes in id order jump about in the tables: some of them stay at hand.
	// A writer has one connection, which inserts all over the indexes as well: 128 MB.
	cache := 128 << 10
	if !mode.Writes() {
		cache = 32 << 10
	}
	q.Add("_pragma", fmt.Sprintf("cache_size(-%d)", cache))
	switch {
	case mode.Creates():
		q.Set("mode", "rwc")
	case mode.Writes():
		q.Set("mode", "rw")
	default:
		q.Set("mode", "ro")
		q.Add("_pragma", "query_only(1)")
	}
	if mode.Writes() {
		q.Add("_pragma", "journal_mode(WAL)")
		q.Add("_pragma", "synchronous(FULL)")
		// The log is folded in at 64 MB: a run that tags a million pictures changes the same
		// thousand pages of the index of labels in each commit.
		q.Add("_pragma", "wal_autocheckpoint(16384)")
		q.Set("_txlock", "immediate")
	}
	// The path goes into a URI: escaped, so that no byte of it is taken for syntax.
	dsn := (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}).String()
	if err := errors.Join(addFunctions(), pagesum.Register()); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", catalogueName, err)
	}
	if !mode.Writes() {
		db.SetMaxIdleConns(4)
	} else {
		db.SetMaxOpenConns(1)
	}
	return db, nil
}

// idSpaceKey is the meta key of what the ids are made with, in an index whose collection
// was renamed.
const idSpaceKey = "id_space"

// createIfMissing makes the first vector file and then the catalogue: an index exists when
// its catalogue does.
func (s *Store) createIfMissing(ctx context.Context, o *Options) error {
	there, err := s.catalogueIsMade(ctx)
	if err != nil || there {
		return err
	}
	if err := o.choose(store.Model{}); err != nil {
		return err
	}
	identity := make([]byte, identitySize)
	rand.Read(identity) // never fails
	f, err := createVectorFile(s.files, s.vectorPath(1), header{dim: o.Model.Dim, generation: 1, identity: identity})
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// Under another name: whenever a crash comes, there is no catalogue or a whole one.
	path := s.cataloguePath() + newSuffix
	for _, old := range []string{path, s.cataloguePath()} {
		for _, suffix := range sqliteSuffixes {
			if err := removeIfThere(old + suffix); err != nil {
				return err
			}
		}
	}
	if err := removeIfThere(path); err != nil {
		return err
	}
	if err := makeCatalogue(ctx, path, o, identity); err != nil {
		return err
	}
	if err := os.Rename(path, s.cataloguePath()); err != nil {
		return err
	}
	return s.files.SyncDir(s.dir)
}

// newSuffix is behind the name of a catalogue that is being made.
const newSuffix = ".new"

// sqliteSuffixes are behind the names of the files that SQLite puts beside a catalogue.
var sqliteSuffixes = []string{"-journal", "-wal", "-shm"}

// catalogueIsMade reports whether there is a catalogue with tables. Earlier versions made
// it in place, and an interrupted one left a file without tables: it is removed.
func (s *Store) catalogueIsMade(ctx context.Context) (bool, error) {
	path := s.cataloguePath()
	if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	if err := checkCatalogueFiles(path); err != nil {
		return false, err
	}
	db, err := openCatalogue(path, store.ReadWrite)
	if err != nil {
		return false, err
	}
	defer db.Close()
	var version, tables int64
	err = db.QueryRowContext(ctx, "SELECT user_version, (SELECT count(*) FROM sqlite_master) FROM pragma_user_version").Scan(&version, &tables)
	if err != nil {
		return false, sqlError(err)
	}
	if version == 0 && tables > 0 {
		return false, fmt.Errorf("%s is a database of another program; it is left as it is", path)
	}
	if version != 0 {
		return true, db.Close()
	}
	if err := s.checkEmptied(); err != nil {
		return false, err
	}
	return false, errors.Join(db.Close(), os.Remove(path))
}

// checkEmptied tells a catalogue without tables that was a whole one, which a disk has lost,
// from one whose making was interrupted: an index that was open once has a copy of what it says
// of itself.
func (s *Store) checkEmptied() error {
	if _, err := readMetaCopy(s.dir); err != nil {
		return nil
	}
	return fmt.Errorf("%w: %s is empty, and its records are lost; to start again, remove the collection first", store.ErrDamaged, catalogueName)
}

// makeCatalogue makes a catalogue whole and durable.
func makeCatalogue(ctx context.Context, path string, o *Options, identity []byte) (err error) {
	db, err := openCatalogue(path, store.Create)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sqlError(db.Close())) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return sqlError(err)
	}
	defer tx.Rollback()
	now, m := time.Now().Unix(), o.Model
	if _, err := tx.ExecContext(ctx, schema); err != nil {
		return sqlError(err)
	}
	meta := map[string]any{
		"fingerprint": m.Fingerprint, "name": m.Name, "precision": m.Precision, "pixels": m.Pixels,
		"colour": m.Colour, "dim": m.Dim, "created": now, "identity": identity,
	}
	if o.IDSpace != "" && o.IDSpace != o.Collection {
		meta[idSpaceKey] = o.IDSpace
	}
	for key, value := range meta {
		if _, err := tx.ExecContext(ctx, "INSERT INTO meta VALUES(?,?)", key, value); err != nil {
			return sqlError(err)
		}
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO state VALUES(1, 0, ?)", now); err != nil {
		return sqlError(err)
	}
	if _, err := tx.ExecContext(ctx, "PRAGMA user_version="+strconv.Itoa(formatVersion)); err != nil {
		return sqlError(err)
	}
	if err := tx.Commit(); err != nil {
		return sqlError(err)
	}
	return foldIn(ctx, db)
}

// foldIn brings all of the log of a catalogue that nobody else has open into its file, which
// then is all there is. Closing does so too, and does not tell when a full disk keeps it from
// that.
func foldIn(ctx context.Context, db *sql.DB) error {
	var busy, logged, folded int
	if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &logged, &folded); err != nil {
		return sqlError(err)
	}
	if busy != 0 || logged != folded {
		return fmt.Errorf("%w: the log of %s could not be folded in", store.ErrLocked, catalogueName)
	}
	return nil
}

func formatOf(ctx context.Context, db *sql.DB) (int, error) {
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return 0, sqlError(err)
	}
	return version, nil
}

// readMeta checks the format and reads what never changes.
func (s *Store) readMeta(ctx context.Context) error {
	version, err := formatOf(ctx, s.read)
	switch {
	case err != nil:
		return err
	case version == 0:
		return cmp.Or(s.checkEmptied(), store.ErrNoIndex) // else making it was interrupted
	case version > formatVersion:
		return fmt.Errorf("%w (its format is %d, this version reads up to %d)", store.ErrNewerFormat, version, formatVersion)
	}
	m := &s.model
	fields := map[string]any{
		"fingerprint": &m.Fingerprint, "name": &m.Name, "precision": &m.Precision, "pixels": &m.Pixels,
		"colour": &m.Colour, "dim": &m.Dim, "created": &s.created, "identity": &s.identity,
	}
	rows, err := s.read.QueryContext(ctx, "SELECT key, value FROM meta")
	if err != nil {
		return sqlError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var raw any
		if err := rows.Scan(&key, &raw); err != nil {
			return sqlError(err)
		}
		field, known := fields[key]
		if key == idSpaceKey {
			field, known = &s.idSpace, true
		}
		if !known {
			continue
		}
		if err := rows.Scan(&key, field); err != nil {
			return fmt.Errorf("%w: meta %s: %w", store.ErrDamaged, key, err)
		}
		delete(fields, key)
	}
	if err := rows.Err(); err != nil {
		return sqlError(err)
	}
	delete(fields, "colour") // indexes from before there was a choice say nothing
	for key := range fields {
		return fmt.Errorf("%w: the catalogue does not say its %s", store.ErrDamaged, key)
	}
	if m.Dim < 1 || m.Dim > maxDim || len(s.identity) != identitySize {
		return fmt.Errorf("%w: the catalogue gives %d dimensions and an identity of %d bytes",
			store.ErrDamaged, m.Dim, len(s.identity))
	}
	return nil
}

// removeStrays deletes vector and code files of other generations, which an interrupted
// compaction leaves, and caches of later states, beside which an older copy of the catalogue
// was put: what is written next would take the place of what they know. Only the writer does
// that, under its lock.
func (s *Store) removeStrays(ctx context.Context) error {
	var generation, rowCount int64
	if err := s.read.QueryRowContext(ctx, "SELECT generation, slots FROM state").Scan(&generation, &rowCount); err != nil {
		return sqlError(err)
	}
	h := s.header(generation)
	later := []string{}
	if s.attributeRows(h) > rowCount {
		later = append(later, attributeFile.path(s))
	}
	if st, err := s.tagStateOf(h); err == nil && st.rowCount > rowCount {
		later = append(later, tagFile.path(s))
	}
	for _, path := range later {
		if err := removeIfThere(path); err != nil {
			return err
		}
	}
	if _, err := atomicfile.RemoveLeftovers(s.dir); err != nil {
		s.log.Warn("what a killed process left could not be removed", "folder", s.dir, "error", err)
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		g, ok := vectorGeneration(e.Name())
		if !ok {
			g, ok = codeGeneration(e.Name())
		}
		if ok && g != generation {
			if err := os.Remove(filepath.Join(s.dir, e.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
				s.log.Warn("an old file could not be removed", "file", e.Name(), "error", err)
			}
		}
	}
	return nil
}

// isWriting reports whether an error of input or output is about making a file longer.
func isWriting(code int) bool {
	return code == sqlite3.SQLITE_IOERR_WRITE || code == sqlite3.SQLITE_IOERR_SHMSIZE || code == sqlite3.SQLITE_IOERR_TRUNCATE
}

// sqlError adds the store's own errors to those of SQLite that mean the same.
func sqlError(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return fmt.Errorf("%w: %s: %w", store.ErrDamaged, catalogueName, err)
		case sqlite3.SQLITE_BUSY:
			return fmt.Errorf("%w: %w", store.ErrLocked, err)
		case sqlite3.SQLITE_FULL:
			return fmt.Errorf("%w: %s: %w", store.ErrNoSpace, catalogueName, err)
		case sqlite3.SQLITE_CANTOPEN:
			if cause := cannotOpen(); cause != nil {
				return fmt.Errorf("%s: %w", catalogueName, cause)
			}
		case sqlite3.SQLITE_IOERR:
			if e.Code() == sqlite3.SQLITE_IOERR_DATA {
				return fmt.Errorf("%w: a page of %s does not have the checksum that it was written with", store.ErrDamaged, catalogueName)
			}
			if limit := tellFileLimit(); limit != "" && isWriting(e.Code()) {
				return fmt.Errorf("%w: %s: %w: %s", store.ErrIO, catalogueName, err, limit)
			}
			// SQLite has no code of its own for a disk too full to make room for -shm.
			if e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE {
				return fmt.Errorf("%w: %s-shm: %w", store.ErrNoSpace, catalogueName, err)
			}
			return fmt.Errorf("%w: %s: %w", store.ErrIO, catalogueName, err)
		}
	}
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w", catalogueName, err)
	}
	return err
}
