package index_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

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
