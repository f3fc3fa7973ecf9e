package local

import (
	"errors"

	"golang.org/x/sys/unix"
)

// exchange lets two folders change places at once. The error is errors.ErrUnsupported where
// the file system cannot do so.
func exchange(a, b string) error {
	switch err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE); err {
	case unix.EINVAL, unix.ENOSYS, unix.EOPNOTSUPP:
		return errors.ErrUnsupported
	default:
		return err
	}
}
