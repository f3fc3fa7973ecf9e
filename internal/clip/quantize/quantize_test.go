package quantize

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/clip/cliptest"
)

// hintOf returns the advice of an error.
func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// script writes a shell script that stands for both Python and the quantising script.
func script(t *testing.T, text string) string {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh")
	}
	path := filepath.Join(t.TempDir(), "python")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// The script gets the model and an image tower, which is gone afterwards if it was made
// for it, whatever the script does.
func TestRun(t *testing.T) {
	bundle := cliptest.TinyBundle(t)
	before := files(t, bundle)
	for _, c := range []struct {
		name, text string
		force      bool
		output     string // how the output ends
		err, hint  string
	}{
		{name: "it works", text: `test -s "$4" && echo "$1 $(basename "$2") $3 $5"`, output: "quantize.py tiny-clip --vision \n"},
		{name: "forced", text: `echo "$5"`, force: true, output: "--force\n"},
		{name: "packages are missing", text: "echo first >&2; echo no numpy >&2; exit 3", err: "quantising failed: no numpy", hint: "pip install --require-hashes -r "},
		{name: "there already", text: "echo it is there >&2; exit 4", err: "quantising failed: it is there", hint: "--force replaces it"},
		{name: "it fails", text: `printf 'Traceback\nError: \033[31mbad\n' >&2; exit 1`, err: "quantising failed: Error: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			err := Run(t.Context(), Request{
				Bundle: bundle, Script: "quantize.py", Python: script(t, c.text), Force: c.force, Output: &out,
			})
			if !strings.HasSuffix(out.String(), c.output) {
				t.Errorf("output %q, want %q", out.String(), c.output)
			}
			if (err != nil) != (c.err != "") || err != nil && !strings.HasPrefix(err.Error(), c.err) || strings.Contains(hintOf(err), "\x1b") {
				t.Errorf("error %v, want %s", err, c.err)
			}
			if err != nil && strings.ContainsRune(err.Error(), 0x1b) {
				t.Errorf("the error can steer a terminal: %q", err)
			}
			if !strings.HasPrefix(hintOf(err), c.hint) {
				t.Errorf("hint %q, want %q", hintOf(err), c.hint)
			}
			if after := files(t, bundle); after != before {
				t.Errorf("the folder holds\n%s\nbefore\n%s", after, before)
			}
		})
	}
}

func TestRunWithout(t *testing.T) {
	bundle := cliptest.TinyBundle(t)
	err := Run(t.Context(), Request{Bundle: bundle, Script: "x", Python: filepath.Join(bundle, "none"), Output: &bytes.Buffer{}})
	if err == nil || !strings.HasPrefix(err.Error(), "running ") || hintOf(err) != "--python names the Python to use" {
		t.Errorf("without a Python: %v, hint %q", err, hintOf(err))
	}
	if err := Run(t.Context(), Request{Bundle: t.TempDir(), Python: "true"}); err == nil {
		t.Error("without a model: no error")
	}
}

func TestFindScript(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(root, "bin", "indexer")
	if _, err := FindScript(exe); err == nil || !strings.Contains(hintOf(err), "clone of the project") {
		t.Errorf("without a script: %v, hint %q", err, hintOf(err))
	}
	for _, dir := range []string{"share/sightline", "."} { // a clone's goes first
		want := filepath.Join(root, filepath.FromSlash(dir), "scripts", "quantize", "quantize.py")
		if err := os.MkdirAll(filepath.Dir(want), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(want, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := FindScript(exe); got != want || err != nil {
			t.Errorf("found %s, %v; want %s", got, err, want)
		}
	}
}

// files lists what lies below a folder.
func files(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, "\n")
}
