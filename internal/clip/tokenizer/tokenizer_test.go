package tokenizer

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	clipTokenizer = "testdata/tokens/clip-tokenizer.json.gz"
	bertTokenizer = "../../../models/starter/tokenizer.json"
	clipStart     = 49406
	clipEnd       = 49407
	bertCLS       = 101
	bertSEP       = 102
)

// readGzip returns the contents of a compressed fixture.
func readGzip(tb testing.TB, path string) []byte {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	data, err = io.ReadAll(z)
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	return data
}

// clipJSON and bertJSON are the two tokenizer.json files that the tests start
// from.
func clipJSON(tb testing.TB) []byte { return readGzip(tb, clipTokenizer) }

func bertJSON(tb testing.TB) []byte {
	tb.Helper()
	data, err := os.ReadFile(bertTokenizer)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func mustParse(tb testing.TB, data []byte) *pipeline {
	tb.Helper()
	p, err := parseTokenizer(data)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestLoadTokenizer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenizer.json")
	if err := os.WriteFile(path, clipJSON(t), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path string
		want []int64
	}{
		{path, []int64{clipStart, 320, 1125, 539, 320, 2368, 568, 272, 273, 3255, clipEnd}},
		{bertTokenizer, []int64{bertCLS, 1037, 6302, 1997, 1037, 4937, 1005, 1055, 2260, 6077, bertSEP}},
	} {
		tok, err := Load(tt.path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, tok.Encode("A photo of a  cat's 12 dogs", 77)); diff != "" {
			t.Errorf("%s: ids (-want +got):\n%s", tt.path, diff)
		}
	}
}

func TestLoadTokenizerMissing(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "tokenizer.json"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v, want one that wraps fs.ErrNotExist", err)
	}
}
