//go:build linux || darwin

package walk

import (
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
			return stat{st.Size, time.Unix(st.Mtim.Unix()), st.Mode&unix.S_IFMT == unix.S_IFREG}, nil
		case unix.EINTR:
		default:
			return stat{}, &os.PathError{Op: "lstat", Path: prefix + name, Err: err}
		}
	}
}
