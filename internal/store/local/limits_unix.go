//go:build unix

package local

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/dustin/go-humanize"
	"golang.org/x/sys/unix"
)

// tellFileLimit says how long the files may be that this process writes; "" where there is no
// limit that an index comes by.
func tellFileLimit() string {
	const most = 1 << 50
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &l); err != nil || l.Cur > most {
		return ""
	}
	return fmt.Sprintf("this process may write files of at most %s (ulimit -f)", humanize.Bytes(l.Cur))
}

// cannotOpen returns why no file can be opened, if that is so: SQLite says only that it cannot.
func cannotOpen() error {
	f, err := os.Open(os.DevNull)
	if err == nil {
		f.Close()
		return nil
	}
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return err
	}
	return nil
}
