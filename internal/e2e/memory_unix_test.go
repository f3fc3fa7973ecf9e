//go:build unix

package e2e

import (
	"os"
	"runtime"
	"syscall"
)

// mostMemory is the largest resident set of a process that has ended, in bytes.
func mostMemory(s *os.ProcessState) int64 {
	u, ok := s.SysUsage().(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "darwin": // counts bytes
		return int64(u.Maxrss)
	}
	return int64(u.Maxrss) << 10
}
