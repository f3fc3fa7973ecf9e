package clip_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/imaging"
)

func fingerprint(t *testing.T, b *clip.Bundle) string {
	t.Helper()
	s, err := b.Fingerprint(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Of two bundles the fingerprints are equal exactly when the embeddings are.
func TestFingerprint(t *testing.T) {
	dir := cliptest.TinyBundle(t)
	base := fingerprint(t, open(t, dir, clip.BundleOptions{}))

	same := func(name string, b *clip.Bundle) {
		t.Helper()
		if got := fingerprint(t, b); got != base {
			t.Errorf("%s: %s, want %s", name, got, base)
		}
	}
	same("again", open(t, dir, clip.BundleOptions{}))
	same("another name and folder", open(t, cliptest.TinyBundle(t), clip.BundleOptions{Name: "other"}))
	scaled := open(t, dir, clip.BundleOptions{})
	scaled.LogitScale, scaled.Notice, scaled.Calibration.Breadth = 20, "hello", 1
	same("another scale", scaled)
	padded := open(t, dir, clip.BundleOptions{})
	padded.Padding.ID = 0
	same("padding that the model does not see", padded)

	seen := map[string]string{base: "base"}
	differs := func(name string, b *clip.Bundle) {
		t.Helper()
		got := fingerprint(t, b)
		if other, ok := seen[got]; ok {
			t.Errorf("%s has the fingerprint of %s", name, other)
		}
		seen[got] = name
	}
	differs("fp16", open(t, dir, clip.BundleOptions{Precision: "fp16"}))
	differs("fast", open(t, dir, clip.BundleOptions{Pixels: imaging.Fast}))
	differs("colours", open(t, dir, clip.BundleOptions{Colour: imaging.ColourSRGB}))
	for name, edit := range map[string]func(*clip.Bundle){
		"mean":    func(b *clip.Bundle) { b.Preprocess.Mean[1] += 1e-6 },
		"std":     func(b *clip.Bundle) { b.Preprocess.Std[2] += 1e-6 },
		"size":    func(b *clip.Bundle) { b.Preprocess.Size.Width = 256 },
		"crop":    func(b *clip.Bundle) { b.Preprocess.Crop.Height = 200 },
		"fit":     func(b *clip.Bundle) { b.Preprocess.Fit = clip.FitSquash },
		"filter":  func(b *clip.Bundle) { b.Preprocess.Filter = imaging.Bilinear },
		"context": func(b *clip.Bundle) { b.Context = 64 },
		"dim":     func(b *clip.Bundle) { b.Dim = 25 },
		"padding": func(b *clip.Bundle) { b.Padding.Fixed = 77 },
		"output":  func(b *clip.Bundle) { b.Text.Embeds = "pooler_output" },
		"towers":  func(b *clip.Bundle) { b.VisionPath, b.TextPath = b.TextPath, b.VisionPath },
	} {
		b := open(t, dir, clip.BundleOptions{})
		edit(b)
		differs(name, b)
	}
	write(t, filepath.Join(dir, "tokenizer.json"), `{"truncation": null, "padding": null, "added_tokens": []}`)
	differs("tokenizer", open(t, dir, clip.BundleOptions{}))
}

func TestFingerprintCoversExternalWeights(t *testing.T) {
	dir := cliptest.TinyBundle(t)
	vision := filepath.Join(dir, "onnx", "vision_model.onnx")
	graph, err := os.ReadFile(vision)
	if err != nil {
		t.Fatal(err)
	}
	// One more weight, in a file beside the graph. A field that comes twice is
	// merged with the first, so that it can be appended.
	run := func(tag byte, b []byte) []byte {
		return append(binary.AppendUvarint([]byte{tag}, uint64(len(b))), b...)
	}
	entry := append(run(0x0a, []byte("location")), run(0x12, []byte("vision_model.onnx_data"))...)
	weight := append(run(0x42, []byte("far")), run(0x6a, entry)...)
	write(t, vision, string(append(graph, run(0x3a, run(0x2a, weight))...)))

	_, err = clip.OpenBundle(dir, clip.BundleOptions{})
	wantError(t, err, "keeps its weights in another file", "vision_model.onnx_data")
	if !errors.Is(err, clip.ErrIncomplete) {
		t.Errorf("%v is not ErrIncomplete", err)
	}

	data := filepath.Join(dir, "onnx", "vision_model.onnx_data")
	write(t, data, "weights")
	b := open(t, dir, clip.BundleOptions{})
	if len(b.External) != 1 || b.External[0] != data {
		t.Fatalf("external files: %q", b.External)
	}
	before := fingerprint(t, b)
	write(t, data, "Weights")
	if fingerprint(t, b) == before {
		t.Error("other weights have the same fingerprint")
	}
}

func TestFingerprintErrors(t *testing.T) {
	b := open(t, cliptest.TinyBundle(t), clip.BundleOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Fingerprint(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	remove(t, b.TextPath)
	_, err := b.Fingerprint(t.Context(), nil)
	wantError(t, err, "fingerprint of model tiny-clip", "text_model.onnx")
}
