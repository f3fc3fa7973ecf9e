package index_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/walk"
)

// otherDisk makes a folder on another disk than dir, as /dev/shm is on most Linux systems.
func otherDisk(t *testing.T, dir string) string {
	t.Helper()
	here, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	disk, err := os.MkdirTemp("/dev/shm", "sightline-test-")
	if err != nil {
		t.Skip("this system has no second disk that may be written to: ", err)
	}
	t.Cleanup(func() { os.RemoveAll(disk) })
	if there, err := os.Stat(disk); err != nil || !walk.OtherDisk(here, there) {
		t.Skip("this system has no second disk that may be written to: ", err)
	}
	return disk
}

// A disk below a root that is unmounted keeps its pictures in the index, however few they are:
// in runs and in prune, until somebody insists, or the folder has everything without a disk.
func TestUnmountedDiskBelowARoot(t *testing.T) {
	w := newWorld(t)
	disk := otherDisk(t, w.path("."))
	for i := range 20 {
		w.picture(string(rune('a'+i))+".png", i)
	}
	data, err := os.ReadFile(w.path("a.png"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(disk, "on the disk.png"), append(data, "other"...), 0o644); err != nil {
		t.Fatal(err)
	}
	at := w.path("nas")
	mount := func() {
		t.Helper()
		os.Remove(at)
		if err := os.Symlink(disk, at); err != nil {
			t.Fatal(err)
		}
	}
	unmount := func(left bool) {
		t.Helper()
		err := os.Remove(at)
		if err == nil && left {
			err = os.Mkdir(at, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	has := func() bool { return slices.Contains(w.names(), "nas/on the disk.png") }
	mount()
	w.run()
	for _, left := range []bool{true, false} {
		unmount(left)
		if err := os.Remove(w.path(map[bool]string{true: "b.png", false: "c.png"}[left])); err != nil {
			t.Fatal(err)
		}
		r := w.run()
		if r.Pruned != 1 || len(r.Refusals) != 1 || !strings.HasSuffix(r.Refusals[0].Error(), "/nas is not mounted; its 1 picture was kept in the index") {
			t.Errorf("mount point left %v: %d pruned, refused %v", left, r.Pruned, r.Refusals)
		}
		pruned, refused, err := index.Prune(t.Context(), w.store, nil, index.Guarded)
		if err != nil || pruned.Records != 0 || len(refused) != 1 || !refused[0].Unmounted || !has() {
			t.Errorf("mount point left %v: Prune = %+v, %v, %v; the index has %v", left, pruned, refused, err, w.names())
		}
		mount()
		if r := w.run(); r.Added+r.Pruned != 0 || len(r.Refusals) != 0 {
			t.Errorf("mounted again: %+v", r)
		}
	}
	// The pictures of the disk were moved into its place: no disk is missed any more.
	unmount(true)
	if err := os.WriteFile(filepath.Join(at, "on the disk.png"), append(data, "other"...), 0o644); err != nil {
		t.Fatal(err)
	}
	w.run()
	if err := os.RemoveAll(at); err != nil {
		t.Fatal(err)
	}
	if r := w.run(); r.Pruned != 1 || has() {
		t.Errorf("a folder that was a disk once: %+v", r)
	}
	// Somebody insists.
	mount()
	w.run()
	unmount(true)
	if pruned, refused, err := index.Prune(t.Context(), w.store, []string{at}, index.Forced); err != nil || pruned.Records != 1 || len(refused) != 0 || has() {
		t.Errorf("Prune with force = %+v, %v, %v", pruned, refused, err)
	}
}
