package milvus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/parquet-go/parquet-go"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/store"
)

// BulkOptions tune an export. The zero value is right for a server with its own settings.
type BulkOptions struct {
	// FileBytes is how large a file may become, about: a server takes as much memory while
	// it reads one, and makes at least a segment of each. 0 means DefaultBulkFileBytes.
	FileBytes int64
	// Refused is told, if it is set, of each record that a server cannot keep. It is left out.
	Refused func(*store.RecordError)
}

// DefaultBulkFileBytes is half of what a segment of Milvus 2.3 holds at most.
const DefaultBulkFileBytes = 256 << 20

// groupBytes is how much of a file is in memory at a time, about.
const groupBytes = 16 << 20

// BulkSource gives the records of an index. Every store does.
type BulkSource interface {
	Scan(ctx context.Context, f store.Filter, fields store.Fields) iter.Seq2[store.Record, error]
}

// ErrBulkNotEmpty says that a folder holds something already.
var ErrBulkNotEmpty = errors.New("the folder is not empty")

// WriteBulk writes all records of an index, whichever kind of store has it, into files for
// a server's bulk insert, and at last the table of contents. Memory is bounded by one row
// group, whatever the number of records. The folder is made; one that holds anything is
// refused with ErrBulkNotEmpty.
func WriteBulk(ctx context.Context, st BulkSource, dim int, dir string, o BulkOptions) (BulkTable, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return BulkTable{}, err
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		return BulkTable{}, err
	}
	if len(there) > 0 {
		return BulkTable{}, fmt.Errorf("%w: %s holds %s", ErrBulkNotEmpty, dir, there[0].Name())
	}
	if o.FileBytes <= 0 {
		o.FileBytes = DefaultBulkFileBytes
	}
	w := &bulkWriter{dir: dir, options: o, labels: make(filterLabels), table: BulkTable{Format: bulkFormat, Dim: dim, Files: []BulkFile{}, Schema: bulkSchema(dim)}}
	if err := errors.Join(w.all(ctx, st), w.abort()); err != nil {
		return BulkTable{}, err
	}
	err = atomicfile.Write(filepath.Join(dir, BulkTableName), func(out io.Writer) error {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(w.table)
	})
	return w.table, err
}

// bulkWriter writes one file after the other.
type bulkWriter struct {
	dir     string
	options BulkOptions
	labels  filterLabels
	table   BulkTable

	file    *atomicfile.File // that is being written, nil for none
	sum     hash.Hash
	parquet *parquet.GenericWriter[bulkRow]
	records int64
	bytes   int64 // of the rows in the file, as they are in memory
	group   int64 // of those in the row group
}

// maxKnownLabels bounds the folded labels that are kept at hand.
const maxKnownLabels = 100_000

func (w *bulkWriter) all(ctx context.Context, st BulkSource) error {
	for r, err := range st.Scan(ctx, nil, store.Fields{Vectors: true}) {
		if err != nil {
			return err
		}
		if len(w.labels) > maxKnownLabels {
			clear(w.labels)
		}
		row, err := newRow(&r, w.labels)
		var refused *store.RecordError
		if errors.As(err, &refused) && w.options.Refused != nil {
			w.options.Refused(refused)
			continue
		}
		if err != nil {
			return err
		}
		if len(r.Vector) != w.table.Dim {
			return fmt.Errorf("record %s has a vector of %d dimensions, %d are expected", r.ID, len(r.Vector), w.table.Dim)
		}
		if err := w.add(&row); err != nil {
			return err
		}
	}
	return w.finish()
}

func (w *bulkWriter) add(r *row) error {
	if w.file == nil {
		var err error
		if w.file, err = atomicfile.Create(filepath.Join(w.dir, fmt.Sprintf("records-%06d.parquet", len(w.table.Files)+1))); err != nil {
			return err
		}
		w.sum = sha256.New()
		w.parquet = parquet.NewGenericWriter[bulkRow](io.MultiWriter(w.file, w.sum),
			parquet.CreatedBy("sightline", "", ""), parquet.DataPageVersion(1),
			// What reads the files in Milvus 2.3 ends the whole server when it meets texts
			// in the library's own default, by differences of their lengths.
			parquet.DefaultEncoding(&parquet.Plain),
			// Bounds of these are of no use to anybody, and large.
			parquet.SkipPageBounds("vector", "list", "element"), parquet.SkipPageBounds("extra"))
	}
	if _, err := w.parquet.Write([]bulkRow{bulkRowOf(r)}); err != nil {
		return err
	}
	size := int64(r.bytes())
	w.records, w.bytes, w.group = w.records+1, w.bytes+size, w.group+size
	if w.bytes >= w.options.FileBytes {
		return w.finish()
	}
	if w.group >= groupBytes {
		w.group = 0
		return w.parquet.Flush()
	}
	return nil
}

// finish ends the file that is being written.
func (w *bulkWriter) finish() error {
	if w.file == nil {
		return nil
	}
	if err := w.parquet.Close(); err != nil {
		return err
	}
	name := fmt.Sprintf("records-%06d.parquet", len(w.table.Files)+1)
	if err := w.file.Commit(); err != nil {
		return err
	}
	info, err := os.Stat(filepath.Join(w.dir, name))
	if err != nil {
		return err
	}
	w.table.Files = append(w.table.Files, BulkFile{Name: name, Records: w.records, Bytes: info.Size(), SHA256: hex.EncodeToString(w.sum.Sum(nil))})
	w.table.Records += w.records
	w.file, w.records, w.bytes, w.group = nil, 0, 0, 0
	return nil
}

// abort gives up a file that was not finished.
func (w *bulkWriter) abort() error {
	if w.file == nil {
		return nil
	}
	return w.file.Abort()
}

func bulkRowOf(r *row) bulkRow {
	tags := make([]string, len(r.tags))
	for i, t := range r.tags {
		tags[i] = string(t)
	}
	return bulkRow{
		ID: r.ID, Path: r.path, Root: r.root, Hash: hex.EncodeToString(r.ContentHash), Format: r.format,
		Size: r.Size, Mod: r.ModTime.Unix(), ModNS: int64(r.ModTime.Nanosecond()), Width: int64(r.Width), Height: int64(r.Height),
		Taken: seconds(r.TakenAt), TakenNS: packTakenNS(r.Record), Shown: r.When().Unix(), ShownNS: int64(r.When().Nanosecond()),
		Tags: tags, Extra: string(r.extra), Vector: r.Vector,
	}
}
