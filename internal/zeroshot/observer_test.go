package zeroshot

import (
	"fmt"
	"testing"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
)

// counted is an Observer that counts.
type counted struct{ planned, embedded int }

func (c *counted) Planned(n int)  { c.planned += n }
func (c *counted) Embedded(n int) { c.embedded += n }

// What is embedded was planned, block by block; what the cache has is neither.
func TestObserver(t *testing.T) {
	cache := OpenCache(t.TempDir())
	labels := make([]label.Label, 300) // with the templates more than a block
	for i := range labels {
		labels[i].Name = fmt.Sprint("label ", i)
	}
	list := mustList(t, labels...)
	for _, again := range []bool{false, true} {
		enc, o := cliptest.New(testDim), &counted{}
		if _, err := Prepare(t.Context(), enc, list, Options{Cache: cache, Observer: o}); err != nil {
			t.Fatal(err)
		}
		if o.planned != o.embedded || o.embedded != enc.Texts() || (o.planned == 0) != again {
			t.Errorf("again %v: %d planned, %d embedded, %d by the encoder", again, o.planned, o.embedded, enc.Texts())
		}
	}
}
