package linear

import (
	"math"
	"testing"
)

func TestMemoryStaysWithinItsBounds(t *testing.T) {
	m, err := Reserve(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	first := m.Reallocate(1 << 16)
	first[0] = 7
	grown := m.Reallocate(1 << 20)
	if &first[0] != &grown[0] || grown[0] != 7 {
		t.Error("memory that grew has moved")
	}
	if m.Refused() {
		t.Error("refused what there is")
	}
	if b := m.Reallocate(1<<20 + 1); b != nil || !m.Refused() {
		t.Errorf("%d bytes of 1 MiB, refused %t", len(b), m.Refused())
	}
	m.Free()
	m.Free()
	if b := m.Reallocate(1); b != nil {
		t.Error("memory that was given back is handed out")
	}
}

func TestReserveSaysWhatTheSystemRefuses(t *testing.T) {
	if m, err := Reserve(math.MaxInt64 / 2); err == nil {
		m.Free()
		t.Error("half of all addresses were reserved")
	}
}
