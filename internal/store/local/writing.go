package local

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/sightline/sightline/internal/store"
)

var _ store.WriteWatcher = (*Store)(nil)

// Writing implements store.WriteWatcher. It reads who holds the lock and does not try to
// take it, which would refuse a writer that comes at that moment. What a killed process
// left in the file counts for nothing.
func (s *Store) Writing() bool {
	f, err := openRegular(filepath.Join(s.dir, lockName), 0)
	if err != nil {
		return false
	}
	defer f.Close()
	text, err := readHolder(f)
	if err != nil {
		return false
	}
	pid, err := strconv.Atoi(text)
	return err == nil && pid > 0 && alive(pid)
}

// alive reports whether there is a process of a number.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, syscall.EPERM)
}
