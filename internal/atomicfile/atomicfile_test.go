package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// content reads a file and checks that no other is left beside it.
func content(t *testing.T, path string, others int) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != others+1 {
		t.Errorf("%d files in the folder, want %d (%v)", len(entries), others+1, err)
	}
	return string(data)
}

func TestWriteKeepsPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := WriteBytes(path, []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteBytes(path, []byte("two")); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path, 0); got != "two" {
		t.Errorf("content %q", got)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
}

func TestFailedWriteKeepsTheOldContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := WriteBytes(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left")
	err := Write(path, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half of the n")
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	if got := content(t, path, 0); got != "old" {
		t.Errorf("content %q", got)
	}
}

func TestWriteThroughALink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := os.WriteFile(target, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := WriteBytes(link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got := content(t, target, 1); got != "new" {
		t.Errorf("content %q", got)
	}
	if st, err := os.Lstat(link); err != nil || st.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", st.Mode(), err)
	}
}

func TestWriteRefusesWhatIsNoFile(t *testing.T) {
	if err := WriteBytes(t.TempDir(), nil); err == nil {
		t.Error("a folder was replaced")
	}
	if err := WriteBytes(filepath.Join(t.TempDir(), "none", "f"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := WriteBytes(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	for _, commit := range []bool{false, true} {
		f, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		for range 20000 { // more than a buffer
			if _, err := f.Write([]byte("new ")); err != nil {
				t.Fatal(err)
			}
		}
		if got := content(t, path, 1); got != "old" {
			t.Errorf("before it is committed, the content is %.20q", got)
		}
		if commit {
			if err := f.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := f.Commit(); err == nil {
				t.Error("committed twice")
			}
		}
		if err := f.Abort(); err != nil {
			t.Errorf("abort: %v", err)
		}
		want := "old"
		if commit {
			want = strings.Repeat("new ", 20000)
		}
		if got := content(t, path, 0); got != want {
			t.Errorf("commit %v: content %.20q", commit, got)
		}
	}
	if _, err := Create(filepath.Dir(path)); err == nil {
		t.Error("a folder was taken for a file")
	}
}

func TestWriteCache(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	for _, content := range []string{"first", "the second, which is longer", ""} {
		if err := WriteCache(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != content {
			t.Errorf("read %q, %v; want %q", got, err, content)
		}
	}
	if names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); err != nil || len(names) != 1 {
		t.Errorf("beside it lie %v, %v", names, err)
	}
	if err := WriteCache(filepath.Join(path, "below a file"), nil); err == nil {
		t.Error("no error below a file")
	}
}

func TestLinkThatLeadsNowhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(t.TempDir(), "away"), path); err != nil {
		t.Skipf("no links here: %v", err)
	}
	if err := WriteBytes(path, []byte("new")); err == nil || !strings.Contains(err.Error(), "leads nowhere") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Readlink(path); err != nil {
		t.Errorf("the link is gone: %v", err)
	}
}
