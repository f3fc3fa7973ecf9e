package clip_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/clip/onnx"
	"github.com/sightline/sightline/internal/imaging"
)

var tinyPreprocess = clip.Preprocess{
	Size: clip.Size{Width: 224, Height: 224}, Crop: clip.Size{Width: 224, Height: 224},
	Fit: clip.FitCrop, Filter: imaging.Bicubic, Mode: imaging.Exact, Colour: imaging.ColourIgnore,
	Mean: [3]float32{0.48145466, 0.4578275, 0.40821073}, Std: [3]float32{0.26862954, 0.26130258, 0.27577711},
}

func open(t *testing.T, dir string, o clip.BundleOptions) *clip.Bundle {
	t.Helper()
	b, err := clip.OpenBundle(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOpenBundle(t *testing.T) {
	dir := cliptest.TinyBundle(t)
	got := open(t, dir, clip.BundleOptions{})
	want := &clip.Bundle{
		Dir: dir, Name: "tiny-clip", Precision: "fp32", ModelType: "clip",
		VisionPath: filepath.Join(dir, "onnx", "vision_model.onnx"), TextPath: filepath.Join(dir, "onnx", "text_model.onnx"),
		TokenizerPath: filepath.Join(dir, "tokenizer.json"),
		Preprocess:    tinyPreprocess,
		Vision: clip.VisionIO{Pixels: "pixel_values", PixelsType: onnx.Float32, Embeds: "image_embeds", EmbedsType: onnx.Float32,
			Batch: onnx.Dynamic, Height: onnx.Dynamic, Width: onnx.Dynamic, Dim: 24},
		Text: clip.TextIO{IDs: "input_ids", IDsType: onnx.Int64, Embeds: "text_embeds", EmbedsType: onnx.Float32,
			Batch: onnx.Dynamic, Sequence: onnx.Dynamic, Dim: 24},
		Dim: 24, Context: 77, Padding: clip.Padding{ID: 49407}, LogitScale: 100,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	spec := got.Spec("f", 999)
	wantSpec := clip.Spec{Name: "tiny-clip", Precision: "fp32", Dim: 24, Preprocess: tinyPreprocess, Context: 77, LogitScale: 100, Fingerprint: "f"}
	if diff := cmp.Diff(wantSpec, spec); diff != "" {
		t.Errorf("spec (-want +got)\n%s", diff)
	}
}

func TestOpenBundlePrecisions(t *testing.T) {
	dir := cliptest.TinyBundle(t)
	graph := func(name string) string { return filepath.Join(dir, "onnx", name+".onnx") }
	for precision, suffix := range map[string]string{"": "", "fp32": "", "fp16": "_fp16", "int8": "_quantized"} {
		b := open(t, dir, clip.BundleOptions{Precision: precision, Name: "n", Pixels: imaging.Fast})
		if b.VisionPath != graph("vision_model"+suffix) || b.TextPath != graph("text_model"+suffix) {
			t.Errorf("%q: %s and %s", precision, b.VisionPath, b.TextPath)
		}
		if b.Name != "n" || b.Preprocess.Mode != imaging.Fast {
			t.Errorf("%q: name %q, mode %q", precision, b.Name, b.Preprocess.Mode)
		}
		// The variants of the hub keep their inputs and outputs in float32.
		if b.Vision.PixelsType != onnx.Float32 || b.Text.EmbedsType != onnx.Float32 || b.Dim != 24 {
			t.Errorf("%q: %+v", precision, b)
		}
	}
	rename(t, graph("text_model_quantized"), graph("text_model_int8"))
	if b := open(t, dir, clip.BundleOptions{Precision: "int8"}); b.TextPath != graph("text_model_int8") {
		t.Errorf("_int8 not found: %s", b.TextPath)
	}
	remove(t, graph("vision_model"))
	if b := open(t, dir, clip.BundleOptions{}); b.Precision != "int8" {
		t.Errorf("without one fp32 tower: %s, want int8", b.Precision)
	}
	_, err := clip.OpenBundle(dir, clip.BundleOptions{Precision: "fp32"})
	wantError(t, err, "lacks vision_model.onnx (precision fp32)", "vision_model_fp16.onnx", "another --precision")
	if !errors.Is(err, clip.ErrIncomplete) {
		t.Errorf("%v is not ErrIncomplete", err)
	}
	_, err = clip.OpenBundle(dir, clip.BundleOptions{Precision: "q4"})
	wantError(t, err, `unknown precision "q4"`, "fp32, int8, fp16")
	_, err = clip.OpenBundle(dir, clip.BundleOptions{Pixels: "quick"})
	wantError(t, err, `unknown pixel mode "quick"`)
}

func TestOpenBundleVariants(t *testing.T) {
	masked := open(t, cliptest.TinyVariant(t, cliptest.TinyMask), clip.BundleOptions{})
	if masked.Text.Mask != "attention_mask" || masked.Text.MaskType != onnx.Int64 || masked.Padding.Fixed != 0 {
		t.Errorf("mask: %+v %+v", masked.Text, masked.Padding)
	}
	fixed := open(t, cliptest.TinyVariant(t, cliptest.TinyFixed), clip.BundleOptions{})
	want := clip.TextIO{IDs: "input_ids", IDsType: onnx.Int32, Embeds: "text_embeds", EmbedsType: onnx.Float32, Batch: 1, Sequence: 77, Dim: 24}
	if diff := cmp.Diff(want, fixed.Text); diff != "" {
		t.Errorf("fixed (-want +got)\n%s", diff)
	}
	if fixed.Padding != (clip.Padding{Fixed: 77, ID: 49407}) || fixed.Vision.Batch != 1 || fixed.Vision.Height != 224 {
		t.Errorf("fixed: %+v %+v", fixed.Padding, fixed.Vision)
	}
}

func TestOpenBundleFlat(t *testing.T) {
	dir := cliptest.TinyBundle(t)
	for _, tower := range []string{"vision_model", "text_model"} {
		rename(t, filepath.Join(dir, "onnx", tower+"_quantized.onnx"), filepath.Join(dir, tower+"_uint8.onnx"))
	}
	if err := os.RemoveAll(filepath.Join(dir, "onnx")); err != nil {
		t.Fatal(err)
	}
	if b := open(t, dir, clip.BundleOptions{}); b.VisionPath != filepath.Join(dir, "vision_model_uint8.onnx") || b.Precision != "int8" {
		t.Errorf("%s, %s", b.VisionPath, b.Precision)
	}
}

func TestOpenBundleAssumes(t *testing.T) {
	dir := cliptest.TinyBundle(t)
	remove(t, filepath.Join(dir, "config.json"))
	b := open(t, dir, clip.BundleOptions{})
	// Without a family nothing says that the padding is harmless.
	if b.Context != 77 || b.Dim != 24 || b.Padding.Fixed != 77 || b.ModelType != "" {
		t.Errorf("%+v", b)
	}
	wantLines(t, b.Assumed, "config.json is missing", "logit scale is not in the files: 100")

	remove(t, filepath.Join(dir, "tokenizer_config.json"))
	_, err := clip.OpenBundle(dir, clip.BundleOptions{})
	wantError(t, err, "context length is nowhere")

	write(t, filepath.Join(dir, "config.json"), `{"model_type": "clip", "text_config": {"pad_token_id": 1}}`)
	b = open(t, dir, clip.BundleOptions{})
	if b.Context != 77 || b.Padding != (clip.Padding{ID: 1}) {
		t.Errorf("context %d, padding %+v", b.Context, b.Padding)
	}
	wantLines(t, b.Assumed, "no file states the context length: 77")

	write(t, filepath.Join(dir, "config.json"), `{"model_type": "siglip", "text_config": {"max_position_embeddings": 64}}`)
	b = open(t, dir, clip.BundleOptions{})
	if !b.Sigmoid || b.Padding.Fixed != 64 || b.LogitBias >= 0 {
		t.Errorf("%+v", b)
	}
	wantLines(t, b.Assumed, "padding token: 0", "trained scale and bias")
}

func TestOpenBundleNotes(t *testing.T) {
	dir := cliptest.TinyBundle(t)
	notes := filepath.Join(dir, clip.NotesFile)
	write(t, notes, `{"name": "my own", "notice": "Not CLIP.", "license": "MIT", "logit_scale": 20, "logit_bias": -3,
		"calibration": {"breadth": 0.5, "gain": 2, "offset": -1}}`)
	b := open(t, dir, clip.BundleOptions{})
	if b.Name != "my own" || b.Notice != "Not CLIP." || b.License != "MIT" || b.LogitScale != 20 || b.LogitBias != -3 || len(b.Assumed) != 0 ||
		b.Spec("", 0).Calibration != (clip.Calibration{Breadth: 0.5, Gain: 2, Offset: -1}) {
		t.Errorf("%+v", b)
	}
	for content, want := range map[string]string{
		`{"logitscale": 20}`:               "logitscale",
		`{"logit_scale": -1}`:              "must be above 0",
		`{"calibration": {"breadth": 2}}`:  "calibration.breadth is 2",
		`{"calibration": {"gain": -1}}`:    "calibration.gain is -1",
		`{"calibration": {"offset": 1e9}}`: "calibration.offset is 1e+09",
		`{"calibration": {"bredth": 1}}`:   "bredth",
		`{"logit_scale": "a"}`:             "logit_scale",
		`{} {}`:                            "more than one",
	} {
		write(t, notes, content)
		_, err := clip.OpenBundle(dir, clip.BundleOptions{})
		wantError(t, err, want, clip.NotesFile)
	}
}

func TestOpenBundleDamaged(t *testing.T) {
	tests := []struct {
		name   string
		damage func(t *testing.T, dir string)
		want   []string
		is     error
	}{
		{"no folder", func(t *testing.T, dir string) { os.RemoveAll(dir) }, nil, fs.ErrNotExist},
		{"a file", func(t *testing.T, dir string) { os.RemoveAll(dir); write(t, dir, "") }, []string{"not a folder"}, nil},
		{"empty folder", func(t *testing.T, dir string) { os.RemoveAll(dir); os.Mkdir(dir, 0o755) }, []string{"no .onnx file at all"}, clip.ErrIncomplete},
		{"no text tower", func(t *testing.T, dir string) {
			for _, v := range []string{"", "_fp16", "_quantized"} {
				remove(t, filepath.Join(dir, "onnx", "text_model"+v+".onnx"))
			}
		}, []string{"vision_model.onnx, vision_model_fp16.onnx"}, clip.ErrIncomplete},
		{"one graph for both", func(t *testing.T, dir string) {
			os.RemoveAll(filepath.Join(dir, "onnx"))
			write(t, filepath.Join(dir, "onnx", "model.onnx"), "")
		}, []string{"both towers in one can't be used"}, clip.ErrIncomplete},
		{"no tokenizer", func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "tokenizer.json")) }, []string{"lacks tokenizer.json"}, clip.ErrIncomplete},
		{"no preprocessor", func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "preprocessor_config.json")) }, []string{"lacks preprocessor_config.json"}, clip.ErrIncomplete},
		{"bad config", func(t *testing.T, dir string) { write(t, filepath.Join(dir, "config.json"), "{") }, []string{"config.json"}, nil},
		{"bad tokenizer", func(t *testing.T, dir string) { write(t, filepath.Join(dir, "tokenizer.json"), "[1]") }, []string{"tokenizer.json"}, nil},
		{"empty tokenizer", func(t *testing.T, dir string) { write(t, filepath.Join(dir, "tokenizer.json"), "") }, []string{"tokenizer.json"}, nil},
		{"bad graph", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "onnx", "vision_model.onnx"), "<!DOCTYPE html>")
		}, []string{"vision_model.onnx: it "}, nil},
		{"towers swapped", func(t *testing.T, dir string) {
			rename(t, filepath.Join(dir, "onnx", "text_model.onnx"), filepath.Join(dir, "onnx", "vision_model.onnx"))
			rename(t, filepath.Join(dir, "onnx", "vision_model_fp16.onnx"), filepath.Join(dir, "onnx", "text_model.onnx"))
		}, []string{"vision_model.onnx", "no pixel_values"}, nil},
		{"context of 1", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "config.json"), `{"model_type": "clip", "text_config": {"max_position_embeddings": 1}}`)
		}, []string{"impossible context length 1"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := cliptest.TinyBundle(t)
			tt.damage(t, dir)
			_, err := clip.OpenBundle(dir, clip.BundleOptions{})
			wantError(t, err, tt.want...)
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%v is not %v", err, tt.is)
			}
		})
	}
}

func TestOpenBundleWrongPictureSize(t *testing.T) {
	dir := cliptest.TinyVariant(t, cliptest.TinyFixed)
	write(t, filepath.Join(dir, "preprocessor_config.json"), `{"image_processor_type": "CLIPImageProcessor", "size": 336, "crop_size": 336}`)
	_, err := clip.OpenBundle(dir, clip.BundleOptions{})
	wantError(t, err, "takes pictures of 224x224", "336x336")
}

func TestOpenStarter(t *testing.T) {
	b := open(t, filepath.Join("..", "..", "models", "starter"), clip.BundleOptions{})
	want := tinyPreprocess
	want.Fit = clip.FitSquash
	if b.Dim != 384 || b.Context != 77 || b.Precision != "int8" || b.Text.Mask == "" || b.Padding != (clip.Padding{}) || b.Preprocess != want {
		t.Errorf("%+v", b)
	}
	if b.Name != "starter" || !strings.Contains(b.Notice, "not CLIP") || b.License == "" || b.Sigmoid || b.LogitScale == 100 {
		t.Errorf("%+v", b)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q lacks %q", err, p)
		}
	}
}

func wantLines(t *testing.T, lines []string, parts ...string) {
	t.Helper()
	if len(lines) != len(parts) {
		t.Fatalf("%q, want one line each with %q", lines, parts)
	}
	for i, p := range parts {
		if !strings.Contains(lines[i], p) {
			t.Errorf("line %q lacks %q", lines[i], p)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
