package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/dump"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
)

// bulkRest is the file of an export that holds what is no picture: a dump without records.
const bulkRest = "rest.jsonl"

// BulkReport is what an export for bulk insert, or the import of one, came to.
type BulkReport struct {
	Records   int64
	Files     int
	Bytes     int64 // of the files of records
	Failures  int64
	Documents int64
	Refused   int64 // pictures that no server can keep; they are failures
}

// ExportBulk writes the index that the settings name into a folder for the bulk insert of
// a Milvus server. With replace it takes the place of an earlier export. fileBytes bounds
// a file of records; 0 means the store's default.
func (e *Env) ExportBulk(ctx context.Context, cfg config.Config, dir string, replace bool, fileBytes int64) (r BulkReport, err error) {
	st, err := e.OpenStore(ctx, cfg, store.ReadOnly, store.Model{})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if replace {
		if err := removeBulk(dir); err != nil {
			return r, err
		}
	}
	rest := &withoutRecords{Store: st}
	table, err := milvus.WriteBulk(ctx, st, st.Model().Dim, dir, milvus.BulkOptions{
		FileBytes: fileBytes, Refused: rest.refuse,
	})
	if errors.Is(err, milvus.ErrBulkNotEmpty) {
		return r, &fault.Error{Kind: fault.Usage, Err: err, Advice: "name another folder, or replace an earlier export with --force"}
	}
	if err != nil {
		return r, err
	}
	var counts dump.Counts
	err = atomicfile.Write(filepath.Join(dir, bulkRest), func(w io.Writer) error {
		counts, err = dump.Write(ctx, rest, w, time.Now())
		return err
	})
	return bulkReport(table, counts, int64(len(rest.refused))), err
}

func bulkReport(t milvus.BulkTable, n dump.Counts, refused int64) BulkReport {
	r := BulkReport{Records: t.Records, Files: len(t.Files), Failures: n.Failures, Documents: n.Documents, Refused: refused}
	for _, f := range t.Files {
		r.Bytes += f.Bytes
	}
	return r
}

// removeBulk removes the files of an export from a folder, and no others. The table of
// contents goes first: without it, what is left is no export.
func removeBulk(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "records-[0-9][0-9][0-9][0-9][0-9][0-9].parquet"))
	if err != nil {
		return fmt.Errorf("looking for an earlier export in %s: %w", dir, err)
	}
	for _, name := range append([]string{filepath.Join(dir, milvus.BulkTableName), filepath.Join(dir, bulkRest)}, names...) {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// withoutRecords is an index without its pictures, and with failures in the place of those
// that were refused.
type withoutRecords struct {
	store.Store
	refused []store.Failure
}

func (w *withoutRecords) Unwrap() store.Store { return w.Store }

func (w *withoutRecords) Scan(context.Context, store.Filter, store.Fields) iter.Seq2[store.Record, error] {
	return func(func(store.Record, error) bool) {}
}

func (w *withoutRecords) Failures(ctx context.Context) iter.Seq2[store.Failure, error] {
	return func(yield func(store.Failure, error) bool) {
		for f, err := range w.Store.Failures(ctx) {
			if !yield(f, err) || err != nil {
				return
			}
		}
		for _, f := range w.refused {
			if !yield(f, nil) {
				return
			}
		}
	}
}

func (w *withoutRecords) refuse(e *store.RecordError) {
	w.refused = append(w.refused, store.Failure{ID: e.ID, Path: e.Path, Reason: e.Err.Error(), At: time.Now().UTC()})
}

// bulkImporter is a store whose server reads files by itself.
type bulkImporter interface {
	ImportBulk(ctx context.Context, t milvus.BulkTable, at string, told func(done, total int64)) error
}

// ImportBulk lets the server that the settings name import what ExportBulk wrote into dir.
// at is where the files of records lie in the server's own storage; "" means dir itself, for
// a server that has this machine's folders. The index is made, and must hold no pictures.
func (e *Env) ImportBulk(ctx context.Context, cfg config.Config, dir, at string, told func(done, total int64)) (r BulkReport, err error) {
	if cfg.Store != milvus.Kind {
		return r, fault.Usagef("add --store milvus; indexer load brings a dump into any kind of store", "a %s store has no server that imports files", cfg.Store)
	}
	const wrong = "DIR is a folder that indexer export wrote, or a copy of its " + milvus.BulkTableName + " and " + bulkRest
	table, err := milvus.ReadBulkTable(filepath.Join(dir, milvus.BulkTableName))
	if err != nil {
		return r, fault.Fatalf(wrong, "%s: %w", dir, err)
	}
	f, err := openRegular(filepath.Join(dir, bulkRest))
	if err != nil {
		return r, fault.Fatalf(wrong, "%w", err)
	}
	defer f.Close()
	h, _, err := dump.Check(ctx, f)
	if err != nil {
		return r, fault.Fatalf("write the export again", "%s: %w", f.Name(), err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return r, err
	}
	if at == "" {
		if at, err = filepath.Abs(dir); err != nil {
			return r, err
		}
	}
	st, err := e.openStore(ctx, cfg, store.Create, wanted{model: h.StoreModel(), ids: h.IDSpace})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if other := store.IDSpace(st, cfg.Collection); other != h.IDSpace {
		return r, fault.Usagef("import it into a collection that is not there yet", "the collection was made as %s, and the export's as %s", other, h.IDSpace)
	}
	server, ok := store.As[bulkImporter](st)
	if !ok {
		return r, fmt.Errorf("%w: this store's server imports no files", errors.ErrUnsupported)
	}
	err = server.ImportBulk(ctx, table, at, told)
	if errors.Is(err, store.ErrExists) {
		return r, &fault.Error{Kind: fault.Usage, Err: err, Advice: "name another with --collection NAME, or bring the differences over with indexer copy"}
	}
	if err != nil {
		return r, err
	}
	counts, _, err := dump.Load(ctx, f, st)
	return bulkReport(table, counts, 0), err
}
