//go:build unix

package app

import (
	"math"

	"golang.org/x/sys/unix"
)

// addressLimit is how many addresses this process may use.
func addressLimit() uint64 {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &l); err != nil {
		return math.MaxUint64
	}
	return uint64(l.Cur)
}
