package store_test

import (
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

func TestModes(t *testing.T) {
	for mode, want := range map[store.Mode][2]bool{
		store.ReadOnly: {false, false}, store.ReadWrite: {true, false}, store.Create: {true, true}, store.Rebuild: {true, true},
	} {
		if got := [2]bool{mode.Writes(), mode.Creates()}; got != want {
			t.Errorf("mode %d writes and creates: %v, want %v", mode, got, want)
		}
	}
}

func TestCheckOpen(t *testing.T) {
	m := store.Model{Fingerprint: "f00d", Dim: 3}
	for _, c := range []struct {
		collection string
		mode       store.Mode
		model      store.Model
		ok         bool
	}{
		{"default", store.ReadOnly, store.Model{}, true},
		{"A-b_c.9", store.ReadWrite, store.Model{}, true},
		{"_" + strings.Repeat("x", 63), store.Create, m, true},
		{"c", store.Rebuild, m, true},
		{"", store.ReadOnly, m, false},
		{".hidden", store.ReadOnly, m, false},
		{"-flag", store.ReadOnly, m, false},
		{"../up", store.ReadOnly, m, false},
		{"a\nb", store.ReadOnly, m, false},
		{strings.Repeat("x", 65), store.ReadOnly, m, false},
		{"c", store.Create, store.Model{}, false},
		{"c", store.Rebuild, store.Model{Fingerprint: "f00d"}, false},
	} {
		if err := store.CheckOpen(c.collection, c.mode, c.model); (err == nil) != c.ok {
			t.Errorf("%q, mode %d: %v", c.collection, c.mode, err)
		}
	}
}
