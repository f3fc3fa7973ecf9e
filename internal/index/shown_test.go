package index_test

import (
	"crypto/sha256"
	"os"
	"sync"
	"testing"

	"github.com/sightline/sightline/internal/imaging"
)

// What was decoded is shown once, with its content and its file; what was not is not.
func TestShown(t *testing.T) {
	w := newWorld(t)
	w.picture("a.png", 1)
	w.picture("b.png", 2)
	w.write("broken.png", []byte("\x89PNG\r\n\x1a\nnothing"))
	var mu sync.Mutex
	seen := make(map[string]int)
	w.options.Shown = func(content []byte, img *imaging.RGB, file []byte) {
		mu.Lock()
		defer mu.Unlock()
		if sum := sha256.Sum256(file); string(sum[:]) != string(content) || len(img.Pix) != 3*img.Width*img.Height || img.Width == 0 {
			t.Errorf("%x is not the content of a file of %d bytes, or there are no pixels", content, len(file))
		}
		seen[string(content)]++
	}
	w.run()
	w.run()
	data, err := os.ReadFile(w.path("a.png"))
	if err != nil {
		t.Fatal(err)
	}
	w.write("copy of a.png", data) // whose embedding is there
	w.run()
	sum := sha256.Sum256(data)
	if len(seen) != 2 || seen[string(sum[:])] != 1 {
		t.Errorf("%d contents were shown, one of them %d times", len(seen), seen[string(sum[:])])
	}
}
