package ort_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/ort"
	"github.com/sightline/sightline/internal/imaging"
)

// library is the ONNX Runtime that the set-up put into the repository, or the one
// that the environment names.
func library(tb testing.TB) string {
	tb.Helper()
	path := os.Getenv("SIGHTLINE_ONNXRUNTIME_LIB")
	if path == "" {
		path = filepath.Join("..", "..", "..", "lib", ort.LibraryName())
	}
	if _, err := os.Stat(path); err != nil {
		tb.Fatalf("ONNX Runtime is not set up (make setup): %v", err)
	}
	return path
}

// starter is the folder of the bundle that ships with the program.
const starter = "../../../models/starter"

func open(tb testing.TB, dir, precision string, o ort.Options) *ort.Encoder {
	tb.Helper()
	b, err := clip.OpenBundle(dir, clip.BundleOptions{Precision: precision, Pixels: imaging.Exact})
	if err != nil {
		tb.Fatal(err)
	}
	e, err := ort.NewEncoder(b, "test", library(tb), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return e
}

// golden holds reference embeddings, made once by scripts/reference/embeddings.py.
type golden struct {
	Pictures []struct {
		File         string
		OnnxRuntime  []float32
		Transformers []float32
		// CropDiffers says that transformers crops this picture a pixel beside where
		// openai/CLIP does, which we follow.
		CropDiffers bool `json:"transformers_crop_differs"`
	}
	Texts []struct {
		Text         string
		OnnxRuntime  []float32
		Transformers []float32
	}
}

func readGolden(t *testing.T, name string) golden {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(goldenDir, name))
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Pictures) == 0 || len(g.Texts) == 0 {
		t.Fatalf("%s is empty", name)
	}
	return g
}

const goldenDir = "../testdata/golden"

// batchOf decodes and prepares files as a run does.
func batchOf(tb testing.TB, e clip.Encoder, files ...string) *clip.Batch {
	tb.Helper()
	pre := e.Spec().Preprocess
	b := clip.NewBatch(len(files), pre)
	prepare := clip.NewPreparer(pre)
	for i, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		img, _, err := imaging.Decode(data, imaging.Options{Mode: pre.Mode, ShortSide: pre.ShortSide()})
		if err != nil {
			tb.Fatal(err)
		}
		if err := prepare.Into(img, b.Slot(i)); err != nil {
			tb.Fatal(err)
		}
	}
	b.SetLen(len(files))
	return b
}
