//go:build unix

package local

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sightline/sightline/internal/store"
)

// noFollow makes an open fail at a symbolic link, and not wait for the other end of a pipe.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

func (osFiles) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// isWritable reports whether this process may write to a file or folder.
func isWritable(path string) bool { return unix.Access(path, unix.W_OK) == nil }

// lockFolder keeps others out who lock the same folder, until unlock is called or the process
// ends. One that is locked gives store.ErrLocked. File systems without locks of folders, such as
// some of the network, lock nobody out.
func lockFolder(dir string) (unlock func() error, err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	switch err := unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB); err {
	case nil, unix.EBADF, unix.ENOLCK, unix.ENOSYS, unix.EOPNOTSUPP:
		return d.Close, nil
	case unix.EWOULDBLOCK:
		return nil, errors.Join(store.ErrLocked, d.Close())
	default:
		return nil, errors.Join(err, d.Close())
	}
}
