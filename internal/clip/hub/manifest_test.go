package hub

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// writeFiles makes a folder of files, given as path and content in turn.
func writeFiles(t *testing.T, dir string, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		name := filepath.Join(dir, filepath.FromSlash(pairs[i]))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(pairs[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// makeManifest describes the bundle in dir as it is: every file below it except
// hidden ones and the manifest itself. source names where the bundle came from.
func makeManifest(ctx context.Context, dir, source string) (Manifest, error) {
	m := Manifest{Format: manifestFormat, Repo: source}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name != dir && strings.HasPrefix(e.Name(), ".") {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if e.IsDir() {
			return nil
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		path := filepath.ToSlash(rel)
		if path == ManifestName {
			return nil
		}
		if err := checkPath(path); err != nil {
			return err
		}
		got, err := digest(ctx, name, nil)
		if err != nil {
			return err
		}
		m.add(File{Path: path, Size: got.size, SHA256: got.sha256})
		return nil
	})
	if err != nil {
		return Manifest{}, fmt.Errorf("describe the bundle in %s: %w", dir, err)
	}
	return m, nil
}

func TestManifestForm(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, "config.json", "{}", "onnx/vision_model_int8.onnx", "vision", "onnx/text_model_int8.onnx", "text",
		".hidden", "x", ".git/config", "x")
	m, err := makeManifest(t.Context(), dir, "starter")
	if err != nil {
		t.Fatal(err)
	}
	want := Manifest{Format: 1, Repo: "starter", Files: []File{
		{"config.json", 2, sha256Of([]byte("{}"))},
		{"onnx/text_model_int8.onnx", 4, sha256Of([]byte("text"))},
		{"onnx/vision_model_int8.onnx", 6, sha256Of([]byte("vision"))},
	}}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	if err := WriteManifest(dir, m); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(filepath.Join(dir, ManifestName))
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile("testdata/manifest.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(golden), string(written)); diff != "" {
		t.Errorf("the written form changed (-golden +written):\n%s", diff)
	}
	// Once more, with the manifest in the folder: the same.
	again, err := makeManifest(t.Context(), dir, "starter")
	if err != nil {
		t.Fatal(err)
	}
	read, err := ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(m, again) || !cmp.Equal(m, read) {
		t.Errorf("made %+v, made again %+v, read %+v", m, again, read)
	}
	if got := m.Precisions(); !cmp.Equal(got, []string{"int8"}) {
		t.Errorf("variants %v", got)
	}
}

func TestWriteManifestReplaces(t *testing.T) {
	dir := t.TempDir()
	first := Manifest{Repo: "a/b", Commit: testCommit, FetchedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	for _, m := range []Manifest{first, {Repo: "c/d"}} {
		if err := WriteManifest(dir, m); err != nil {
			t.Fatal(err)
		}
		got, err := ReadManifest(dir)
		if err != nil {
			t.Fatal(err)
		}
		m.Format = 1
		if diff := cmp.Diff(m, got); diff != "" {
			t.Errorf("read back (-want +got):\n%s", diff)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v, want the manifest alone", entries, err)
	}
	if err := WriteManifest(filepath.Join(dir, "absent"), first); err == nil {
		t.Error("no error for a folder that does not exist")
	}
}

func TestReadManifestRefuses(t *testing.T) {
	hash := sha256Of(nil)
	entry := func(path string) string {
		return `{"format":1,"files":[{"path":"` + path + `","size":0,"sha256":"` + hash + `"}]}`
	}
	for name, text := range map[string]string{
		"no JSON":           "}",
		"no format":         "{}",
		"newer format":      `{"format":2}`,
		"climbing path":     entry("../x"),
		"absolute path":     entry("/etc/passwd"),
		"empty path":        entry(""),
		"unclean path":      entry("onnx//x"),
		"backslash":         entry(`onnx\\x`),
		"no hash":           `{"format":1,"files":[{"path":"x","size":0,"sha256":""}]}`,
		"negative size":     `{"format":1,"files":[{"path":"x","size":-1,"sha256":"` + hash + `"}]}`,
		"file listed twice": strings.Replace(entry("x"), `}]`, `},{"path":"x","size":0,"sha256":"`+hash+`"}]`, 1),
	} {
		dir := t.TempDir()
		writeFiles(t, dir, ManifestName, text)
		if _, err := ReadManifest(dir); !errors.Is(err, ErrManifest) {
			t.Errorf("%s: got %v, want ErrManifest", name, err)
		}
	}
	if _, err := ReadManifest(t.TempDir()); !errors.Is(err, ErrNoManifest) {
		t.Errorf("got %v, want ErrNoManifest", err)
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add(`{"format":1,"repo":"a/b","files":[{"path":"onnx/x","size":1,"sha256":"` + sha256Of(nil) + `"}]}`)
	f.Add(`{"format":1,"files":[{"path":"../x"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parseManifest(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, e := range m.Files {
			if p := filepath.Join("/bundle", filepath.FromSlash(e.Path)); !strings.HasPrefix(p, "/bundle/") || e.Size < 0 {
				t.Errorf("accepted %+v", e)
			}
		}
	})
}
