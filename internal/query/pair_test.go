package query

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
)

func TestPair(t *testing.T) {
	hit := func(path, format string, score float32, companions ...string) store.Hit {
		h := store.Hit{Record: store.Record{Path: path, Format: format}, Score: score, Companions: companions}
		switch format {
		case "cr2", "dng", "nef":
			h.About.Twin = "of the JPEG"
		}
		return h
	}
	own := hit("/a/2.CR2", "cr2", 0.1) // with an embedding of its own
	own.About.Twin = ""
	got := Pair([]store.Hit{
		hit("/a/1.CR2", "cr2", 0.9), hit("/a/2.jpg", "jpeg", 0.8), hit("/a/1.JPG", "jpeg", 0.9), hit("/b/1.JPG", "jpeg", 0.7),
		hit("/a/1.png", "png", 0.6), hit("/a/3.nef", "nef", 0.5), hit("/a/1.dng", "dng", 0.4), hit("/a/2.tif", "tiff", 0.3), own,
	})
	want := []store.Hit{
		hit("/a/1.JPG", "jpeg", 0.9, "/a/1.CR2", "/a/1.dng"), hit("/a/2.jpg", "jpeg", 0.8), hit("/b/1.JPG", "jpeg", 0.7),
		hit("/a/1.png", "png", 0.6), hit("/a/3.nef", "nef", 0.5), hit("/a/2.tif", "tiff", 0.3), own,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if Pair(nil) == nil || len(Pair(nil)) != 0 {
		t.Error("nothing gives something")
	}
}
