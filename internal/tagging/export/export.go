// Package export writes the tags of a run as tables for other programs: CSV, JSON
// lines and Parquet. A row is a tag of a picture. Rows go out as they come, so that
// memory does not grow with their number.
package export

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/sightline/sightline/internal/atomicfile"
)

// ErrFormat says that a format is not known.
var ErrFormat = errors.New("not a format that tags can be written in")

// Format is a kind of table.
type Format string

// The formats.
const (
	CSV     Format = "csv"
	JSONL   Format = "jsonl"
	Parquet Format = "parquet"
)

// FormatOf returns the format that a file's ending stands for.
func FormatOf(path string) (Format, error) {
	ending := strings.ToLower(strings.TrimPrefix(filepath.Ext(path), "."))
	if ending == "json" || ending == "ndjson" {
		ending = string(JSONL)
	}
	f := Format(ending)
	if !f.Known() {
		return "", fmt.Errorf("%w: %q; it can be csv, jsonl or parquet", ErrFormat, path)
	}
	return f, nil
}

// Known reports whether f is a format.
func (f Format) Known() bool { return f == CSV || f == JSONL || f == Parquet }

// Row is a tag of a picture and where it comes from. The fields' names are those of
// the columns in every format, in this order.
type Row struct {
	Path        string    `json:"path" parquet:"path,dict"`
	Label       string    `json:"label" parquet:"label,dict"`
	Score       float32   `json:"score" parquet:"score"`             // cosine
	Probability float32   `json:"probability" parquet:"probability"` // calibrated
	ID          string    `json:"id" parquet:"id,dict"`              // of the picture in the index
	Run         string    `json:"run" parquet:"run,dict"`
	Model       string    `json:"model" parquet:"model,dict"`   // fingerprint
	Labels      string    `json:"labels" parquet:"labels,dict"` // fingerprint of the label list
	Templates   string    `json:"templates" parquet:"templates,dict"`
	Time        time.Time `json:"time" parquet:"time,timestamp(millisecond)"` // of the run
	// PathBase64 is the path's bytes where they are not UTF-8, as every format is.
	PathBase64 string `json:"path_base64,omitempty" parquet:"path_base64,dict"`
}

var columns = []string{"path", "label", "score", "probability", "id", "run", "model", "labels", "templates", "time", "path_base64"}

// Writer takes rows. Close ends the table; it does not close what it is written to.
type Writer interface {
	Write(Row) error
	Close() error
}

// NewWriter returns a writer of a format.
func NewWriter(w io.Writer, f Format) (Writer, error) {
	switch f {
	case CSV:
		c := &csvWriter{csv.NewWriter(w)}
		return c, c.csv.Write(columns)
	case JSONL:
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return jsonWriter{enc}, nil
	case Parquet:
		return &parquetWriter{parquet: parquet.NewGenericWriter[Row](w,
			parquet.Compression(&zstd.Codec{}), parquet.CreatedBy("sightline", "", ""))}, nil
	}
	return nil, fmt.Errorf("%w: %q", ErrFormat, f)
}

// Table is a table on its way to a file. Until Commit what was at the path stays.
type Table struct {
	Writer
	file *atomicfile.File
}

// Create begins a table. The caller must end it with Commit or Abort.
func Create(path string, f Format) (*Table, error) {
	file, err := atomicfile.Create(path)
	if err != nil {
		return nil, err
	}
	w, err := NewWriter(file, f)
	if err != nil {
		return nil, errors.Join(err, file.Abort())
	}
	return &Table{w, file}, nil
}

// Commit ends the table and puts it in its place.
func (t *Table) Commit() error {
	if err := t.Close(); err != nil {
		return errors.Join(err, t.file.Abort())
	}
	return t.file.Commit()
}

// Abort gives the table up. After Commit it does nothing.
func (t *Table) Abort() error { return t.file.Abort() }

// encoded is the row in UTF-8, with the bytes of a path that was not.
func (r Row) encoded() Row {
	r.Label = strings.ToValidUTF8(r.Label, "\ufffd")
	if !utf8.ValidString(r.Path) {
		r.PathBase64 = base64.StdEncoding.EncodeToString([]byte(r.Path))
		r.Path = strings.ToValidUTF8(r.Path, "\ufffd")
	}
	return r
}

type csvWriter struct{ csv *csv.Writer }

func (c *csvWriter) Write(r Row) error {
	r = r.encoded()
	return c.csv.Write([]string{
		r.Path, r.Label, number(r.Score), number(r.Probability),
		r.ID, r.Run, r.Model, r.Labels, r.Templates, r.Time.UTC().Format(time.RFC3339), r.PathBase64,
	})
}

func number(x float32) string { return strconv.FormatFloat(float64(x), 'g', -1, 32) }

func (c *csvWriter) Close() error {
	c.csv.Flush()
	return c.csv.Error()
}

type jsonWriter struct{ enc *json.Encoder }

func (j jsonWriter) Write(r Row) error { return j.enc.Encode(r.encoded()) }
func (j jsonWriter) Close() error      { return nil }

// groupRows is how many rows make a row group: a few megabytes in memory.
const groupRows = 100_000

type parquetWriter struct {
	parquet *parquet.GenericWriter[Row]
	rows    int
}

func (p *parquetWriter) Write(r Row) error {
	if _, err := p.parquet.Write([]Row{r.encoded()}); err != nil {
		return err
	}
	if p.rows++; p.rows%groupRows == 0 {
		return p.parquet.Flush()
	}
	return nil
}

func (p *parquetWriter) Close() error { return p.parquet.Close() }
