package ort_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/clip/ort"
	"github.com/sightline/sightline/internal/vec"
)

func cosine(a, b []float32) float64 {
	var dot, aa, bb float64
	for i := range a {
		dot += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return dot / math.Sqrt(aa*bb)
}

// From bytes and strings to embeddings, everything must come out as in Python.
func TestParity(t *testing.T) {
	if testing.Short() {
		t.Skip("numbers of one goroutine: slow under the race detector")
	}
	const (
		sameRuntime = 0.99999 // ONNX Runtime in Python, Pillow, the tokenizers library
		otherCode   = 0.9999  // transformers: another implementation of all of it
	)
	for _, c := range []struct {
		golden, dir, precision string
		// onlyRuntime says that there is no reference of another implementation.
		onlyRuntime bool
	}{
		{golden: "tiny-clip.json", dir: cliptest.TinyBundle(t), precision: "fp32"},
		{golden: "tiny-clip-fp16.json", dir: cliptest.TinyBundle(t), precision: "fp16", onlyRuntime: true},
		{golden: "starter.json", dir: starter, precision: "int8", onlyRuntime: true},
	} {
		t.Run(c.golden, func(t *testing.T) {
			g := readGolden(t, c.golden)
			e := open(t, c.dir, c.precision, ort.Options{})
			check := func(what string, got, want []float32, least float64) {
				t.Helper()
				if len(got) != len(want) {
					t.Fatalf("%s: %d dimensions, want %d", what, len(got), len(want))
				}
				if cos := cosine(got, want); !(cos >= least) {
					t.Errorf("%s: cosine %.7f, want at least %v", what, cos, least)
				}
			}
			for _, p := range g.Pictures {
				m, err := e.EncodeImages(t.Context(), batchOf(t, e, filepath.Join(goldenDir, p.File)))
				if err != nil {
					t.Fatal(err)
				}
				check(p.File, m.Row(0), p.OnnxRuntime, sameRuntime)
				if !c.onlyRuntime && !p.CropDiffers {
					check(p.File+" (transformers)", m.Row(0), p.Transformers, otherCode)
				}
			}
			texts := make([]string, len(g.Texts))
			for i := range g.Texts {
				texts[i] = g.Texts[i].Text
			}
			m, err := e.EncodeTexts(t.Context(), texts)
			if err != nil {
				t.Fatal(err)
			}
			for i, x := range g.Texts {
				check(fmt.Sprintf("%.40q", x.Text), m.Row(i), x.OnnxRuntime, sameRuntime)
				if !c.onlyRuntime {
					check(fmt.Sprintf("%.40q (transformers)", x.Text), m.Row(i), x.Transformers, otherCode)
				}
			}
		})
	}
}

// Exports differ in their inputs; the embeddings may not.
func TestVariantsAgree(t *testing.T) {
	if testing.Short() {
		t.Skip("numbers of one goroutine: slow under the race detector")
	}
	texts := []string{"a dog", "two cats on a red sofa", ""}
	e := open(t, cliptest.TinyBundle(t), "fp32", ort.Options{})
	want, err := e.EncodeTexts(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	batch := batchOf(t, e, filepath.Join(goldenDir, "pictures/00-224x224-rgb.png"), filepath.Join(goldenDir, "pictures/01-97x61-rgb.png"))
	wantImages, err := e.EncodeImages(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	for _, variant := range []string{cliptest.TinyMask, cliptest.TinyFixed} {
		t.Run(variant, func(t *testing.T) {
			e := open(t, cliptest.TinyVariant(t, variant), "fp32", ort.Options{})
			got, err := e.EncodeTexts(t.Context(), texts)
			if err != nil {
				t.Fatal(err)
			}
			gotImages, err := e.EncodeImages(t.Context(), batch)
			if err != nil {
				t.Fatal(err)
			}
			for i := range texts {
				if cos := cosine(got.Row(i), want.Row(i)); cos < 0.99999 {
					t.Errorf("%q: cosine %.7f", texts[i], cos)
				}
			}
			for i := range batch.Len() {
				if cos := cosine(gotImages.Row(i), wantImages.Row(i)); cos < 0.99999 {
					t.Errorf("picture %d: cosine %.7f", i, cos)
				}
			}
		})
	}
}

// A re-run with another batch size must give the same index, and a query the same
// embedding whatever it shares a call with. The weights of the starter model are
// quantised; the tiny one quantises what flows through it as well, over a whole call or
// over each picture of it.
func TestBatchesDoNotMatter(t *testing.T) {
	if testing.Short() {
		t.Skip("numbers of one goroutine: slow under the race detector")
	}
	for _, c := range []struct{ name, dir, precision string }{
		{"starter", starter, ""},
		{"tiny fp32", cliptest.TinyBundle(t), "fp32"},
		{"tiny int8", cliptest.TinyBundle(t), "int8"},
		{"tiny int8 in loops", cliptest.TinyLooped(t), "int8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			testBatches(t, open(t, c.dir, c.precision, ort.Options{ImageThreads: 1}))
		})
	}
}

func testBatches(t *testing.T, e *ort.Encoder) {
	files, err := filepath.Glob(filepath.Join(goldenDir, "pictures/*.png"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d pictures, %v", len(files), err)
	}
	together, err := e.EncodeImages(t.Context(), batchOf(t, e, files...))
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{"a dog", "a red car in the snow", "cat", "a dog", "A  dog", "a cat", "two cats on a sofa", "a red bus in the night", ""}
	// So many that they are embedded by several calls at once.
	many := slices.Clone(texts)
	for i := range 100 {
		many = append(many, fmt.Sprintf("%d dogs", i))
	}
	textsTogether, err := e.EncodeTexts(t.Context(), many)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		alone, err := e.EncodeImages(t.Context(), batchOf(t, e, f))
		if err != nil {
			t.Fatal(err)
		}
		if cos := cosine(alone.Row(0), together.Row(i)); cos < 0.999999 {
			t.Errorf("%s alone and in a batch: cosine %.8f", f, cos)
		}
	}
	for i, x := range texts {
		alone, err := e.EncodeTexts(t.Context(), []string{x})
		if err != nil {
			t.Fatal(err)
		}
		if cos := cosine(alone.Row(0), textsTogether.Row(i)); cos < 0.999999 {
			t.Errorf("%q alone and in a batch: cosine %.8f", x, cos)
		}
	}
}

// What scripts/quantize makes of an image tower is one call for many pictures, each of which
// is embedded nearly as in fp32.
func TestQuantizedTower(t *testing.T) {
	if testing.Short() {
		t.Skip("numbers of one goroutine: slow under the race detector")
	}
	dir := cliptest.TinyLooped(t)
	b, err := clip.OpenBundle(dir, clip.BundleOptions{Precision: "int8"})
	if err != nil {
		t.Fatal(err)
	}
	if b.VisionAlone || !b.TextAlone {
		t.Errorf("one picture a call: %v, one text a call: %v", b.VisionAlone, b.TextAlone)
	}
	files, err := filepath.Glob(filepath.Join(goldenDir, "pictures/*.png"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d pictures, %v", len(files), err)
	}
	embed := func(precision string) vec.Matrix {
		e := open(t, dir, precision, ort.Options{})
		m, err := e.EncodeImages(t.Context(), batchOf(t, e, files...))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	exact, small := embed("fp32"), embed("int8")
	for i, f := range files {
		for j := range files {
			switch cos := cosine(small.Row(i), exact.Row(j)); {
			case i == j && cos < 0.995:
				t.Errorf("%s: cosine %.5f", f, cos)
			case i != j && cos > 0.995:
				t.Errorf("%s and %s are embedded alike (%.5f): this test could not fail", f, files[j], cos)
			}
		}
	}
}

// Every C object is freed, and Close waits for calls in flight.
func TestNothingLeaks(t *testing.T) {
	before := ort.Live()
	b, err := clip.OpenBundle(cliptest.TinyBundle(t), clip.BundleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := ort.NewEncoder(b, "test", library(t), ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	batch := batchOf(t, e, filepath.Join(goldenDir, "pictures/01-97x61-rgb.png"))
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			for range 10 {
				if _, err := e.EncodeImages(context.Background(), batch); err != nil && !errors.Is(err, ort.ErrClosed) {
					t.Error(err)
				}
				if _, err := e.EncodeTexts(context.Background(), []string{"a", "b c"}); err != nil && !errors.Is(err, ort.ErrClosed) {
					t.Error(err)
				}
			}
		})
	}
	for range 2 {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	calls.Wait()
	if _, err := e.EncodeTexts(t.Context(), []string{"a"}); !errors.Is(err, ort.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
	if now := ort.Live(); now != before {
		t.Errorf("%d C objects are left, %d before", now, before)
	}
}

func TestCancelled(t *testing.T) {
	e := open(t, cliptest.TinyBundle(t), "", ort.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.EncodeTexts(ctx, []string{"a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestNothingToEncode(t *testing.T) {
	e := open(t, cliptest.TinyBundle(t), "", ort.Options{})
	if m, err := e.EncodeTexts(t.Context(), nil); err != nil || m.Rows != 0 {
		t.Errorf("no texts: %d rows, %v", m.Rows, err)
	}
	if m, err := e.EncodeImages(t.Context(), clip.NewBatch(4, e.Spec().Preprocess)); err != nil || m.Rows != 0 {
		t.Errorf("no pictures: %d rows, %v", m.Rows, err)
	}
}

// What a text is for the model is known without running it.
func TestReadText(t *testing.T) {
	e := open(t, cliptest.TinyBundle(t), "", ort.Options{})
	empty, err := e.ReadText("")
	if err != nil || empty.Tokens != 0 || empty.Room <= 0 || empty.Room >= e.Spec().Context {
		t.Errorf("nothing: %+v, %v", empty, err)
	}
	one, err := e.ReadText("a")
	if err != nil || one.Tokens < 1 || one.Room != empty.Room {
		t.Errorf("a: %+v, %v", one, err)
	}
	long, err := e.ReadText(strings.Repeat("a ", 3*e.Spec().Context))
	if err != nil || long.Tokens <= long.Room {
		t.Errorf("a long text: %+v, %v", long, err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.ReadText("a"); !errors.Is(err, ort.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}
