//go:build unix && !linux

package watch

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// LowerPriority gives this process the processor only when nobody else wants it.
func LowerPriority() error {
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, 19); err != nil {
		return fmt.Errorf("lowering the priority: %w", err)
	}
	return nil
}
