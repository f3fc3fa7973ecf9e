package export

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

func rows() []Row {
	at := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	row := func(path, label string, p float32) Row {
		return Row{Path: path, Label: label, Score: 0.25, Probability: p, ID: "3f1c", Run: "0123456789ab",
			Model: "f00d", Labels: "1ab", Templates: "7e", Time: at}
	}
	return []Row{
		row("/a/b.jpg", "beach", 0.91),
		row("/a/with, \"quotes\"\nand a line.jpg", "sea, \"big\"", 1),
		row("/a/東京 🗼.png", "東京", 0.1),
		row("/a/\xff.jpg", "beach", 0),
	}
}

// table writes rows in a format.
func table(t *testing.T, f Format, rows []Row) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, f)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestCSV(t *testing.T) {
	got, err := csv.NewReader(bytes.NewReader(table(t, CSV, rows()))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"path", "label", "score", "probability", "id", "run", "model", "labels", "templates", "time", "path_base64"}}
	for _, r := range utf8Rows() {
		want = append(want, []string{r.Path, r.Label, "0.25", fmt.Sprint(r.Probability), "3f1c", "0123456789ab",
			"f00d", "1ab", "7e", "2026-03-01T12:30:00Z", r.PathBase64})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// utf8Rows are the rows as formats that hold only UTF-8 have them.
func utf8Rows() []Row {
	want := rows()
	want[3].PathBase64 = base64.StdEncoding.EncodeToString([]byte(want[3].Path))
	want[3].Path = "/a/\ufffd.jpg"
	return want
}

func TestJSONL(t *testing.T) {
	dec := json.NewDecoder(bytes.NewReader(table(t, JSONL, rows())))
	var got []Row
	for dec.More() {
		var r Row
		if err := dec.Decode(&r); err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if diff := cmp.Diff(utf8Rows(), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParquet(t *testing.T) {
	data := table(t, Parquet, rows())
	got, err := parquet.Read[Row](bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		got[i].Time = got[i].Time.UTC()
	}
	if diff := cmp.Diff(utf8Rows(), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if kind := f.Schema().Columns(); len(kind) != 11 || kind[0][0] != "path" {
		t.Errorf("columns %v", kind)
	}
}

func TestNoRows(t *testing.T) {
	for _, f := range []Format{CSV, JSONL, Parquet} {
		data := table(t, f, nil)
		if f == Parquet {
			if got, err := parquet.Read[Row](bytes.NewReader(data), int64(len(data))); err != nil || len(got) != 0 {
				t.Errorf("parquet: %v, %v", got, err)
			}
		} else if n := bytes.Count(data, []byte("\n")); n > 1 {
			t.Errorf("%s has %d lines", f, n)
		}
	}
}

func TestFormatOf(t *testing.T) {
	for path, want := range map[string]Format{"a.csv": CSV, "a.JSONL": JSONL, "a.ndjson": JSONL, "x/a.parquet": Parquet} {
		if got, err := FormatOf(path); err != nil || got != want {
			t.Errorf("%s: %v, %v", path, got, err)
		}
	}
	for _, path := range []string{"a", "a.xlsx", ""} {
		if _, err := FormatOf(path); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestTableIsWholeOrNotAtAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.csv")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, commit := range []bool{false, true} {
		table, err := Create(path, CSV)
		if err != nil {
			t.Fatal(err)
		}
		if err := table.Write(rows()[0]); err != nil {
			t.Fatal(err)
		}
		if commit {
			if err := table.Commit(); err != nil {
				t.Fatal(err)
			}
		}
		if err := table.Abort(); err != nil {
			t.Errorf("abort: %v", err)
		}
		data, err := os.ReadFile(path)
		if err != nil || (string(data) == "old") == commit {
			t.Errorf("commit %v: it now holds %q, %v", commit, data, err)
		}
		if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); err != nil || len(left) > 0 {
			t.Errorf("commit %v: %v is left, %v", commit, left, err)
		}
	}
	if _, err := Create(path, "xlsx"); !errors.Is(err, ErrFormat) {
		t.Errorf("an unknown format: %v", err)
	}
}
