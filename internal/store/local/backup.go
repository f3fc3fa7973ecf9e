package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"modernc.org/sqlite"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local/blocks"
	"github.com/sightline/sightline/internal/store/local/pagesum"
)

// BackupReport is what a backup did.
type BackupReport struct {
	State    string // its name, by which it is restored
	Records  int64
	Bytes    int64 // of the index
	NewBytes int64 // of those that were not in the backup yet
	Removed  int   // older states that were removed
}

// Backup keeps the index in use of a collection in a folder of backups, as it is at one
// moment: others read and write it meanwhile. keep is how many states stay, the newest ones;
// 0 for all. Caches are left out. See package blocks for what the folder holds.
func Backup(ctx context.Context, o Options, to string, keep int) (r BackupReport, err error) {
	if to, err = filepath.Abs(to); err != nil {
		return r, err
	}
	folder, err := blocks.Create(to)
	if err != nil {
		return r, err
	}
	if err := folder.RemoveLeftovers(); err != nil {
		return r, err
	}
	o.Mode = store.ReadOnly
	s, err := Open(ctx, o)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	// The catalogue comes first: the rows of vectors that it names are never written again.
	image, err := os.CreateTemp(to, ".sightline-*.tmp")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, image.Close(), os.Remove(image.Name())) }()
	var n blocks.Copied
	const attempts = 10 // each lost one takes a whole compaction
	for range attempts {
		n = blocks.Copied{}
		state := &blocks.State{Time: time.Now().UTC()}
		r.Records, err = s.backUp(ctx, folder, state, image, &n)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the vector file was compacted away
		}
		if err != nil {
			return r, fmt.Errorf("back up index %s: %w", s.dir, err)
		}
		if err := folder.Commit(state); err != nil {
			return r, err
		}
		r.State, r.Bytes, r.NewBytes = state.Name, n.Bytes, n.NewBytes
		if keep > 0 {
			r.Removed, err = folder.Prune(keep)
		}
		return r, err
	}
	return r, fmt.Errorf("back up index %s: %w", s.dir, err)
}

// backUp puts all files of one moment into a state.
func (s *Store) backUp(ctx context.Context, folder *blocks.Folder, state *blocks.State, image *os.File, n *blocks.Copied) (records int64, err error) {
	vectors, err := s.copyCatalogue(ctx, image.Name())
	if err != nil {
		return 0, err
	}
	defer vectors.Close()
	if err := sealImage(image); err != nil {
		return 0, err
	}
	st, records, err := stateOfImage(ctx, image.Name())
	if err != nil {
		return 0, err
	}
	info, err := image.Stat()
	if err != nil {
		return 0, err
	}
	put := func(name string, r io.ReaderAt, size int64) error {
		f, err := folder.Put(ctx, name, r, size, n)
		state.Files = append(state.Files, f)
		return err
	}
	if err := put(catalogueName, image, info.Size()); err != nil {
		return 0, err
	}
	if err := readHeader(vectors, s.header(st.generation)); err != nil {
		return 0, err
	}
	if err := put(filepath.Base(vectors.Name()), vectors, vectorOffset(s.model.Dim, st.rowCount)); err != nil {
		return 0, err
	}
	state.About = map[string]string{
		"kind": Kind, "collection": s.collection, "id_space": s.idSpace, "model": s.model.Name,
		"fingerprint": s.model.Fingerprint, "records": strconv.FormatInt(records, 10),
	}
	return records, s.putOthers(put)
}

// copyCatalogue copies the catalogue as one commit left it, and opens the vector file that
// belongs to it. The error is fs.ErrNotExist where a compaction came between.
func (s *Store) copyCatalogue(ctx context.Context, to string) (vectors *os.File, err error) {
	if err := os.Truncate(to, 0); err != nil {
		return nil, err
	}
	c, err := s.read.Conn(ctx)
	if err != nil {
		return nil, sqlError(err)
	}
	defer c.Close()
	// One view for all steps, whatever others write meanwhile.
	if _, err := c.ExecContext(ctx, "BEGIN"); err != nil {
		return nil, sqlError(err)
	}
	defer c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	var generation int64
	if err := c.QueryRowContext(ctx, "SELECT generation FROM state").Scan(&generation); err != nil {
		return nil, sqlError(err)
	}
	if vectors, err = openRegular(s.vectorPath(generation), os.O_RDONLY); err != nil {
		return nil, err
	}
	if err := copyPages(ctx, c, to); err != nil {
		return nil, errors.Join(err, vectors.Close())
	}
	return vectors, nil
}

// copyPages copies the pages of a connection's view.
func copyPages(ctx context.Context, c *sql.Conn, to string) error {
	uri := (&url.URL{Scheme: "file", Path: filepath.ToSlash(to)}).String()
	return sqlError(c.Raw(func(conn any) error {
		from, ok := conn.(interface {
			NewBackup(string) (*sqlite.Backup, error)
		})
		if !ok {
			return fmt.Errorf("%w: SQLite's driver makes no backups", errors.ErrUnsupported)
		}
		b, err := from.NewBackup(uri)
		if err != nil {
			return err
		}
		const pages = 1 << 10 // a context that is done is noticed between them
		for more := true; more && err == nil; {
			if more, err = b.Step(pages); err == nil {
				err = ctx.Err()
			}
		}
		return errors.Join(err, b.Finish())
	}))
}

// sealImage gives the pages of a copy their checksums. SQLite hands pages on that it read, and
// compared, but those that came from its log have none yet.
func sealImage(image *os.File) error {
	head := make([]byte, pagesum.HeaderSize)
	if _, err := image.ReadAt(head, 0); err != nil {
		return err
	}
	h, ok := pagesum.ReadHeader(head)
	if !ok {
		return fmt.Errorf("%w: the copy of %s has no header", store.ErrDamaged, catalogueName)
	}
	if !h.Sums {
		return nil
	}
	page := make([]byte, h.PageSize)
	for number := int64(1); ; number++ {
		off := (number - 1) * int64(h.PageSize)
		if _, err := image.ReadAt(page, off); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if pagesum.IsWhole(page, number) {
			continue
		}
		pagesum.Seal(page, number)
		if err := writeFull(image, page, off); err != nil {
			return err
		}
	}
}

// stateOfImage reads the state of a copied catalogue.
func stateOfImage(ctx context.Context, path string) (st state, records int64, err error) {
	db, err := openCatalogueAs(path, store.ReadOnly, "immutable")
	if err != nil {
		return st, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return st, 0, sqlError(err)
	}
	defer tx.Rollback()
	if st, err = readState(ctx, tx); err != nil {
		return st, 0, err
	}
	records, err = (&snapshot{state: st, tx: tx}).records(ctx)
	return st, records, err
}

// putOthers puts what belongs to an index beside its catalogue and its vectors: runs, saved
// labels, documents. Caches, locks and the indexes of other models do not.
func (s *Store) putOthers(put func(name string, r io.ReaderAt, size int64) error) error {
	dirs := []string{s.dir}
	if s.base != s.dir {
		dirs = append(dirs, s.base)
	}
	seen := map[string]bool{}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // removed meanwhile
			}
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			name := filepath.ToSlash(rel)
			if e.IsDir() {
				if name == modelsName {
					return fs.SkipDir
				}
				return nil
			}
			// Of the collection's folder that is not the index's own, what the models share.
			if !e.Type().IsRegular() || seen[name] || isIndexFile(name) || dir != s.dir && !strings.Contains(name, "/") {
				return nil
			}
			seen[name] = true
			s.warnOfDocument(name)
			return putOther(path, name, put)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func putOther(path, name string, put func(name string, r io.ReaderAt, size int64) error) error {
	f, err := openRegular(path, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return put(name, f, info.Size())
}

// isIndexFile reports whether a file of an index's folder is one that backups keep otherwise,
// or need not keep.
func isIndexFile(name string) bool {
	_, vectors := vectorGeneration(name)
	_, codes := codeGeneration(name)
	if vectors || codes || name == lockName || name == currentName || strings.HasPrefix(name, catalogueName) {
		return true
	}
	for _, k := range cacheFiles {
		if name == k.name {
			return true
		}
	}
	base := name[strings.LastIndexByte(name, '/')+1:]
	if strings.Contains(base, damagedInfix) {
		return true // what a repair has set aside
	}
	return atomicfile.IsTemporary(base)
}
