package milvus_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

// bulkRecords are records of all kinds: with and without tags, dates and contents, and with
// paths that are not text.
func bulkRecords(n int) []store.Record {
	out := wideRecords(n)
	for i := range out {
		r := &out[i]
		r.Size, r.Width, r.Height, r.Format = int64(i)<<20, 4000+i, 3000, "jpeg"
		r.ModTime = time.Unix(1.7e9+int64(i), 7).UTC()
		switch i % 4 {
		case 0:
			r.ContentHash = slices.Repeat([]byte{byte(i)}, 32)
			r.TakenAt = time.Date(1890, 1, 1, 0, 0, i, 123456789, time.UTC)
			r.MetadataStamp = uint32(i)
		case 1:
			r.Tags = []store.Tag{{Label: "Straße \"50 %\"", Source: "user"}, {Label: "dog", Source: "run:1", Score: 0.25, Probability: 0.5}}
			r.About = store.About{Title: "a\nb \\ 'c'", Make: "Canon"}
		case 2:
			r.Path = fmt.Sprintf("/photos/\xff%d %%20\t\"'\\.jpg", i)
			r.ID = store.ID("default", r.Path)
		}
	}
	return out
}

// sameRecords compares all that two stores hold.
func sameRecords(t *testing.T, got, want store.Store) {
	t.Helper()
	all := func(s store.Store) []store.Record {
		var out []store.Record
		for r, err := range s.Scan(t.Context(), nil, store.Fields{Vectors: true}) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, r)
		}
		return out
	}
	if diff := cmp.Diff(all(want), all(got), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// The files hold the columns that a server looks for, with all values.
func TestBulkFiles(t *testing.T) {
	t.Parallel()
	fake := milvustest.Start(t)
	o := options(fake)
	o.Model = wideModel
	s := open(t, o)
	all := bulkRecords(300)
	upsert(t, s, all...)
	dir := filepath.Join(t.TempDir(), "a", "bulk")
	table, err := milvus.WriteBulk(t.Context(), s, wideDim, dir, milvus.BulkOptions{FileBytes: 100 << 10})
	if err != nil {
		t.Fatal(err)
	}
	read, err := milvus.ReadBulkTable(filepath.Join(dir, milvus.BulkTableName))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(table, read); diff != "" {
		t.Errorf("the table of contents (-written +read):\n%s", diff)
	}
	columns := make(map[string]bool)
	for _, f := range read.Schema {
		columns[f.Name] = true
	}
	var rows int64
	for _, f := range read.Files {
		file, err := os.Open(filepath.Join(dir, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		p, err := parquet.OpenFile(file, f.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		rows += p.NumRows()
		for _, group := range p.Metadata().RowGroups {
			for _, c := range group.Columns {
				for _, e := range c.MetaData.Encoding {
					if e != format.Plain && e != format.RLE { // a server ends with others
						t.Errorf("%s: column %v has the encoding %s", f.Name, c.MetaData.PathInSchema, e)
					}
				}
			}
		}
		for _, c := range p.Root().Columns() {
			if !columns[c.Name()] {
				t.Errorf("%s has a column %s, which the collection has not", f.Name, c.Name())
			}
		}
		if n := len(p.Root().Columns()); n != len(columns) {
			t.Errorf("%s has %d columns, and the collection has %d", f.Name, n, len(columns))
		}
	}
	if rows != 300 || table.Records != 300 || len(table.Files) < 3 {
		t.Errorf("%d records in %d files, and %d rows", table.Records, len(table.Files), rows)
	}
	if _, err := milvus.WriteBulk(t.Context(), s, wideDim, dir, milvus.BulkOptions{}); !errors.Is(err, milvus.ErrBulkNotEmpty) {
		t.Errorf("WriteBulk into the same folder = %v", err)
	}

	o.Collection = "imported"
	imported := open(t, o)
	if err := imported.ImportBulk(t.Context(), table, dir, func(int64, int64) {}); err != nil {
		t.Fatal(err)
	}
	sameRecords(t, imported, s)
	if err := imported.ImportBulk(t.Context(), table, dir, func(int64, int64) {}); !errors.Is(err, store.ErrExists) {
		t.Errorf("a second import = %v", err)
	}
	o.Collection = "elsewhere"
	if err := open(t, o).ImportBulk(t.Context(), table, "/nowhere", func(int64, int64) {}); err == nil || !strings.Contains(err.Error(), "records-000001.parquet: the server says: ") {
		t.Errorf("an import from nowhere = %v", err)
	}
}

// A record that no server can keep is reported and left out.
func TestBulkRefused(t *testing.T) {
	t.Parallel()
	all := wideRecords(3)
	all[1].Path = "/" + strings.Repeat("x", 70_000)
	var refused []string
	table, err := milvus.WriteBulk(t.Context(), inMemory(all), wideDim, t.TempDir(), milvus.BulkOptions{
		Refused: func(e *store.RecordError) { refused = append(refused, e.ID) },
	})
	if err != nil || table.Records != 2 || !slices.Equal(refused, []string{all[1].ID}) {
		t.Errorf("%d records, refused %v, %v", table.Records, refused, err)
	}
}

// inMemory is a scanner over records.
type inMemory []store.Record

func (m inMemory) Scan(context.Context, store.Filter, store.Fields) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		for _, r := range m {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestReadBulkTable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:              "unexpected end",
		`{"format": 2}`: "its format is 2",
		`{"format": 1}`: "0 dimensions",
		`{"format": 1, "dim": 4, "files": [{"name": "../x.parquet", "records": 1}]}`:                         `"x.parquet" with 1 records`,
		`{"format": 1, "dim": 4, "records": 2, "files": [{"name": "records-000001.parquet", "records": 1}]}`: "2 records in all, and 1 in its files",
	} {
		file := filepath.Join(t.TempDir(), "bulk.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := milvus.ReadBulkTable(file); !errors.Is(err, milvus.ErrNoBulk) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := milvus.ReadBulkTable(filepath.Join(t.TempDir(), "bulk.json")); !errors.Is(err, milvus.ErrNoBulk) {
		t.Error(err)
	}
}

// A server imports what was exported, and gives the records as an ordinary copy has them.
func TestBulkOnStandalone(t *testing.T) {
	t.Parallel()
	address := standalone.address(t)
	prefix := uniqueName(t, address)
	o := milvus.Options{Address: address, Collection: prefix + "copy", Mode: store.Create, Model: wideModel, Consistency: "strong"}
	copied := open(t, o)
	upsert(t, copied, bulkRecords(400)...)
	dir := filepath.Join(t.TempDir(), "bulk")
	table, err := milvus.WriteBulk(t.Context(), copied, wideDim, dir, milvus.BulkOptions{FileBytes: 200 << 10})
	if err != nil {
		t.Fatal(err)
	}
	if table.Records != 400 || len(table.Files) < 2 {
		t.Fatalf("%d records in %d files", table.Records, len(table.Files))
	}
	o.Collection = prefix + "import"
	imported := open(t, o)
	var told int64
	start := time.Now()
	if err := imported.ImportBulk(t.Context(), table, dir, func(done, _ int64) { told = done }); err != nil {
		t.Fatal(err)
	}
	t.Logf("imported in %s", time.Since(start))
	if told != 400 {
		t.Errorf("told of %d records", told)
	}
	sameRecords(t, imported, copied)
}
