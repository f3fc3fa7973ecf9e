package index_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"testing"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/imaging/raw/rawtest"
	"github.com/sightline/sightline/internal/index"
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

// TestTwinsOfEachMaker: whatever made the RAW file, it follows what lies beside it: a twin that
// comes, is edited, and goes; and it can be left out and come back.
func TestTwinsOfEachMaker(t *testing.T) {
	makers := map[string]func(rawtest.Picture) []byte{
		"CR2": rawtest.CR2, "CR3": rawtest.CR3, "NEF": rawtest.NEF, "NRW": rawtest.NRW, "ARW": rawtest.ARW, "SR2": rawtest.SR2,
		"DNG": rawtest.DNG, "RAF": rawtest.RAF, "ORF": rawtest.ORF, "RW2": rawtest.RW2, "PEF": rawtest.PEF, "SRW": rawtest.SRW,
	}
	w := newWorld(t)
	w.options.Twins = true
	w.options.Pruning = index.Forced // half of the files go at once
	shade := uint8(0)
	for extension, build := range makers {
		shade += 5
		w.write("IMG_"+extension+"."+extension, build(rawtest.Picture{
			Width: 90, Height: 60, Orientation: 1, Date: "2021:05:06 07:08:09", Preview: shaded(t, 64, 48, shade),
		}))
	}
	n := int64(len(makers))
	twins := func(width int) func() {
		return func() {
			for extension := range makers {
				w.write("IMG_"+extension+".jpg", shaded(t, width, 40, 120))
			}
		}
	}
	all := w.options.Walk.KnownExtension
	for _, step := range []struct {
		name string
		do   func()
		want counts
		raws int64 // in the index
		own  bool  // the RAW files are embedded by their own previews
	}{
		{"alone", func() {}, counts{Seen: n, Added: n, Embedded: n}, n, true},
		{"twins come", twins(60), counts{Seen: 2 * n, Added: n, Updated: n}, n, false},
		{"nothing", func() {}, counts{Seen: 2 * n, Unchanged: 2 * n}, n, false},
		{"twins edited", twins(56), counts{Seen: 2 * n, Updated: 2 * n}, n, false},
		{"RAW off", func() {
			w.options.SkipRAW = true
			w.options.Walk.KnownExtension = func(name string) bool { return all(name) && !imaging.RAWName(name) }
			w.options.Walk.Sniff = func(name string, _ []byte) (bool, string) { return !imaging.RAWName(name), "RAW" }
		}, counts{Seen: n, Unchanged: n, Pruned: n}, 0, false},
		{"RAW on", func() { w.options.SkipRAW, w.options.Walk.KnownExtension = false, all }, counts{Seen: 2 * n, Unchanged: n, Added: n}, n, false},
		{"twins go", func() {
			for extension := range makers {
				if err := os.Remove(w.path("IMG_" + extension + ".jpg")); err != nil {
					t.Fatal(err)
				}
			}
		}, counts{Seen: n, Updated: n, Pruned: n}, n, true},
		{"nothing again", func() {}, counts{Seen: n, Unchanged: n}, n, true},
	} {
		step.do()
		got := w.run()
		step.want.Embedded = got.Embedded // equal pictures may share a vector
		w.want(got, step.want)
		var raws int64
		for r, err := range w.store.Scan(t.Context(), nil, store.Fields{}) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Format == "jpeg" {
				continue
			}
			raws++
			if (r.About.Twin == "") != step.own || r.TakenAt.Year() != 2021 {
				t.Errorf("%s: %s: twin %q, taken %v", step.name, r.Format, r.About.Twin, r.TakenAt)
			}
		}
		if raws != step.raws {
			t.Errorf("%s: %d RAW files in the index, want %d", step.name, raws, step.raws)
		}
	}
}
