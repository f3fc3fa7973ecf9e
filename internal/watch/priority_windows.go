package watch

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// LowerPriority gives this process the processor only when nobody else wants it.
func LowerPriority() error {
	if err := windows.SetPriorityClass(windows.CurrentProcess(), windows.IDLE_PRIORITY_CLASS); err != nil {
		return fmt.Errorf("lowering the priority: %w", err)
	}
	return nil
}
