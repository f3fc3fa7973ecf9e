package hub

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// makeBundle writes a bundle of small files with its manifest.
func makeBundle(t *testing.T, dir string) {
	t.Helper()
	writeFiles(t, dir, "config.json", "{}", "preprocessor_config.json", "{}", "tokenizer.json", "[]",
		"onnx/vision_model.onnx", "vision", "onnx/text_model.onnx", "text")
	m, err := makeManifest(t.Context(), dir, "test")
	if err != nil {
		t.Fatal(err)
	}
	m.Commit = testCommit
	if err := WriteManifest(dir, m); err != nil {
		t.Fatal(err)
	}
}

func TestVerify(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(dir string) error
		want   []Problem
	}{
		{name: "whole", damage: func(string) error { return nil }},
		{
			name:   "missing",
			damage: func(dir string) error { return os.Remove(filepath.Join(dir, "tokenizer.json")) },
			want:   []Problem{{Path: "tokenizer.json", Kind: Missing}},
		},
		{
			name: "wrong size",
			damage: func(dir string) error {
				return os.WriteFile(filepath.Join(dir, "config.json"), []byte("{} "), 0o644)
			},
			want: []Problem{{Path: "config.json", Kind: WrongSize, Detail: "3 bytes, want 2"}},
		},
		{
			name: "wrong bytes",
			damage: func(dir string) error {
				return os.WriteFile(filepath.Join(dir, "onnx/text_model.onnx"), []byte("tixt"), 0o644)
			},
			want: []Problem{{
				Path: "onnx/text_model.onnx", Kind: WrongHash,
				Detail: sha256Of([]byte("tixt")) + ", want " + sha256Of([]byte("text")),
			}},
		},
		{
			name: "a folder in a file's place",
			damage: func(dir string) error {
				name := filepath.Join(dir, "tokenizer.json")
				return errors.Join(os.Remove(name), os.Mkdir(name, 0o755))
			},
			want: []Problem{{Path: "tokenizer.json", Kind: Unreadable, Detail: "not a regular file"}},
		},
		{
			name: "leftover",
			damage: func(dir string) error {
				part := partName(stagingDir(dir), remoteFile{path: "onnx/text_model_fp16.onnx", sha256: sha256Of(nil)})
				return errors.Join(os.MkdirAll(filepath.Dir(part), 0o755), os.WriteFile(part, make([]byte, 2_000_000), 0o644))
			},
			want: []Problem{{
				Path: ".model.partial/onnx/text_model_fp16.onnx.e3b0c44298fc1c14.part", Kind: Leftover,
				Detail: "2.0 MB of an interrupted fetch",
			}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "model")
			makeBundle(t, dir)
			if err := tt.damage(dir); err != nil {
				t.Fatal(err)
			}
			var last Progress
			got, err := Verify(t.Context(), dir, ObserverFunc(func(p Progress) { last = p }))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			for _, p := range got {
				if p.Harmless() != (p.Kind == Leftover) || p.String() == "" {
					t.Errorf("%q: harmless is %v", p, p.Harmless())
				}
			}
			if last.Done != last.Total {
				t.Errorf("progress ends at %+v", last)
			}
		})
	}
}

func TestVerifyErrors(t *testing.T) {
	if _, err := Verify(t.Context(), t.TempDir(), nil); !errors.Is(err, ErrNoManifest) {
		t.Errorf("got %v, want ErrNoManifest", err)
	}
	dir := filepath.Join(t.TempDir(), "model")
	makeBundle(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Verify(ctx, dir, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
