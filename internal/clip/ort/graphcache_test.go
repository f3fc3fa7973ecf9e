package ort_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/clip/ort"
)

// cacheEntries are the folders of a graph cache.
func cacheEntries(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// The optimised copy must give the model's embeddings, whatever state it is in.
func TestGraphCache(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine: TestGraphCacheAtOnce is for the race detector")
	}
	texts := []string{"a dog", "two cats on a red sofa"}
	for _, precision := range []string{"fp32", "fp16", "int8"} {
		t.Run(precision, func(t *testing.T) {
			bundle, cache := cliptest.TinyBundle(t), filepath.Join(t.TempDir(), "graphs")
			want, err := open(t, bundle, precision, ort.Options{}).EncodeTexts(t.Context(), texts)
			if err != nil {
				t.Fatal(err)
			}
			check := func(what string) {
				t.Helper()
				got, err := open(t, bundle, precision, ort.Options{GraphCache: cache}).EncodeTexts(t.Context(), texts)
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				for i := range texts {
					if cos := cosine(got.Row(i), want.Row(i)); cos < 0.99999 {
						t.Errorf("%s: %q: cosine %.7f", what, texts[i], cos)
					}
				}
			}
			check("made")
			entries := cacheEntries(t, cache)
			if len(entries) != 1 {
				t.Fatalf("entries %v", entries)
			}
			graph := filepath.Join(entries[0], "graph.onnx")
			made, err := os.Stat(graph)
			if err != nil {
				t.Fatal(err)
			}
			check("found")
			if again, err := os.Stat(graph); err != nil || !again.ModTime().Equal(made.ModTime()) {
				t.Errorf("the entry was made twice: %v", err)
			}
			for what, damage := range map[string]func() error{
				"no files":    func() error { return os.Remove(filepath.Join(entries[0], "files.json")) },
				"other files": func() error { return os.WriteFile(filepath.Join(entries[0], "files.json"), []byte("{"), 0o644) },
				"cut":         func() error { return os.Truncate(graph, 100) },
				"damaged weights": func() error {
					old := time.Now().Add(-time.Hour) // as if nothing had been written
					for _, name := range []string{"weights.bin", "graph.onnx"} {
						path := filepath.Join(entries[0], name)
						b, err := os.ReadFile(path)
						if err != nil {
							return err
						}
						clear(b[len(b)/2 : len(b)/2+len(b)/8])
						if err := errors.Join(os.WriteFile(path, b, 0o644), os.Chtimes(path, old, old)); err != nil {
							return err
						}
					}
					return nil
				},
			} {
				if err := damage(); err != nil {
					t.Fatal(err)
				}
				check(what)
				if _, err := os.Stat(filepath.Join(entries[0], "files.json")); err != nil {
					t.Errorf("%s: %v", what, err)
				}
				if info, err := os.Stat(graph); err != nil || info.Size() != made.Size() {
					t.Errorf("%s: the entry was not rebuilt: %v", what, err)
				}
			}
		})
	}
}

// The image tower too, in both ways of opening it, and trimmed to what the embedding needs
// where no scale is taken over all tokens and no shape is written down.
func TestGraphCacheOfImages(t *testing.T) {
	photo := filepath.Join(goldenDir, readGolden(t, "tiny-clip.json").Pictures[0].File)
	for _, test := range []struct {
		name, bundle, precision string
		trimmed                 bool
	}{
		{"fp32", cliptest.TinyBundle(t), "fp32", true},
		{"fp16", cliptest.TinyBundle(t), "fp16", true},
		{"int8", cliptest.TinyBundle(t), "int8", false},
		{"int8 in loops", cliptest.TinyLooped(t), "int8", false},
		{"one a call", cliptest.TinyVariant(t, cliptest.TinyFixed), "fp32", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			cache := filepath.Join(t.TempDir(), "graphs")
			plain := open(t, test.bundle, test.precision, ort.Options{})
			want, err := plain.EncodeImages(t.Context(), batchOf(t, plain, photo))
			if err != nil {
				t.Fatal(err)
			}
			for _, many := range []bool{true, false, true} {
				e := open(t, test.bundle, test.precision, ort.Options{GraphCache: cache, ManyImages: many})
				got, err := e.EncodeImages(t.Context(), batchOf(t, e, photo))
				if err != nil {
					t.Fatal(err)
				}
				if cos := cosine(got.Row(0), want.Row(0)); cos < 0.99999 {
					t.Errorf("many %v: cosine %.7f", many, cos)
				}
				entries := cacheEntries(t, cache)
				if len(entries) != 1 {
					t.Fatalf("many %v: entries %v", many, entries)
				}
				graph, err := os.ReadFile(filepath.Join(entries[0], "graph.onnx"))
				if err != nil {
					t.Fatal(err)
				}
				if got := bytes.Contains(graph, []byte("first_token")); got != test.trimmed {
					t.Errorf("many %v: trimmed: %v", many, got)
				}
			}
		})
	}
}

func TestGraphCacheNotWritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	e := open(t, cliptest.TinyBundle(t), "fp32", ort.Options{GraphCache: filepath.Join(file, "graphs")})
	if _, err := e.EncodeTexts(t.Context(), []string{"a dog"}); err != nil {
		t.Error(err)
	}
}

// Several at once may make the same entry.
func TestGraphCacheAtOnce(t *testing.T) {
	bundle, cache := cliptest.TinyBundle(t), filepath.Join(t.TempDir(), "graphs")
	var all sync.WaitGroup
	for range 6 {
		e := open(t, bundle, "fp32", ort.Options{GraphCache: cache})
		all.Go(func() {
			if _, err := e.EncodeTexts(t.Context(), []string{"a dog"}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if entries := cacheEntries(t, cache); len(entries) != 1 {
		t.Errorf("entries %v", entries)
	}
}
