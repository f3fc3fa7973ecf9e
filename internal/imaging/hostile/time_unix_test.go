//go:build unix

package hostile

import (
	"time"

	"golang.org/x/sys/unix"
)

// processorTime is what the process has used, which does not depend on what others do.
func processorTime() time.Duration {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
