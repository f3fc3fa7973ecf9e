//go:build unix

package main

import (
	"os"
	"syscall"
)

// become replaces this process, so that signals, job control and the exit code are the
// program's own.
func become(path string, argv []string) (int, error) {
	return 0, os.NewSyscallError("exec", syscall.Exec(path, argv, os.Environ()))
}
