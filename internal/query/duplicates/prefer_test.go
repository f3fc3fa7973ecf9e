package duplicates

import (
	"testing"

	"github.com/sightline/sightline/internal/store"
)

// However large a damaged file is, the whole one is kept.
func TestPreferWhole(t *testing.T) {
	whole := store.Record{Path: "/whole.jpg", Width: 640, Height: 480, Size: 1000}
	damaged := store.Record{Path: "/cut.jpg", Width: 4000, Height: 3000, Size: 9000, About: store.About{Damage: "cut off"}}
	if prefer(whole, damaged) >= 0 || prefer(damaged, whole) <= 0 {
		t.Error("the damaged picture is preferred")
	}
	if got := why(&whole, &damaged); got != "the one whose file is whole" {
		t.Errorf("the reason is %q", got)
	}
}
