package cliptest

import (
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Variants of the tiny bundle, by the names that TinyVariant takes. All have the
// same weights, so that their embeddings are equal but for rounding.
const (
	TinyMask  = "tiny-clip-mask"  // the text graph takes attention_mask too
	TinyFixed = "tiny-clip-fixed" // int32 ids; one picture, or one text of 77 tokens, per call
)

// TinyBundle unpacks a complete bundle in the hub's layout and returns its folder:
// a CLIP of the real architecture with random weights (24 dimensions, 224x224
// pixels, the real tokenizer), in fp32, fp16 and int8 (_quantized).
// scripts/reference/export_tiny.py makes it.
func TinyBundle(tb testing.TB) string {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "tiny-clip")
	data := testdata(tb)
	unpackTree(tb, filepath.Join(data, "tiny-clip"), dir)
	unpack(tb, filepath.Join(data, "..", "tokenizer", "testdata", "tokens", "clip-tokenizer.json.gz"), filepath.Join(dir, "tokenizer.json"))
	return dir
}

// TinyVariant is TinyBundle in fp32 alone, with the graphs that the variant has
// otherwise.
func TinyVariant(tb testing.TB, variant string) string {
	tb.Helper()
	dir := TinyBundle(tb)
	for _, name := range []string{"vision_model_fp16", "vision_model_quantized", "text_model_fp16", "text_model_quantized"} {
		if err := os.Remove(filepath.Join(dir, "onnx", name+".onnx")); err != nil {
			tb.Fatal(err)
		}
	}
	unpackTree(tb, filepath.Join(testdata(tb), variant), dir)
	return dir
}

// TinyLooped is TinyBundle with the int8 image tower that scripts/quantize makes of the fp32
// one. Its activations are quantised too, in seven loops over the pictures of a call
// (quantize.py FOLDER --part 4096).
func TinyLooped(tb testing.TB) string {
	tb.Helper()
	dir := TinyBundle(tb)
	unpackTree(tb, filepath.Join(testdata(tb), "tiny-clip-looped"), dir)
	return dir
}

// testdata finds internal/clip/testdata from the folder of any package: tests run
// in the folder of theirs.
func testdata(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		if err == nil {
			return filepath.Join(dir, "internal", "clip", "testdata")
		}
		parent := filepath.Dir(dir)
		if !errors.Is(err, fs.ErrNotExist) || parent == dir {
			tb.Fatalf("the module's root is not above the test's folder: %v", err)
		}
		dir = parent
	}
}

// unpackTree copies the files below src to dst and unpacks those that end in .gz.
func unpackTree(tb testing.TB, src, dst string) {
	tb.Helper()
	err := filepath.WalkDir(src, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(src, path)
		if err != nil {
			return err
		}
		unpack(tb, path, filepath.Join(dst, strings.TrimSuffix(rel, ".gz")))
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func unpack(tb testing.TB, src, dst string) {
	tb.Helper()
	in, err := os.Open(src)
	if err != nil {
		tb.Fatal(err)
	}
	defer in.Close()
	var r io.Reader = in
	if strings.HasSuffix(src, ".gz") {
		if r, err = gzip.NewReader(in); err != nil {
			tb.Fatalf("%s: %v", src, err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(dst), 0o755); err != nil {
		tb.Fatal(err)
	}
	out, err := os.Create(dst)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := io.Copy(out, r); err != nil {
		tb.Fatalf("%s: %v", src, err)
	}
	if err := out.Close(); err != nil {
		tb.Fatal(err)
	}
}
