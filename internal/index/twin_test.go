package index_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/imaging/raw/rawtest"
	"github.com/sightline/sightline/internal/store"
)

func shaded(t *testing.T, w, h int, shade uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, w, h))
	for x := range w {
		for y := range h {
			img.SetGray(x, y, color.Gray{Y: shade + uint8(x)})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestTwins: a RAW file has the embedding of the JPEG beside it, and size, format and
// date of its own, also where it has no preview.
func TestTwins(t *testing.T) {
	own, twin := shaded(t, 64, 48, 10), shaded(t, 60, 40, 120)
	nef := rawtest.NEF(rawtest.Picture{Width: 90, Height: 60, Date: "2021:05:06 07:08:09", Preview: own})
	for name, tt := range map[string]struct {
		twins   bool
		nef     []byte
		jpeg    []byte
		same    bool // as the JPEG
		failing int64
	}{
		"twin":             {true, nef, twin, true, 0},
		"both":             {false, nef, twin, false, 0},
		"no preview":       {true, rawtest.OldARW(rawtest.Picture{Width: 90, Height: 60}), twin, true, 0},
		"no preview, both": {false, rawtest.OldARW(rawtest.Picture{}), twin, false, 1},
		"a damaged twin":   {true, nef, twin[:200], false, 1},
		"no picture":       {true, nef, []byte("text"), false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.options.Twins = tt.twins
			w.write("IMG_1.NEF", tt.nef)
			w.write("IMG_1.JPG", tt.jpeg)
			if r := w.run(); r.Failed != tt.failing || r.Added != 2-tt.failing {
				t.Fatalf("%+v", countsOf(r))
			}
			vectors := map[string][]float32{}
			for r, err := range w.store.Scan(t.Context(), nil, store.Fields{Vectors: true}) {
				if err != nil {
					t.Fatal(err)
				}
				vectors[r.Format] = r.Vector
				if r.Format == "nef" && (r.Width != 90 || r.Height != 60 || r.TakenAt.Year() != 2021) {
					t.Errorf("%+v", r)
				}
			}
			raw := vectors["nef"]
			if raw == nil {
				raw = vectors["arw"]
			}
			if got := vectors["jpeg"] != nil && raw != nil && equal(vectors["jpeg"], raw); got != tt.same {
				t.Errorf("embedded alike: %v", got)
			}
		})
	}
}

func equal(a, b []float32) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// TestTwinsLater: a run brings RAW files to the setting that it has, and to what lies
// beside them now, and then leaves them alone.
func TestTwinsLater(t *testing.T) {
	nef := rawtest.NEF(rawtest.Picture{Width: 90, Height: 60, Preview: shaded(t, 64, 48, 10)})
	w := newWorld(t)
	w.options.Twins = true
	w.write("a/IMG_1.NEF", nef)
	w.write("a/IMG_1.Jpg", shaded(t, 60, 40, 120))
	state := func() (alike bool, twin string) {
		t.Helper()
		vectors := map[string][]float32{}
		for r, err := range w.store.Scan(t.Context(), nil, store.Fields{Vectors: true}) {
			if err != nil {
				t.Fatal(err)
			}
			vectors[r.Format] = r.Vector
			if r.Format == "nef" {
				twin = r.About.Twin
				if len(r.Tags) == 0 || r.Tags[0].Source != "user" {
					t.Errorf("tags: %v", r.Tags)
				}
			}
		}
		return equal(vectors["jpeg"], vectors["nef"]), twin
	}
	w.want(w.run(), counts{Seen: 2, Added: 2, Embedded: 2})
	w.tag("a/IMG_1.NEF")
	for _, step := range []struct {
		name     string
		do       func()
		want     counts
		alike    bool
		ofItself bool
	}{
		{"nothing", func() {}, counts{Seen: 2, Unchanged: 2}, true, false},
		{"both", func() { w.options.Twins = false }, counts{Seen: 2, Unchanged: 1, Updated: 1, Embedded: 1}, false, true},
		{"both again", func() {}, counts{Seen: 2, Unchanged: 2}, false, true},
		{"twin", func() { w.options.Twins = true }, counts{Seen: 2, Unchanged: 1, Updated: 1, Embedded: 1}, true, false},
		{"twin edited", func() { w.write("a/IMG_1.Jpg", shaded(t, 60, 44, 60)) }, counts{Seen: 2, Updated: 2, Embedded: 2}, true, false},
		{"twin edited, again", func() {}, counts{Seen: 2, Unchanged: 2}, true, false},
		{"moved together", func() { w.rename("a", "b") }, counts{Seen: 2, Moved: 2}, true, false},
		{"twin alone moved", func() { w.rename("b/IMG_1.Jpg", "b/other.jpg") }, counts{Seen: 2, Moved: 1, Updated: 1, Embedded: 1}, false, true},
		{"RAW moved to it", func() { w.rename("b/IMG_1.NEF", "b/other.nef") }, counts{Seen: 2, Unchanged: 1, Moved: 1, Embedded: 1}, true, false},
		{"settled", func() {}, counts{Seen: 2, Unchanged: 2}, true, false},
	} {
		step.do()
		w.want(w.run(), step.want)
		alike, twin := state()
		if alike != step.alike || (twin == "") != step.ofItself {
			t.Errorf("%s: embedded alike %v, twin %q", step.name, alike, twin)
		}
	}
}

// TestRAWPassedOver: RAW files that are no longer wanted leave the index without
// tripping the guard, and come back.
func TestRAWPassedOver(t *testing.T) {
	w := newWorld(t)
	for i := range 4 {
		w.write(fmt.Sprintf("IMG_%d.NEF", i), rawtest.NEF(rawtest.Picture{Width: 90, Height: 60, Preview: shaded(t, 64, 48, uint8(10*i))}))
	}
	w.picture("other.png", 1)
	w.want(w.run(), counts{Seen: 5, Added: 5, Embedded: 5})
	all := w.options.Walk.KnownExtension
	w.options.SkipRAW = true
	w.options.Walk.KnownExtension = func(name string) bool { return all(name) && !imaging.RAWName(name) }
	w.options.Walk.Sniff = func(name string, _ []byte) (bool, string) { return !imaging.RAWName(name), "RAW" }
	r := w.run()
	w.want(r, counts{Seen: 1, Unchanged: 1, Pruned: 4})
	if len(r.Refusals) > 0 {
		t.Errorf("refused: %+v", r.Refusals)
	}
	w.options.SkipRAW, w.options.Walk.KnownExtension = false, all
	w.want(w.run(), counts{Seen: 5, Unchanged: 1, Added: 4, Embedded: 4})
}
