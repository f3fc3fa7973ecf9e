package tagging

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// A disk that fills up in the middle of a run gives an error, and once there is room
// the next run ends with the tags of one that was left alone. Only root may mount the
// small disk that this needs; TestFullDiskLosesNothing does without.
func TestSmallDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("what a full disk keeps is no matter of goroutines: slow under the race detector")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("a small disk cannot be mounted, which takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	const pictures = 2*batchSize + 5
	s := open(t, dir)
	upsert(t, s, records(0, pictures))
	// Closing gives back the room that the store has kept for its next changes.
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	defer s.Close()
	filler := filepath.Join(dir, "filler")
	fillUp(t, filler, 1<<18)

	g := OpenRegistry(filepath.Join(dir, "runs"))
	c := classifier(t, labels)
	p := plan(PerImage, 3)
	_, err := New(s, g, &counter{}).Tag(t.Context(), c, p)
	if err == nil {
		t.Fatal("the disk was not full")
	}
	t.Logf("the error was: %v", err)

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	r, _ := run(t, s, g, c, p)
	got := tagsOf(t, s, r.Source())
	quiet := open(t, t.TempDir())
	defer quiet.Close()
	upsert(t, quiet, records(0, pictures))
	run(t, quiet, OpenRegistry(t.TempDir()), c, p)
	if diff := cmp.Diff(tagsOf(t, quiet, r.Source()), got); len(got) == 0 || diff != "" {
		t.Errorf("after a full disk (-undisturbed +filled):\n%.2000s", diff)
	}
}

// fillUp writes a file until a disk has only so many bytes left.
func fillUp(t *testing.T, name string, left int64) {
	t.Helper()
	var st unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(name), &st); err != nil {
		t.Fatal(err)
	}
	free := int64(st.Bavail)*st.Bsize - left
	if free <= 0 {
		t.Fatalf("the index has left no room: %d bytes are missing", -free)
	}
	if err := os.WriteFile(name, make([]byte, free), 0o644); err != nil && !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
}
