package local

import (
	"bytes"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// held is what a process holds of what can leak.
type held struct{ goroutines, files, mappings int }

func heldNow(t *testing.T) held {
	t.Helper()
	runtime.GC()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	// Mappings of files: those of memory come and go with the heap.
	n := 0
	for line := range bytes.Lines(maps) {
		if bytes.Contains(line, []byte(".f32")) || bytes.Contains(line, []byte(".u8")) || bytes.Contains(line, []byte("-shm")) {
			n++
		}
	}
	return held{runtime.NumGoroutine(), len(files), n}
}

// TestNothingLeaks writes, searches, compacts and reads in many batches, opens and closes
// stores meanwhile, and looks at what the process holds then.
func TestNothingLeaks(t *testing.T) {
	batches := chaosRounds(60, 10_000)
	o := testOptions(t.TempDir())
	o.cachesFrom = 20
	s := mustOpen(t, o)
	q := store.Query{Vectors: vec.NewMatrix(1, testDim), K: 5, MinScore: -1}
	q.Vectors.Data[0] = 1
	work := func(i int) {
		if err := s.Upsert(t.Context(), testBatch(i%50, i%50+8, i+1)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Search(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		for _, err := range s.Scan(t.Context(), nil, store.Fields{Vectors: true}) {
			if err != nil {
				t.Fatal(err)
			}
			break // what is given up is let go as well
		}
		if i%20 == 0 {
			if err := s.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if i%10 == 0 {
			reader := o
			reader.Mode = store.ReadOnly
			r, err := Open(t.Context(), reader)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Search(t.Context(), q); err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range 30 { // pools fill
		work(i)
	}
	before := heldNow(t)
	for i := range batches {
		work(30 + i)
	}
	// What is closed may end a moment later. A vector file that grew is mapped in more parts.
	var after held
	for range 50 {
		if after = heldNow(t); after.goroutines <= before.goroutines+2 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if after.goroutines > before.goroutines+2 || after.files > before.files+3 || after.mappings > before.mappings+12 {
		t.Errorf("after %d batches %+v is held, before %+v", batches, after, before)
	}
}
