package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// File is new content for a path that is written bit by bit. Until Commit what was at the
// path stays. It is not safe for concurrent use.
type File struct {
	path  string
	mode  fs.FileMode
	temp  *os.File // nil once it is committed or aborted
	out   *bufio.Writer
	cache bool // it need not be durable: see WriteCache
}

// The names of files that are being written.
const (
	tempPrefix = ".sightline-"
	tempSuffix = ".tmp"
)

// leftAfter is the age from which such a file is what a killed process left behind.
const leftAfter = time.Hour

// RemoveLeftovers removes from a folder what killed processes were writing there: files of
// this package, and what SQLite puts beside one, that have not been written to for an hour. It
// returns how many there were.
func RemoveLeftovers(dir string) (int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	removed := 0
	var errs []error
	for _, e := range entries {
		if !e.Type().IsRegular() || !IsTemporary(e.Name()) {
			continue
		}
		info, err := e.Info()
		if age := time.Since(leftSince(info, err)); age < leftAfter && age > -leftAfter {
			continue // gone, or perhaps being written
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
			continue
		}
		removed++
	}
	return removed, errors.Join(errs...)
}

// leftSince is when a file was last written to; now where that cannot be told. A time that is
// far in the future is of a clock that was set back since: nobody writes such a file now.
func leftSince(info fs.FileInfo, err error) time.Time {
	if err != nil {
		return time.Now()
	}
	return info.ModTime()
}

// IsTemporary reports whether a name is that of a file which this package is writing, or of
// what SQLite puts beside one.
func IsTemporary(name string) bool {
	rest, ours := strings.CutPrefix(name, tempPrefix)
	for _, suffix := range []string{"-journal", "-wal", "-shm"} {
		rest = strings.TrimSuffix(rest, suffix)
	}
	// CreateTemp puts digits between: another name is not ours.
	digits, temp := strings.CutSuffix(rest, tempSuffix)
	return ours && temp && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// Create begins new content for a path, in a file beside it. The caller must end it with
// Commit or Abort. A file that is replaced keeps its permissions, and one that is reached
// through a symbolic link is replaced where it lies.
func Create(path string) (*File, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	} else if st, err := os.Lstat(path); err == nil && st.Mode()&fs.ModeSymlink != 0 {
		// Replaced by a file, it would be cut off from what lies on a disk that is away.
		return nil, fmt.Errorf("write %s: it is a link that leads nowhere", path)
	}
	f := &File{path: path, mode: 0o644}
	if st, err := os.Stat(path); err == nil {
		if !st.Mode().IsRegular() {
			return nil, fmt.Errorf("write %s: not a regular file", path)
		}
		f.mode = st.Mode().Perm()
	}
	var err error
	if f.temp, err = os.CreateTemp(filepath.Dir(path), tempPrefix+"*"+tempSuffix); err != nil {
		return nil, f.fail(err)
	}
	f.out = bufio.NewWriterSize(f.temp, 1<<16)
	return f, nil
}

// Write implements io.Writer.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.out.Write(p)
	if err != nil {
		err = f.fail(err)
	}
	return n, err
}

// Commit makes the content durable and puts it in the place of what was there. Where it
// fails before that, the new content is removed.
func (f *File) Commit() (err error) {
	temp := f.temp
	if temp == nil {
		return fmt.Errorf("write %s: it is finished already", f.path)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Abort())
		}
	}()
	if err := f.out.Flush(); err != nil {
		return f.fail(err)
	}
	if err := temp.Chmod(f.mode); err != nil {
		return f.fail(err)
	}
	if !f.cache {
		if err := temp.Sync(); err != nil {
			return f.fail(err)
		}
	}
	if err := os.Rename(temp.Name(), f.path); err != nil {
		return f.fail(err)
	}
	// From here on the new content is in place: only its durability may fail.
	f.temp = nil
	if f.cache {
		return temp.Close()
	}
	return errors.Join(temp.Close(), syncDir(filepath.Dir(f.path)))
}

// Abort removes what was written. After Commit it does nothing.
func (f *File) Abort() error {
	temp := f.temp
	if temp == nil {
		return nil
	}
	f.temp = nil
	return errors.Join(temp.Close(), os.Remove(temp.Name()))
}

// fail is an error about the file that is being written. The name of the temporary one
// says nothing to people.
func (f *File) fail(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return fmt.Errorf("write %s: %w", f.path, err)
}
