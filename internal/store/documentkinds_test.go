package store_test

import (
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

func TestDocumentKind(t *testing.T) {
	for name, want := range map[string]string{
		"runs/0123456789ab.json": "a tagging run", "labels/ab.json": "a saved label", "corrections/ab": "what was said",
		"explore": "the map", "explore/0123.0": "a part of the map", "duplicates": "duplicates", "walk/others-01": "no pictures", "walk/mounts": "are disks",
		"explorer": "does not know", "run": "does not know", "duplicates/x": "does not know",
	} {
		if got := store.DocumentKind(name); !strings.Contains(got, want) {
			t.Errorf("DocumentKind(%q) = %q", name, got)
		}
	}
}
