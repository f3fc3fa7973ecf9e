package local

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sightline/sightline/internal/store"
)

// smallDisk is a disk of a few kilobytes.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can mount a disk; TestFaultsUnderTheCatalogue makes disks full for everybody")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skip("no disk can be mounted here: ", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestSmallDisk fills disks of several sizes. Whatever runs out of room is reported with the disk
// and what is free of it, and what was committed can be searched.
func TestSmallDisk(t *testing.T) {
	step := chaosRounds(16, 4)
	for kilobytes := 24; kilobytes <= 320; kilobytes += step {
		size := fmt.Sprint(kilobytes, "k")
		t.Run(size, func(t *testing.T) {
			o := testOptions(smallDisk(t, size))
			committed := 0
			err := func() error {
				s, err := Open(t.Context(), o)
				if err != nil {
					return err
				}
				defer s.Close()
				for ; committed < 100_000; committed += 100 {
					if err := s.Upsert(t.Context(), testBatch(committed, committed+100, 1)); err != nil {
						return err
					}
				}
				return nil
			}()
			if !errors.Is(err, store.ErrNoSpace) || !strings.Contains(err.Error(), "the disk that holds "+o.Dir) || !strings.Contains(err.Error(), " free of ") {
				t.Fatalf("a full disk is reported as: %v", err)
			}
			o.Mode = store.ReadOnly
			s, err := Open(t.Context(), o)
			if errors.Is(err, store.ErrNoIndex) && committed == 0 {
				return
			}
			if err != nil {
				t.Fatalf("reading what was committed: %v", err)
			}
			defer s.Close()
			if n := len(recordsOf(t, s)); n != committed {
				t.Errorf("%d records, %d were committed", n, committed)
			}
		})
	}
}
