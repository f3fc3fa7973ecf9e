package terminal

import "testing"

func TestBar(t *testing.T) {
	for share, want := range map[float32]string{
		0: "    ", 1: "████", 0.5: "██  ", 0.25: "█   ", 0.03125: "▏   ", 0.96875: "███▉", -1: "    ", 2: "████",
	} {
		if got := Bar(share, 4); got != want {
			t.Errorf("%v: %q, want %q", share, got, want)
		}
	}
}
