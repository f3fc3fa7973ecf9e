package imaging

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The goldens are made by scripts/reference/pixels.py with a pinned Pillow.
type goldens struct {
	Decode []goldenPicture `json:"decode"`
	Fast   []goldenPicture `json:"fast"`
	Resize []goldenPicture `json:"resize"`
}

type goldenPicture struct {
	File      string `json:"file"`
	ShortSide int    `json:"short_side"`
	Filter    Filter `json:"filter"`
	Width     int    `json:"width"`
	Height    int    `json:"height"`
	SHA256    string `json:"sha256"`
	Pixels    string `json:"pixels"`  // a PNG of Pillow's pixels, where tolerance is needed
	Inexact   bool   `json:"inexact"` // only the size is to be compared
}

func readGoldens(t testing.TB) goldens {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var g goldens
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func readSource(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "src", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func sum(p *RGB) string {
	s := sha256.Sum256(p.Pix)
	return hex.EncodeToString(s[:])
}

// tolerance is how far a format's pixels may lie from Pillow's: the mean absolute
// difference, in levels. Zero asks for equality of every bit.
func tolerance(want goldenPicture) float64 {
	switch filepath.Ext(want.File) {
	case ".heic", ".avif":
		// Other roundings than libheif's and libavif's in Pillow.
		return 0.5
	case ".jpg":
		switch {
		case JPEGDecoder == "libjpeg-turbo":
			return 0
		case want.ShortSide > 0:
			// A mean of pixels is sharper than scaled chroma, upsampled.
			return 10
		default:
			return 3.5
		}
	}
	return 0
}

func checkPixels(t *testing.T, want goldenPicture, got *RGB) {
	t.Helper()
	if got.Width != want.Width || got.Height != want.Height {
		t.Fatalf("size %dx%d, want %dx%d", got.Width, got.Height, want.Width, want.Height)
	}
	if len(got.Pix) != 3*got.Width*got.Height {
		t.Fatalf("%d bytes of pixels for %dx%d", len(got.Pix), got.Width, got.Height)
	}
	allowed := tolerance(want)
	if allowed == 0 {
		if sum(got) != want.SHA256 {
			t.Error("pixels are not Pillow's")
		}
		return
	}
	if want.Inexact || want.Pixels == "" {
		return
	}
	data, err := os.ReadFile(filepath.Join("testdata", "want", want.Pixels))
	if err != nil {
		t.Fatal(err)
	}
	reference, _, err := Decode(data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := meanDifference(got, reference)
	t.Logf("mean difference %.2f levels", d)
	if d > allowed {
		t.Errorf("pixels differ from Pillow's by %.2f levels on average, allowed %.2f", d, allowed)
	}
}

func meanDifference(a, b *RGB) float64 {
	total := 0
	for i, v := range a.Pix {
		d := int(v) - int(b.Pix[i])
		total += max(d, -d)
	}
	return float64(total) / float64(len(a.Pix))
}

func TestDecodeMatchesPillow(t *testing.T) {
	for _, want := range readGoldens(t).Decode {
		t.Run(want.File, func(t *testing.T) {
			data := readSource(t, want.File)
			got, info, err := Decode(data, Options{Mode: Exact, ShortSide: 8})
			if err != nil {
				t.Fatal(err)
			}
			checkPixels(t, want, got)
			if info.Width != want.Width || info.Height != want.Height {
				t.Errorf("info says %dx%d, want %dx%d", info.Width, info.Height, want.Width, want.Height)
			}
			if again, err := ReadInfo(data, Limits{}); err != nil || fmt.Sprint(again) != fmt.Sprint(info) {
				t.Errorf("ReadInfo = %v, %v; Decode said %v", again, err, info)
			}
		})
	}
}

func TestFastDecodeMatchesPillowDraft(t *testing.T) {
	for _, want := range readGoldens(t).Fast {
		t.Run(fmt.Sprintf("%s/%d", want.File, want.ShortSide), func(t *testing.T) {
			got, info, err := Decode(readSource(t, want.File), Options{Mode: Fast, ShortSide: want.ShortSide})
			if err != nil {
				t.Fatal(err)
			}
			checkPixels(t, want, got)
			reduced := min(got.Width, got.Height) < min(info.Width, info.Height)
			if reduced && min(got.Width, got.Height) < 2*want.ShortSide {
				t.Errorf("%dx%d is below twice the side %d", got.Width, got.Height, want.ShortSide)
			}
		})
	}
}

func TestResizeMatchesPillow(t *testing.T) {
	for _, want := range readGoldens(t).Resize {
		t.Run(fmt.Sprintf("%s/%s/%dx%d", want.File, want.Filter, want.Width, want.Height), func(t *testing.T) {
			src, _, err := Decode(readSource(t, want.File), Options{})
			if err != nil {
				t.Fatal(err)
			}
			checkPixels(t, want, Resize(src, want.Width, want.Height, want.Filter))
		})
	}
}

// TestResizeCropIsResizeThenCrop also uses one Resizer for everything, so that
// memory left over from a larger picture would show.
func TestResizeCropIsResizeThenCrop(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var r Resizer
	dst := new(RGB)
	for range 300 {
		src := NewRGB(1+rng.IntN(70), 1+rng.IntN(70))
		for i := range src.Pix {
			src.Pix[i] = byte(rng.Uint32())
		}
		w, h := 1+rng.IntN(90), 1+rng.IntN(90)
		if rng.IntN(4) == 0 {
			w = src.Width
		}
		if rng.IntN(4) == 0 {
			h = src.Height
		}
		x0, y0 := rng.IntN(w), rng.IntN(h)
		crop := image.Rect(x0, y0, x0+1+rng.IntN(w-x0), y0+1+rng.IntN(h-y0))
		filter := []Filter{Bilinear, Bicubic, Lanczos}[rng.IntN(3)]
		whole := Resize(src, w, h, filter)
		r.ResizeCrop(dst, src, w, h, filter, crop)
		if dst.Width != crop.Dx() || dst.Height != crop.Dy() {
			t.Fatalf("size %dx%d for crop %v", dst.Width, dst.Height, crop)
		}
		for y := range crop.Dy() {
			want := whole.Pix[3*((crop.Min.Y+y)*w+crop.Min.X):][:3*crop.Dx()]
			got := dst.Pix[3*y*crop.Dx():][:3*crop.Dx()]
			if string(got) != string(want) {
				t.Fatalf("%dx%d to %dx%d, %s, crop %v: row %d differs", src.Width, src.Height, w, h, filter, crop, y)
			}
		}
	}
}

func TestEightOrientationsAreOnePicture(t *testing.T) {
	for _, ext := range []string{"png", "webp", "tif"} {
		upright, _, err := Decode(readSource(t, "orientation1."+ext), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for o := 1; o <= 8; o++ {
			name := fmt.Sprintf("orientation%d.%s", o, ext)
			data := readSource(t, name)
			got, info, err := Decode(data, Options{})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if info.Orientation != o {
				t.Errorf("%s: orientation %d", name, info.Orientation)
			}
			if got.Width != upright.Width || got.Height != upright.Height || string(got.Pix) != string(upright.Pix) {
				t.Errorf("%s is not the upright picture", name)
			}
			stored, _, err := Decode(data, Options{IgnoreOrientation: true})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if o > 1 && string(stored.Pix) == string(upright.Pix) {
				t.Errorf("%s: IgnoreOrientation turned the pixels", name)
			}
		}
	}
}

func TestTestdataIsSmall(t *testing.T) {
	var total int64
	err := filepath.WalkDir("testdata", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "fuzz") {
			return err
		}
		info, err := d.Info()
		total += info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if total > 2_500_000 {
		t.Errorf("testdata has grown to %d bytes", total)
	}
}
