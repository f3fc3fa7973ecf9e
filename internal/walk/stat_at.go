//go:build linux || darwin

package walk

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// lstat looks at the file name in a folder, given open and as a path with a slash
// behind it, without following links. Going from the open folder spares the kernel
// the way through the whole path, a good part of the time that a walk takes. dir
// may be nil.
func lstat(dir *os.File, prefix, name string) (stat, error) {
	if dir == nil {
		return lstatPath(prefix + name)
	}
	for {
		var st unix.Stat_t
		switch err := unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW); err {
		case nil:
			return stat{st.Size, time.Unix(st.Mtim.Unix()), time.Unix(st.Ctim.Unix()), st.Mode&unix.S_IFMT == unix.S_IFREG}, nil
		case unix.EINTR:
		default:
			return stat{}, &os.PathError{Op: "lstat", Path: prefix + name, Err: err}
		}
	}
}

// readHead reads the start of a file in a folder, given as to lstat, into head and
// returns how much there was. It does without an os.File, which would cost as much
// again as the reading: folders may hold more sidecars and texts than pictures.
func readHead(dir *os.File, prefix, name string, head []byte) (int, error) {
	if dir == nil {
		return readHeadPath(prefix+name, head)
	}
	// O_NONBLOCK: what was a file when it was listed may be a pipe by now.
	fd, err := unix.Openat(int(dir.Fd()), name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.EINTR) {
		return readHeadPath(prefix+name, head)
	} else if err != nil {
		return 0, &os.PathError{Op: "open", Path: prefix + name, Err: err}
	}
	defer unix.Close(fd) // nothing was written
	for n := 0; ; {
		got, err := unix.Read(fd, head[n:])
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return n, &os.PathError{Op: "read", Path: prefix + name, Err: err}
		default:
			if n += got; got == 0 || n == len(head) {
				return n, nil
			}
		}
	}
}
