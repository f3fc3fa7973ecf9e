//go:build unix

package doctor

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sightline/sightline/internal/fault"
)

// leastFiles is how many files a process should be able to have open.
const leastFiles = 256

// roomOf is what is free on the disk of a folder, and whether the folder cannot be
// written to.
func roomOf(dir string) (free uint64, readOnly bool, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, false, err
	}
	return st.Bavail * uint64(st.Bsize), unix.Access(dir, unix.W_OK) != nil, nil
}

// limits checks what the system allows a process.
func limits() Check {
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return Check{Name: "limits", State: Warning, Finding: "the limits of the system are not known: " + fault.Words(err)}
	}
	c := Check{Name: "limits", State: OK, Finding: fmt.Sprintf("%d files can be open at once", files.Cur)}
	if files.Cur < leastFiles {
		c.State, c.Advice = Warning, fmt.Sprintf("raise the limit: ulimit -n %d", 4*leastFiles)
	}
	return c
}
