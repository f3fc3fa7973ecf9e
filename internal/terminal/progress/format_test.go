package progress

import (
	"slices"
	"testing"
)

func TestFilesSeen(t *testing.T) {
	for seen, want := range map[int64]string{1: "(1 file seen)", 2: "(2 files seen)", 1000: "(1,000 files seen)"} {
		c := counts{seen: seen}
		if got := c.parts(); !slices.Contains(got, want) {
			t.Errorf("%d: %q, want %q", seen, got, want)
		}
	}
}
