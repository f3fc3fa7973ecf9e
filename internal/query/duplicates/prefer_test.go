package duplicates

import (
	"testing"

	"github.com/sightline/sightline/internal/store"
)

// However large a damaged file is, the whole one is kept; and what moves or is in colour
// before what is still or grey, however many pixels that has.
func TestPrefer(t *testing.T) {
	small := store.Record{ID: "1", Path: "/small.jpg", Width: 640, Height: 480, Size: 1000}
	large := store.Record{ID: "2", Path: "/large.jpg", Width: 4000, Height: 3000, Size: 9000}
	damaged := large
	damaged.About.Damage = "cut off"
	for _, c := range []struct {
		better, worse store.Record
		known         looks
		why           string
	}{
		{small, damaged, nil, "the one whose file is whole"},
		{small, damaged, looks{"2": {Colour: true, Moving: true}}, "the one whose file is whole"},
		{large, small, nil, "the most pixels"},
		{small, large, looks{"1": {Colour: true}, "2": {}}, "the one in colour"},
		{small, large, looks{"1": {Moving: true}, "2": {Colour: true}}, "the one that moves"},
		{large, small, looks{"1": {Colour: true}, "2": {Colour: true}}, "the most pixels"},
	} {
		if prefer(&c.better, &c.worse, c.known) >= 0 || prefer(&c.worse, &c.better, c.known) <= 0 {
			t.Errorf("%s is preferred", c.worse.Path)
		}
		if got := why(&c.better, &c.worse, c.known); got != c.why {
			t.Errorf("the reason is %q, want %q", got, c.why)
		}
	}
}
