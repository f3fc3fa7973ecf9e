package fence

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// A worker in the hands of a file cannot take memory from under the program.
func TestMemoryCannotBeCut(t *testing.T) {
	m, err := newMemory("fence-test", page)
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	if err := unix.Ftruncate(int(m.file.Fd()), 0); !errors.Is(err, unix.EPERM) {
		t.Errorf("cut: %v", err)
	}
}

func TestMemoryGrowsAndGivesBack(t *testing.T) {
	m, err := newMemory("fence-test", page)
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	for _, n := range []int{0, 1, leastInput, leastInput + 1, keepInput + 5*page, 7} {
		if err := m.fit(n); err != nil {
			t.Fatal(err)
		}
		copy(m.input(), bytes.Repeat([]byte{7}, n))
		if len(m.input()) != n || len(m.output()) != page {
			t.Errorf("%d bytes of input, %d of output", len(m.input()), len(m.output()))
		}
		m.shrink()
	}
	var s unix.Stat_t
	if err := unix.Fstat(int(m.file.Fd()), &s); err != nil {
		t.Fatal(err)
	}
	if held := 512 * s.Blocks; held > keepInput+2*page || s.Size <= keepInput {
		t.Errorf("%d bytes are held of %d", held, s.Size)
	}
}
