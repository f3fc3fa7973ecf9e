package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/gofrs/flock"

	"github.com/sightline/sightline/internal/store"
)

const lockName = "writer.lock"

// writerLock is held while a store is open for writing. The operating system frees
// it when the process ends, however it ends, so a left-over file locks nobody out.
type writerLock struct {
	lock *flock.Flock
	file *os.File // to say who has it
}

// lockWriter takes the lock or says who has it. A file in its place that is not a lock is
// left as it is.
func lockWriter(path string) (_ *writerLock, err error) {
	if err := checkRegular(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("lock: %w", err)
	}
	l := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow), flock.SetPermissions(0o644))
	ok, err := l.TryLock()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("it cannot be written: %w", bare(err)), l.Close())
	}
	if !ok {
		return nil, errors.Join(fmt.Errorf("%w%s", store.ErrLocked, holder(path)), l.Close())
	}
	w := &writerLock{lock: l}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("it cannot be written: %w", bare(err)), w.free())
		}
	}()
	if w.file, err = openRegular(path, os.O_RDWR); err != nil {
		return nil, err
	}
	if text, err := readHolder(w.file); err != nil {
		return nil, err
	} else if _, err := strconv.ParseUint(text, 10, 64); text != "" && err != nil {
		return nil, fmt.Errorf("%s is not a lock of sightline; it is left as it is", path)
	}
	if err := w.file.Truncate(0); err != nil {
		return nil, err
	}
	return w, writeFull(w.file, []byte(strconv.Itoa(os.Getpid())+"\n"), 0)
}

// bare is the cause of an error about the lock file, whose name says nothing to a person.
func bare(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// readHolder returns what a lock file says: a process's number, or nothing.
func readHolder(f io.Reader) (string, error) {
	const longest = 64
	b, err := io.ReadAll(io.LimitReader(f, longest))
	return strings.TrimSpace(string(b)), err
}

// holder is what the lock file says about the process that has the lock, ready to
// be appended to a message. It may be nothing.
func holder(path string) string {
	f, err := openRegular(path, os.O_RDONLY)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := readHolder(f)
	if err != nil {
		return ""
	}
	pid, err := strconv.Atoi(text)
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (process %d)", pid)
}

// release frees the lock. The file stays: removing it would race with the next
// writer, who may have opened it already.
func (w *writerLock) release() error { return errors.Join(w.file.Truncate(0), w.free()) }

// free gives the lock up and leaves what the file says.
func (w *writerLock) free() error {
	var err error
	if w.file != nil {
		err = w.file.Close()
	}
	return errors.Join(err, w.lock.Close())
}
