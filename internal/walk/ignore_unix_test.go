//go:build unix

package walk

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe by the name of an ignore file must not hold the walk up until somebody writes
// into it.
func TestIgnoreFileIsPipe(t *testing.T) {
	name := filepath.Join(t.TempDir(), IgnoreFile)
	if err := syscall.Mkfifo(name, 0o644); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	list, problems := readIgnoreFile(name)
	if len(list) != 0 || len(problems) != 1 || !errors.Is(problems[0], ErrIgnoreFile) {
		t.Errorf("%d rules and %v", len(list), problems)
	}
}
