package e2e

import (
	"bytes"
	"image"
	"image/png"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestInstall installs into a folder with a blank in its name, over an older
// installation, and uses the programs from elsewhere with nothing but a HOME.
func TestInstall(t *testing.T) {
	dir := t.TempDir()
	prefix := filepath.Join(dir, "my programs")
	old := filepath.Join(prefix, "bin", "indexer")
	if err := os.MkdirAll(filepath.Dir(old), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(old, []byte("an older one"), 0o755); err != nil {
		t.Fatal(err)
	}
	run := func(env []string, in, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = in, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	// The flags of a make that runs the tests are not for this one.
	withoutFlags := append(os.Environ(), "MAKEFLAGS=", "MFLAGS=", "DESTDIR=")
	out := run(withoutFlags, root, "make", "install", "PREFIX="+prefix)
	if !strings.Contains(out, "into your PATH") {
		t.Errorf("no word on PATH:\n%s", out)
	}

	env := []string{"HOME=" + dir}
	if out := run(env, dir, filepath.Join(prefix, "bin", "indexer"), "model", "list"); strings.Count(out, "starter ") != 1 {
		t.Errorf("model list:\n%s", out)
	}
	one := filepath.Join(dir, "one.png")
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 48))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(one, picture.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	run(env, dir, old, "run", one)
	if got := run(env, dir, filepath.Join(prefix, "bin", "search"), "a thing", "--paths"); !strings.HasSuffix(got, "\n"+one+"\n") {
		t.Errorf("search printed %q", got)
	}
	if got := run(env, dir, filepath.Join(prefix, "bin", "sightline"), "search", "a thing", "--paths"); !strings.HasSuffix(got, "\n"+one+"\n") {
		t.Errorf("sightline search printed %q", got)
	}
	for _, file := range []string{"man/man1/search.1", "bash-completion/completions/sightline", "zsh/site-functions/_indexer", "fish/vendor_completions.d/search.fish", "doc/sightline/README.md", "doc/sightline/docs/query.md"} {
		if info, err := os.Stat(filepath.Join(prefix, "share", file)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}

	// What somebody fetched below the same folder stays.
	theirs := filepath.Join(prefix, "share", "sightline", "models", "mine", "config.json")
	if err := os.MkdirAll(filepath.Dir(theirs), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(theirs, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	run(withoutFlags, root, "make", "uninstall", "PREFIX="+prefix)
	var left []string
	err := filepath.WalkDir(prefix, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			left = append(left, path)
		}
		return err
	})
	if err != nil || len(left) != 1 || left[0] != theirs {
		t.Errorf("left after an uninstall: %q, %v", left, err)
	}
}

// Not every shell expands the ~ of PREFIX=~/.local, and a variable may be empty: neither
// may make a folder called ~, or install below the root.
func TestInstallPrefix(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	for prefix, want := range map[string]string{
		"":          "PREFIX is empty",
		"~":         "removed from " + home + ";",
		"~/a b":     "removed from " + home + "/a b;",
		"here/":     "removed from " + home + "/here;",
		home + "/x": "removed from " + home + "/x;",
	} {
		cmd := exec.Command(filepath.Join(root, "scripts", "install.sh"), "--uninstall", prefix)
		cmd.Dir, cmd.Env = home, append(os.Environ(), "HOME="+home)
		out, err := cmd.CombinedOutput()
		if (err != nil) != (prefix == "") || !strings.Contains(string(out), want) {
			t.Errorf("%q: %v, %s", prefix, err, out)
		}
	}
}
