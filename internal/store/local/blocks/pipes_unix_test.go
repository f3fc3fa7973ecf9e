//go:build unix

package blocks

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Pipes and devices in the place of a backup's files are errors: none is waited for, and none
// is read without an end.
func TestPipesAndDevices(t *testing.T) {
	for _, kind := range []string{"pipe", "/dev/zero"} {
		f, err := Create(filepath.Join(t.TempDir(), "b"))
		if err != nil {
			t.Fatal(err)
		}
		data := random(100, 1)
		s, _ := put(t, f, time.Unix(1e9, 0), map[string][]byte{"a": data})
		block := f.blockPath(s.Files[0].Blocks[0])
		instead := func(path string) {
			t.Helper()
			err := os.Remove(path)
			if err == nil && kind == "pipe" {
				err = syscall.Mkfifo(path, 0o600)
			} else if err == nil {
				err = os.Symlink(kind, path)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		instead(block)
		if err := f.Extract(t.Context(), s, filepath.Join(t.TempDir(), "to")); err == nil {
			t.Errorf("%s as a block: no error", kind)
		}
		instead(filepath.Join(f.dir, statesName, s.Name+".json"))
		if _, err := f.State(""); err == nil {
			t.Errorf("%s as a state: no error", kind)
		}
		instead(filepath.Join(f.dir, markName))
		if _, err := Open(f.dir); err == nil || errors.Is(err, ErrNoBackup) {
			t.Errorf("%s as the mark: %v", kind, err)
		}
	}
}
