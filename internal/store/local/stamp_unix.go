//go:build linux || darwin || freebsd

package local

import (
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// stampOf returns what changes whenever a file is written to, by whomever: its size, the
// times of its last modification and change of status, and its inode.
func stampOf(f *os.File) ([]int64, bool) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, false
	}
	return []int64{st.Size, st.Mtim.Nano() & math.MaxInt64, st.Ctim.Nano() & math.MaxInt64, int64(st.Ino & math.MaxInt64)}, true
}
