package index

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
)

// errVanished says that a file was gone when it was opened. It is no failure:
// there is nothing left to index.
var errVanished = errors.New("the file is gone")

// unreadError says that the system did not give a file's content: no permission, a disk or a
// network that does not answer, a file that keeps changing. That tells nothing of the picture.
type unreadError struct{ err error }

func (e *unreadError) Error() string { return e.err.Error() }
func (e *unreadError) Unwrap() error { return e.err }

// exhausted reports whether an error is about this process, or the machine, and would be the
// same for every other file.
func exhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOMEM)
}

// file is the content of a picture file together with the facts that belong to
// exactly this content.
type file struct {
	data    []byte
	hash    [sha256.Size]byte
	size    int64
	modTime time.Time
}

// readAttempts is how often a file that changes while it is read is read again,
// and readPause how long to wait before that: a camera or a download that is
// still writing is left to the next run.
const (
	readAttempts = 3
	readPause    = 50 * time.Millisecond
)

// readFile reads all of a file, and makes sure that the content, the size and
// the time belong together. buf is reused where it is large enough.
func readFile(ctx context.Context, open opener, path string, limit int64, buf []byte) (file, error) {
	for attempt := 1; ; attempt++ {
		f, err := readOnce(open, path, limit, buf)
		if !errors.Is(err, errChanging) || attempt == readAttempts {
			return f, err
		}
		select {
		case <-time.After(readPause):
		case <-ctx.Done():
			return file{}, ctx.Err()
		}
	}
}

// errChanging says that a file was written to while it was read.
var errChanging = errors.New("the file keeps changing while it is read")

// opener opens a file for reading: openPicture, or what a test puts in its place.
type opener func(path string) (*os.File, error)

// openPicture opens a picture without waiting: a path that was one when it was listed may be a
// pipe now, and opening one would wait for a writer for ever.
func openPicture(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

func readOnce(open opener, path string, limit int64, buf []byte) (file, error) {
	h, err := open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return file{}, errVanished
	} else if err != nil {
		return file{}, &unreadError{err}
	}
	defer h.Close()
	before, err := h.Stat()
	if err != nil {
		return file{}, &unreadError{err}
	}
	if !before.Mode().IsRegular() {
		return file{}, fmt.Errorf("not a regular file (%s)", before.Mode().Type())
	}
	if before.Size() > limit {
		return file{}, fmt.Errorf("%w: the file has %d bytes, at most %d are read", imaging.ErrTooLarge, before.Size(), limit)
	}
	if int64(cap(buf)) < before.Size() {
		buf = make([]byte, before.Size())
	}
	data := buf[:before.Size()]
	if _, err := io.ReadFull(h, data); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return file{}, &unreadError{errChanging} // it was cut while we read
	} else if err != nil {
		return file{}, &unreadError{err}
	}
	after, err := h.Stat()
	if err != nil {
		return file{}, &unreadError{err}
	}
	if after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()) {
		return file{}, &unreadError{errChanging}
	}
	return file{data: data, hash: sha256.Sum256(data), size: after.Size(), modTime: after.ModTime()}, nil
}

// reason is the text of a failure: without the path, which stands beside it.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		if errors.Is(p.Err, fs.ErrNotExist) {
			return "it is not there"
		}
		return p.Err.Error()
	}
	// The walk leaves the path out too, and keeps the name of the call.
	var errno syscall.Errno
	if _, said, ok := strings.Cut(err.Error(), ": "); ok && errors.As(err, &errno) && said == errno.Error() {
		return reason(&fs.PathError{Err: errno})
	}
	return fault.Words(err)
}
