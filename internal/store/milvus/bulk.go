package milvus

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"

	"github.com/sightline/sightline/internal/lazyregexp"
	"github.com/sightline/sightline/internal/smallfile"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// An index for the bulk insert of a server is a folder of Parquet files, which the server
// reads from its own storage, and a table of contents beside them. The files have the
// columns of recordSchema by name: texts and JSON as strings, numbers as 64 bits, and tags
// and vector as lists in the three levels of Parquet's LIST. Milvus reads that from 2.3.4
// on. It writes segments straight from them, without its log and without looking whether an
// id is there already.

// bulkFormat is the version of the table of contents.
const bulkFormat = 1

// BulkTableName is the name of the table of contents in a folder. It is written last.
const BulkTableName = "bulk.json"

// BulkTable says what a folder for bulk insert holds.
type BulkTable struct {
	Format  int         `json:"format"`
	Dim     int         `json:"dim"`
	Records int64       `json:"records"`
	Files   []BulkFile  `json:"files"`
	Schema  []BulkField `json:"schema"` // of the collection that the files go into
}

// BulkFile is one Parquet file.
type BulkFile struct {
	Name    string `json:"name"` // in the folder
	Records int64  `json:"records"`
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"`
}

// BulkField is a field of the collection, as an SDK of Milvus asks for it.
type BulkField struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Element     string `json:"element_type,omitempty"` // of an array
	MaxLength   int    `json:"max_length,omitempty"`
	MaxCapacity int    `json:"max_capacity,omitempty"`
	Dim         int    `json:"dim,omitempty"`
	Primary     bool   `json:"primary,omitempty"`
	Description string `json:"description"`
}

// bulkTypes are the names of the types.
var bulkTypes = map[service.Type]string{
	service.Int64: "Int64", service.VarChar: "VarChar", service.VarCharArray: "Array", service.JSON: "JSON", service.FloatVector: "FloatVector",
}

// bulkSchema tells recordSchema to other programs.
func bulkSchema(dim int) []BulkField {
	var out []BulkField
	for _, f := range recordSchema("", dim).Fields {
		b := BulkField{
			Name: f.Name, Type: bulkTypes[f.Type], Primary: f.Primary, Description: f.Description,
			MaxLength: f.MaxLength, MaxCapacity: f.MaxCapacity, Dim: f.Dim,
		}
		if f.Type == service.VarCharArray {
			b.Element = bulkTypes[service.VarChar]
		}
		out = append(out, b)
	}
	return out
}

// bulkRow is a row of a file. The parquet tags are the names of recordSchema.
type bulkRow struct {
	ID      string    `parquet:"id,snappy"`
	Path    string    `parquet:"path,snappy"`
	Root    string    `parquet:"root,snappy"`
	Hash    string    `parquet:"content_hash,snappy"`
	Format  string    `parquet:"format,snappy"`
	Size    int64     `parquet:"size,snappy"`
	Mod     int64     `parquet:"mtime,snappy"`
	ModNS   int64     `parquet:"mtime_ns,snappy"`
	Width   int64     `parquet:"width,snappy"`
	Height  int64     `parquet:"height,snappy"`
	Taken   int64     `parquet:"taken_at,snappy"`
	TakenNS int64     `parquet:"taken_ns,snappy"`
	Shown   int64     `parquet:"shown_at,snappy"`
	ShownNS int64     `parquet:"shown_ns,snappy"`
	Tags    []string  `parquet:"tags,list,snappy"`
	Extra   string    `parquet:"extra,snappy"`
	Vector  []float32 `parquet:"vector,list"`
}

// ErrNoBulk says that a folder holds no whole export for bulk insert.
var ErrNoBulk = errors.New("the folder holds no whole export for bulk insert")

var bulkFileName = lazyregexp.New(`^records-[0-9]{6}\.parquet$`)

// The bounds of a table of contents: its size in bytes, and the files that it may name.
const (
	maxBulkTable = 64 << 20
	maxBulkFiles = 100_000
)

// ReadBulkTable reads the table of contents of a folder that WriteBulk wrote.
func ReadBulkTable(file string) (BulkTable, error) {
	var t BulkTable
	text, err := smallfile.Read(file, maxBulkTable)
	if err != nil {
		return t, fmt.Errorf("%w: %w", ErrNoBulk, err)
	}
	if err := json.Unmarshal(text, &t); err != nil {
		return t, fmt.Errorf("%w: %s: %w", ErrNoBulk, file, err)
	}
	bad := func(format string, args ...any) (BulkTable, error) {
		return t, fmt.Errorf("%w: %s: %s", ErrNoBulk, file, fmt.Sprintf(format, args...))
	}
	switch {
	case t.Format != bulkFormat:
		return bad("its format is %d, and %d is known", t.Format, bulkFormat)
	case t.Dim < 1 || t.Dim > 1<<16:
		return bad("vectors of %d dimensions", t.Dim)
	case len(t.Files) > maxBulkFiles:
		return bad("it names %d files, and %d are the most", len(t.Files), maxBulkFiles)
	}
	var sum int64
	seen := make(map[string]bool)
	for _, f := range t.Files {
		if !bulkFileName().MatchString(f.Name) || f.Records < 1 || seen[f.Name] {
			return bad("%q with %d records is no file of an export", path.Base(f.Name), f.Records)
		}
		seen[f.Name] = true
		sum += f.Records
	}
	if sum != t.Records {
		return bad("%d records in all, and %d in its files", t.Records, sum)
	}
	return t, nil
}
