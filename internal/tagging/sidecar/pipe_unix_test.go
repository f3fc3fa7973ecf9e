//go:build unix

package sidecar

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe by the name of a sidecar must not hold tagging up until somebody writes into it.
func TestSidecarIsPipe(t *testing.T) {
	picture := filepath.Join(t.TempDir(), "p.jpg")
	if err := syscall.Mkfifo(picture+".xmp", 0o644); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	if _, err := Update(picture, "run1", []Keyword{{Label: "beach"}}); !errors.Is(err, ErrUnusable) {
		t.Errorf("a pipe: %v", err)
	}
}
