package app

import (
	"testing"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/store"
)

// TestColourOfTheIndex: an index keeps its policy for colour spaces, also one from
// before there was a choice, unless the settings say otherwise.
func TestColourOfTheIndex(t *testing.T) {
	for _, tt := range []struct {
		setting string
		model   store.Model
		want    string
	}{
		{"", store.Model{}, "srgb"},
		{"", store.Model{Name: "starter", Pixels: "fast"}, "ignore"},
		{"", store.Model{Name: "starter", Pixels: "fast", Colour: "srgb"}, "srgb"},
		{"srgb", store.Model{Name: "starter", Pixels: "fast"}, "srgb"},
		{"ignore", store.Model{Name: "starter", Colour: "srgb"}, "ignore"},
		{"ignore", store.Model{}, "ignore"},
	} {
		if got := new(Env).adoptModel(config.Config{Colour: tt.setting}, tt.model).Colour; got != tt.want {
			t.Errorf("setting %q, index %+v: %q, want %q", tt.setting, tt.model, got, tt.want)
		}
	}
}
