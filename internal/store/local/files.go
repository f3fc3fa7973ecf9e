package local

import (
	"io"
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
	f, err := os.OpenFile(path, flag, 0o644)
	if err != nil {
		return nil, err // not f: a nil *os.File in an interface is not nil
	}
	return f, nil
}
