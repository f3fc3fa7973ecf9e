// Package local is the embedded store: a folder that holds an index for one
// machine, searched exactly and without a server.
//
// # Files
//
// A collection is a folder DIR/COLLECTION with
//
//	catalogue.db       SQLite in WAL mode, the truth about records, tags, failures
//	vectors-N.f32      the vectors, one float32 row for each; see vectorfile.go
//	model.json         what the catalogue says of the model, once more; see metacopy.go
//	writer.lock        held by the one process that writes
//	documents/         small files that belong to the index; see documents.go
//
// with caches, which are rebuilt where they are missing or damaged (see
// cachefile.go),
//
//	codes-N.u8         8-bit codes of the vectors, for searching; see codefile.go
//	roster.bin         the file-state table, for runs; see filestatefile.go
//	attributes.bin     dates, folders and formats, for filters; see attributefile.go
//	tags.bin           the rows of tags that many records have; see tagfile.go
//
// and, once its model was changed, the indexes of later models in folders of their
// own below it; see models.go.
//
// # Words
//
// A row is one vector's place in the vector file, and its row id is the number of that
// place, which is also the record's rowid in the catalogue. On the disk it is called
// slot: the catalogue's columns keep the name.
//
// A generation is a vector file: compaction writes a new one under the next generation
// number, with the rows closed up. What is cached of a row holds within its generation.
// The index of another model is a model index, with generations of its own.
//
// # Commits
//
// A writer puts vectors into rows past the end of what is committed, makes them
// durable, and then commits the records that name them together with the new number of
// rows. What a crash leaves behind that number does not exist for anybody, and the
// next writer overwrites it. A committed row is never written again: replacing a
// vector takes a new row. So a reader that has begun a SQLite read transaction may map
// the file of that transaction's generation up to its number of rows, and is never
// disturbed.
//
// # Damage
//
// Each page of the catalogue has a checksum (package pagesum), and so has each vector
// (vectorsums.go): what is damaged is reported and not answered from. Repair mends an index, and makes
// a catalogue anew from the pages that are whole (rescue.go).
package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/vec/sq8"
)

// Options say which index to open and how.
type Options struct {
	Dir        string // the folder that holds the collections
	Collection string // see store.CheckOpen
	// Model is the one whose vectors the caller works with. An index that another
	// model built is refused with a *store.ModelMismatchError. The zero value accepts
	// whatever model is there and cannot create an index.
	Model store.Model
	// ChooseModel, if it is set, is asked for Model while the index is opened, once it is
	// known which model built it: the zero Model where there is no index yet. It does not
	// go together with Rebuild.
	ChooseModel func(inUse store.Model) (store.Model, error)
	// IDSpace is what the ids of a new index are made with, where it is not its collection:
	// see store.IDSpace.
	IDSpace string
	// Mode says what for: any number of stores may be open for reading at once, and one
	// for writing.
	Mode store.Mode
	// Engine scores rows; nil stands for vec.NewParallel(0). One that is an io.Closer
	// is closed with the store.
	Engine vec.Engine
	SQ8    sq8.Engine // scores codes; nil for sq8.Kernel where that is fast, else none
	// Float32Only scans the float32 vectors without the first pass over codes. Results
	// are the same either way.
	Float32Only bool
	Log         *slog.Logger // nil discards

	files      fileSystem // tests put a failing one here; nil for the real one
	cachesFrom int64      // tests want codes of few records; 0 for the constant
}

// Store is an open index. Its methods may be called from several goroutines.
type Store struct {
	base       string // the collection's folder
	dir        string // of the index in it; see models.go
	collection string
	model      store.Model
	idSpace    string
	created    int64 // Unix seconds
	identity   []byte
	engine     vec.Engine
	codes      sq8.Engine // nil where codes are not used
	cachesFrom int64
	log        *slog.Logger
	files      fileSystem

	read  *sql.DB         // read-only connections, one per snapshot
	still *stillCatalogue // nil where SQLite watches over other writers
	maps  mappings
	known attributeCache

	mu      sync.Mutex // one change at a time; guards what follows
	write   *sql.DB    // nil when read-only
	lock    *writerLock
	vectors *vectorFile                      // of the current generation, opened by the first change
	coded   struct{ generation, rows int64 } // how far the codes are known to go
	closed  chan struct{}
	close   sync.Once
}

var (
	_ store.Store            = (*Store)(nil)
	_ store.Verifier         = (*Store)(nil)
	_ store.Repairer         = (*Store)(nil)
	_ store.Promoter         = (*Store)(nil)
	_ store.ModelIndexKeeper = (*Store)(nil)
	_ store.FileStateLister  = (*Store)(nil)

	_ store.TagCounter    = (*Store)(nil)
	_ store.NewestScanner = (*Store)(nil)
	_ store.IDSpacer      = (*Store)(nil)
	_ store.Documents     = (*Store)(nil)
)

// Kind is the name of this kind of store.
const Kind = "local"

// Open opens the index of a collection. Errors that callers tell apart are
// store.ErrNoIndex, store.ErrLocked, store.ErrNewerFormat, store.ErrDamaged and
// *store.ModelMismatchError; none of them changes anything.
func Open(ctx context.Context, o Options) (*Store, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	base, err := o.base()
	if err != nil {
		return nil, fmt.Errorf("index folder: %w", err)
	}
	if err := bringBack(base); err != nil {
		return nil, fmt.Errorf("open index %s: %w", base, err)
	}
	var dir string
	if o.Mode == store.Rebuild {
		dir, err = rebuildFolder(ctx, base, o)
	} else {
		dir, err = currentFolder(base)
	}
	if err != nil {
		return nil, fmt.Errorf("open index %s: %w", base, err)
	}
	s, err := openFolder(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	s.base = base
	return s, nil
}

// check reports options that no index can be opened with.
func (o *Options) check() error {
	if o.ChooseModel != nil && o.Mode == store.Create {
		return store.CheckOpen(o.Collection, store.ReadWrite, o.Model) // the model is checked once it is chosen
	}
	return store.CheckOpen(o.Collection, o.Mode, o.Model)
}

// choose asks for the model, unless it is settled.
func (o *Options) choose(inUse store.Model) (err error) {
	if o.ChooseModel == nil {
		return nil
	}
	if o.Model, err = o.ChooseModel(inUse); err != nil {
		return err
	}
	o.ChooseModel = nil
	return o.check()
}

// openFolder opens the index in a folder.
func openFolder(ctx context.Context, dir string, o Options) (*Store, error) {
	s := &Store{
		base:       dir,
		dir:        dir,
		collection: o.Collection,
		idSpace:    o.Collection,
		engine:     o.Engine,
		codes:      o.SQ8,
		cachesFrom: o.cachesFrom,
		log:        o.Log,
		files:      o.files,
		closed:     make(chan struct{}),
	}
	if s.engine == nil {
		s.engine = vec.NewParallel(0)
	}
	if s.codes == nil && sq8.HasVectorKernel() {
		s.codes = sq8.Kernel{}
	}
	if o.Float32Only {
		s.codes = nil
	}
	if s.cachesFrom == 0 {
		s.cachesFrom = cachesFrom
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.files == nil {
		s.files = osFiles{}
	}
	s.maps.cachesFrom, s.maps.log = s.cachesFrom, s.log
	if err := s.open(ctx, o); err != nil {
		s.release()
		return nil, fmt.Errorf("open index %s: %w", dir, tellSpace(err, dir))
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) error {
	if o.Mode.Creates() {
		if _, err := os.Stat(s.cataloguePath()); errors.Is(err, os.ErrNotExist) {
			// Chosen before anything is made: a wrong choice leaves nothing behind.
			if err := o.choose(store.Model{}); err != nil {
				return err
			}
		}
		if err := os.MkdirAll(s.dir, 0o755); err != nil {
			return err
		}
	} else if _, err := os.Stat(s.cataloguePath()); errors.Is(err, os.ErrNotExist) {
		return store.ErrNoIndex
	} else if err != nil {
		return err
	}
	if o.Mode.Writes() {
		var err error
		if s.lock, err = lockWriter(filepath.Join(s.dir, lockName)); err != nil {
			return err
		}
		if o.Mode.Creates() {
			if err := s.createIfMissing(ctx, &o); err != nil {
				return err
			}
		}
		if err := checkCatalogueFiles(s.cataloguePath()); err != nil {
			return err
		}
		if s.write, err = openCatalogue(s.cataloguePath(), o.Mode); err != nil {
			return err
		}
		// What a killed process left is undone here: readers cannot.
		if err := probeCatalogue(ctx, s.write); err != nil {
			return sqlError(err)
		}
	}
	if err := s.openForReading(ctx); err != nil {
		return err
	}
	if err := s.readMeta(ctx); err != nil {
		return err
	}
	if err := o.choose(s.model); err != nil {
		return err
	}
	if o.Model.Fingerprint != "" && o.Model.Fingerprint != s.model.Fingerprint {
		return &store.ModelMismatchError{Have: s.model, Want: o.Model}
	}
	if s.write != nil {
		if err := s.migrate(ctx); err != nil {
			return err
		}
		if _, err := s.write.ExecContext(ctx, sumTable); err != nil {
			return sqlError(err)
		}
		if err := s.keepMetaCopy(); err != nil {
			s.log.Warn("the copy of what the index says of itself could not be written", "index", s.dir, "error", err)
		}
		if err := s.adoptDocuments(); err != nil {
			s.log.Warn("checksums of documents could not be added", "index", s.dir, "error", err)
		}
		return s.removeStrays(ctx)
	}
	return nil
}

// Capabilities implements store.Store.
func (s *Store) Capabilities() store.Capabilities {
	return store.Capabilities{MaxBatch: 4096, Exact: true, ReadAfterWrite: true}
}

// Model returns the model that built the index.
func (s *Store) Model() store.Model { return s.model }

// IDSpace implements store.IDSpacer.
func (s *Store) IDSpace() string { return s.idSpace }

// Close compacts the vector file when much of it is free, and releases everything.
// A search or scan that is under way ends with an error or its last result.
func (s *Store) Close() error {
	var err error
	s.close.Do(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.write != nil {
			// All data is safe whatever happens here, so that a failure is no error.
			if cerr := s.compactIfWorthwhile(context.Background()); cerr != nil {
				s.log.Warn("the index could not be compacted", "index", s.dir, "error", cerr)
			}
			if cerr := s.adoptSums(context.Background()); cerr != nil {
				s.log.Warn("checksums of vectors could not be added", "index", s.dir, "error", cerr)
			}
			s.keepCaches(context.Background(), s.cachesFrom/codesBehind)
			if _, cerr := s.write.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); cerr != nil {
				s.log.Warn("the catalogue's log could not be folded in", "index", s.dir, "error", cerr)
			}
		}
		close(s.closed)
		err = s.release()
	})
	return err
}

// release closes what is open, in the opposite order of opening.
func (s *Store) release() error {
	var errs []error
	s.maps.close()
	if s.vectors != nil {
		errs = append(errs, s.vectors.Close())
	}
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.still != nil {
		errs = append(errs, s.still.release())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.release())
	}
	if c, ok := s.engine.(io.Closer); ok {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// isOpen returns store.ErrClosed after Close.
func (s *Store) isOpen() error {
	select {
	case <-s.closed:
		return store.ErrClosed
	default:
		return nil
	}
}

// Flush implements store.Writer. Every change is durable and visible when its call
// returns, so there is nothing to wait for.
func (s *Store) Flush(ctx context.Context) error {
	if err := s.isOpen(); err != nil {
		return err
	}
	return ctx.Err()
}
