package local

import (
	"errors"
	"fmt"
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
	path string
}

// lockWriter takes the lock or says who has it.
func lockWriter(path string) (*writerLock, error) {
	l := flock.New(path)
	ok, err := l.TryLock()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), l.Close())
	}
	if !ok {
		return nil, errors.Join(fmt.Errorf("%w%s", store.ErrLocked, holder(path)), l.Close())
	}
	w := &writerLock{lock: l, path: path}
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", path, err), w.release())
	}
	return w, nil
}

// holder is what the lock file says about the process that has the lock, ready to
// be appended to a message. It may be nothing.
func holder(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (process %d)", pid)
}

// release frees the lock. The file stays: removing it would race with the next
// writer, who may have opened it already.
func (w *writerLock) release() error {
	return errors.Join(os.Truncate(w.path, 0), w.lock.Close())
}
