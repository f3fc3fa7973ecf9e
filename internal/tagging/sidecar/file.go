package sidecar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/sightline/sightline/internal/atomicfile"
)

// maxSize is the largest sidecar that is read: darktable's with every mask drawn by
// hand are a few megabytes.
const maxSize = 64 << 20

// ErrChanging says that another program wrote the sidecar while we did.
var ErrChanging = errors.New("the sidecar keeps changing")

// Path returns the sidecar of a picture. darktable and digiKam write photo.jpg.xmp,
// Lightroom photo.xmp. The one that exists is used, the longer name first; but
// photo.xmp only where photo.jpg is the one file it can belong to, because next to a
// photo.raw it is that file's. A new sidecar is photo.jpg.xmp, which is never
// ambiguous and which all but Lightroom read.
func Path(picture string) (string, error) {
	full := picture + ".xmp"
	if _, err := os.Stat(full); err == nil {
		return full, nil
	}
	stem := strings.TrimSuffix(picture, filepath.Ext(picture))
	if stem == picture || strings.HasSuffix(stem, "/") {
		return full, nil
	}
	if _, err := os.Stat(stem + ".xmp"); err != nil {
		return full, nil // whatever is wrong with it, it is of no use
	}
	entries, err := os.ReadDir(filepath.Dir(picture))
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		name := e.Name()
		ext := filepath.Ext(name)
		if strings.TrimSuffix(name, ext) == filepath.Base(stem) && name != filepath.Base(picture) &&
			!strings.EqualFold(ext, ".xmp") {
			return full, nil
		}
	}
	return stem + ".xmp", nil
}

// Change is what Update does to a sidecar, or would do.
type Change struct {
	Path   string
	Before []byte // nil where there was none
	After  []byte // nil where none is left
}

// Nothing reports whether the sidecar stays as it is.
func (c Change) Nothing() bool {
	return (c.Before == nil) == (c.After == nil) && bytes.Equal(c.Before, c.After)
}

// Plan works out what Update would do.
func Plan(picture, run string, keywords []Keyword) (Change, error) {
	path, err := Path(picture)
	if err != nil {
		return Change{}, err
	}
	before, err := read(path)
	if err != nil {
		return Change{Path: path}, err
	}
	after, err := Set(before, run, keywords)
	if err != nil {
		return Change{Path: path}, fmt.Errorf("%s: %w", path, err)
	}
	return Change{Path: path, Before: before, After: after}, nil
}

// attempts is how often Update starts again when somebody else writes.
const attempts = 3

// Update makes the keywords of a run in the sidecar of a picture exactly those given;
// none takes the run back. The old sidecar is there, whole, until the new one is.
func Update(picture, run string, keywords []Keyword) (Change, error) {
	var c Change
	for range attempts {
		var err error
		if c, err = Plan(picture, run, keywords); err != nil || c.Nothing() {
			return c, err
		}
		// Somebody may have written meanwhile. What is left is a moment between this
		// look and the renaming, which nothing that works on every disk can close.
		now, err := read(c.Path)
		if err != nil {
			return c, err
		}
		if (now == nil) != (c.Before == nil) || !bytes.Equal(now, c.Before) {
			continue
		}
		if c.After == nil {
			return c, os.Remove(c.Path)
		}
		return c, atomicfile.WriteBytes(c.Path, c.After)
	}
	return c, fmt.Errorf("%s: %w", c.Path, ErrChanging)
}

// read returns the content of a sidecar, nil if there is none.
func read(path string) ([]byte, error) {
	// O_NONBLOCK: to open a pipe would wait for a writer for ever.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !st.Mode().IsRegular():
		return nil, fmt.Errorf("%s: %w: it is not a regular file", path, ErrUnusable)
	case st.Size() > maxSize:
		return nil, fmt.Errorf("%s: %w: it has %d bytes, at most %d are read", path, ErrUnusable, st.Size(), maxSize)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSize))
	if data == nil {
		data = []byte{} // an empty sidecar is no sidecar that is missing
	}
	return data, err
}

// Diff writes a change as lines that go and lines that come, with a little of what
// stands around them. Every change of ours is one of a few stretches, so lines that
// are equal at both ends are left out and the rest is compared line by line.
func (c Change) Diff(w io.Writer) error {
	old, now := lines(c.Before), lines(c.After)
	head := 0
	for head < min(len(old), len(now)) && old[head] == now[head] {
		head++
	}
	tail := 0
	for tail < min(len(old), len(now))-head && old[len(old)-1-tail] == now[len(now)-1-tail] {
		tail++
	}
	const context = 2
	var out bytes.Buffer
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", orNull(c.Path, c.Before), orNull(c.Path, c.After))
	for _, l := range old[max(0, head-context):head] {
		out.WriteString("  " + l + "\n")
	}
	middle(&out, old[head:len(old)-tail], now[head:len(now)-tail])
	for _, l := range old[len(old)-tail : min(len(old), len(old)-tail+context)] {
		out.WriteString("  " + l + "\n")
	}
	_, err := w.Write(out.Bytes())
	return err
}

// middle writes two stretches of which one is mostly part of the other: a line that
// stands in the other stretch further on is kept, anything else goes or comes.
func middle(out *bytes.Buffer, old, now []string) {
	const maxKept = 3 // longer stretches that stay are shortened
	kept := 0
	shorten := func() {
		if kept > maxKept {
			fmt.Fprintf(out, "  (%d more lines stay)\n", kept-maxKept)
		}
		kept = 0
	}
	for len(old) > 0 || len(now) > 0 {
		switch {
		case len(old) > 0 && len(now) > 0 && old[0] == now[0]:
			if kept++; kept <= maxKept {
				out.WriteString("  " + old[0] + "\n")
			}
			old, now = old[1:], now[1:]
			continue
		case len(now) > 0 && (len(old) == 0 || slices.Contains(now, old[0])):
			shorten()
			out.WriteString("+ " + now[0] + "\n")
			now = now[1:]
		default:
			shorten()
			out.WriteString("- " + old[0] + "\n")
			old = old[1:]
		}
	}
	shorten()
}

func orNull(path string, content []byte) string {
	if content == nil {
		return "(none)"
	}
	return path
}

func lines(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	return strings.Split(strings.TrimRight(string(b), "\n"), "\n")
}
