package index

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/imaging"
)

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := os.WriteFile(path, []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := readFile(t.Context(), openPicture, path, 100, nil)
	if err != nil || string(f.data) != "hello" || f.size != 5 || f.modTime.IsZero() {
		t.Fatalf("%+v, %v", f, err)
	}
	if _, err := readFile(t.Context(), openPicture, path, 4, nil); !errors.Is(err, imaging.ErrTooLarge) {
		t.Errorf("over the limit: %v", err)
	}
	if _, err := readFile(t.Context(), openPicture, filepath.Join(dir, "none"), 4, nil); !errors.Is(err, errVanished) {
		t.Errorf("gone: %v", err)
	}
	if _, err := readFile(t.Context(), openPicture, dir, 1<<20, nil); err == nil {
		t.Error("a folder was read")
	}
}

// A file that never stops changing is given up, and never read half.
func TestReadFileThatGrows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "growing")
	h, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := h.Write(make([]byte, 8<<20)); err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = h.Write([]byte("more"))
			}
		}
	}()
	// On a busy machine the writer may sleep through a whole read, which then rightly
	// succeeds; not through hundreds.
	for range 500 {
		if _, err = readFile(t.Context(), openPicture, path, 1<<40, nil); err != nil {
			break
		}
	}
	close(stop)
	<-stopped
	if !errors.Is(err, errChanging) {
		t.Errorf("error %v", err)
	}
	// Once it is quiet it reads, the time and the size being those of the content.
	f, err := readFile(t.Context(), openPicture, path, 1<<40, nil)
	st, serr := os.Stat(path)
	if err != nil || serr != nil || f.size != st.Size() || int64(len(f.data)) != st.Size() || time.Until(f.modTime) > time.Minute {
		t.Errorf("%d bytes, %v, %v", f.size, err, serr)
	}
}

func TestReason(t *testing.T) {
	err := &fs.PathError{Op: "open", Path: "/secret/place", Err: fs.ErrPermission}
	if got := reason(err); got != "permission denied" {
		t.Errorf("%q", got)
	}
}

func TestBelow(t *testing.T) {
	for _, c := range []struct {
		p, dir string
		want   bool
	}{
		{"/a/b", "/a/b", true},
		{"/a/b/c", "/a/b", true},
		{"/a/bc", "/a/b", false},
		{"/a", "/", true},
		{"/", "/", true},
		{"/a", "/a/b", false},
	} {
		if got := below(c.p, c.dir); got != c.want {
			t.Errorf("below(%q, %q) = %v", c.p, c.dir, got)
		}
	}
}
