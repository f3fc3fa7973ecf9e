package watch

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// What ioprio_set(2) takes: the class for when nobody else uses the disk.
const (
	ioprioWhoProcess = 1
	ioprioClassIdle  = 3
	ioprioClassShift = 13
)

// LowerPriority gives this process the processor and the disk only when nobody else wants
// them. Both are of threads in Linux, and a new one has those of the thread that made it:
// all are lowered, until there is none that has not been.
func LowerPriority() error {
	lowered := map[int]bool{}
	for {
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("lowering the priority: %w", err)
		}
		news := false
		for _, t := range tasks {
			id, err := strconv.Atoi(t.Name())
			if err != nil || lowered[id] {
				continue
			}
			lowered[id], news = true, true
			if err := lowerThread(id); err != nil && !errors.Is(err, syscall.ESRCH) { // it may have ended
				return fmt.Errorf("lowering the priority: %w", err)
			}
		}
		if !news {
			return nil
		}
	}
}

const lowest = 19

func lowerThread(id int) error {
	if err := unix.Setpriority(unix.PRIO_PROCESS, id, lowest); err != nil {
		return err
	}
	_, _, errno := unix.Syscall(unix.SYS_IOPRIO_SET, ioprioWhoProcess, uintptr(id), ioprioClassIdle<<ioprioClassShift)
	if errno != 0 && errno != unix.ENOSYS && errno != unix.EPERM { // containers may forbid it
		return errno
	}
	return nil
}
