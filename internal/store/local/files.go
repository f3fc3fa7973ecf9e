package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// fileSystem is the little of the operating system that writing vectors takes, so
// that tests can let it fail.
type fileSystem interface {
	OpenFile(path string, flag int) (file, error)
	// SyncDir makes the names in a folder durable.
	SyncDir(dir string) error
}

type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Sync() error
}

type osFiles struct{}

func (osFiles) OpenFile(path string, flag int) (file, error) {
	f, err := openRegular(path, flag)
	if err != nil {
		return nil, err // not f: a nil *os.File in an interface is not nil
	}
	return f, nil
}

// errNotRegular says that in the place of a file of an index lies something else. An index
// may come from anybody: through a symbolic link it would have files read and written that
// are not its own, and a pipe would be waited for without end.
var errNotRegular = errors.New("it is not a regular file, and no file of an index is opened through a link")

// openRegular opens a file of an index: a regular file, and never through a symbolic link
// in the place of the file itself. The folders above may be links.
func openRegular(path string, flag int) (*os.File, error) {
	if err := checkRegular(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(path, flag|noFollow, 0o644)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// checkRegular reports what lies at a path and is not a regular file. The error is
// fs.ErrNotExist where there is nothing.
func checkRegular(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	return nil
}

// readRegular reads a file of an index that has at most limit bytes.
func readRegular(path string, limit int64) (_ []byte, err error) {
	f, err := openRegular(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s has %d bytes, at most %d are expected", path, info.Size(), limit)
	}
	b := make([]byte, info.Size())
	n, err := io.ReadFull(f, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // it was cut meanwhile
	}
	return b[:n], err
}
