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

	"github.com/rogpeppe/go-internal/diff"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/walk"
)

// maxSize is the largest sidecar that is read: darktable's with every mask drawn by
// hand are a few megabytes.
const maxSize = 64 << 20

// ErrChanging says that another program wrote the sidecar while we did.
var ErrChanging = errors.New("the sidecar keeps changing")

// Path returns the sidecar of a picture. darktable and digiKam write photo.jpg.xmp,
// Lightroom photo.xmp. The one that exists is used, whatever the case of its letters
// (in a folder of thousands, where the name or its extension is all in one case), and
// the longer name first; but photo.xmp only where photo.jpg is the one picture it
// can belong to, because next to a photo.raw it is that file's. A new sidecar is
// photo.jpg.xmp, which is never ambiguous and which all but Lightroom read.
func Path(picture string) (string, error) {
	full := picture + ".xmp"
	if exists(full) {
		return full, nil
	}
	dir, base := filepath.Split(picture)
	// Reading a large folder for each of its pictures would take the square of their
	// number as many steps; it is read where one of the usual names is there.
	most := smallFolder
	if slices.ContainsFunc(spellings(picture), exists) {
		most = -1 // all of it
	}
	names, err := namesIn(filepath.Clean(dir), most)
	switch {
	case err != nil && most >= 0:
		return full, nil // what is wrong with the folder, writing will say
	case err != nil:
		return "", err
	}
	if name := walk.SidecarAmong(names, base); name != "" {
		return dir + name, nil
	}
	return full, nil
}

// smallFolder is how many names a folder may have to be read for each of its pictures:
// that takes about as long as to write a sidecar.
const smallFolder = 2048

// namesIn returns the names in a folder, none where there are more than most; a
// negative number takes them all.
func namesIn(dir string, most int) ([]fs.DirEntry, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close() // nothing was written
	if most < 0 {
		return f.ReadDir(-1)
	}
	names, err := f.ReadDir(most + 1)
	if errors.Is(err, io.EOF) { // an empty folder
		err = nil
	}
	if len(names) > most {
		names = nil
	}
	return names, err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil // whatever else is wrong with it, it is of no use
}

// spellings are the names that a sidecar of a picture has where programs or cameras
// changed the case of a name, or of an extension, as a whole.
func spellings(picture string) []string {
	dir, base := filepath.Split(picture)
	ext := filepath.Ext(base)
	stem := strings.TrimSuffix(base, ext)
	var names []string
	for _, name := range []string{
		base, stem + strings.ToLower(ext), stem + strings.ToUpper(ext), strings.ToLower(base), strings.ToUpper(base),
		stem, strings.ToLower(stem), strings.ToUpper(stem),
	} {
		if name == "" {
			continue
		}
		for _, xmp := range []string{".xmp", ".XMP", ".Xmp"} {
			names = append(names, dir+name+xmp)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ErrReadOnly says that a sidecar may not be written.
var ErrReadOnly = errors.New("the sidecar is read-only, and stays as it is")

// checkWritable refuses a sidecar that nobody may write. To replace it would need no
// permission but that of its folder, and yet somebody took the trouble.
func checkWritable(path string) error {
	st, err := os.Stat(path)
	if err == nil && st.Mode().Perm()&0o222 == 0 {
		err = fmt.Errorf("%s: %w", path, ErrReadOnly)
	}
	return err
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
	c := Change{Path: path, Before: before, After: after}
	if before != nil && !c.Nothing() {
		err = checkWritable(path)
	}
	return c, err
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

// Diff returns a change in the unified format of diff, "" where nothing changes. A sidecar
// that does not exist is called (none).
func (c Change) Diff() string {
	out := diff.Diff(orNone(c.Path, c.Before), c.Before, orNone(c.Path, c.After), c.After)
	_, hunks, _ := bytes.Cut(out, []byte("\n")) // without the command line
	return string(hunks)
}

func orNone(path string, content []byte) string {
	if content == nil {
		return "(none)"
	}
	return path
}
