package index

import (
	"context"
	"testing"
	"time"
)

func TestMemoryWaitsForRoom(t *testing.T) {
	m := newMemory(100)
	first, err := m.acquire(t.Context(), 60)
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := m.acquire(short, 41); err == nil {
		t.Error("101 of 100 bytes were given out")
	}
	second, err := m.acquire(t.Context(), 40)
	if err != nil {
		t.Fatal(err)
	}
	first()
	second()
}

// TestMemoryGivesTheWholeToOne asks for more than there is, twice: each gets it
// alone.
func TestMemoryGivesTheWholeToOne(t *testing.T) {
	m := newMemory(100)
	small, err := m.acquire(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := m.acquire(short, 1000); err == nil {
		t.Error("a picture larger than the budget was not alone")
	}
	small()
	for range 2 {
		release, err := m.acquire(t.Context(), 1000)
		if err != nil {
			t.Fatal(err)
		}
		release()
	}
}

func TestMemoryCollectsWhatIsDone(t *testing.T) {
	m := newMemory(1000)
	for i := range 5 {
		release, err := m.acquire(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		release()
		if got := m.done.Load(); got != int64(100*(i+1)) {
			t.Fatalf("%d bytes done after %d pictures", got, i+1)
		}
	}
	release, err := m.acquire(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	if release(); m.done.Load() != 0 {
		t.Errorf("%d bytes done, more than half of the budget, and nothing collected", m.done.Load())
	}
}
