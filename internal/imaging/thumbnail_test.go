package imaging_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/sightline/sightline/internal/imaging"
)

func TestThumbnail(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ w, h, side, wantW, wantH int }{
		{400, 100, 100, 100, 25},
		{100, 400, 100, 25, 100},
		{60, 40, 100, 60, 40}, // never larger than it is
		{500, 1, 100, 100, 1}, // never without pixels
	} {
		img := image.NewNRGBA(image.Rect(0, 0, c.w, c.h))
		for i := range c.w * c.h {
			img.SetNRGBA(i%c.w, i/c.w, color.NRGBA{200, 30, 90, 255})
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "a.png")
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := imaging.Thumbnail(path, c.side)
		if err != nil {
			t.Fatal(err)
		}
		if got.Bounds().Dx() != c.wantW || got.Bounds().Dy() != c.wantH {
			t.Errorf("%dx%d at %d became %s", c.w, c.h, c.side, got.Bounds())
		}
		if r, g, b, a := got.At(0, 0).RGBA(); r>>8 != 200 || g>>8 != 30 || b>>8 != 90 || a>>8 != 255 {
			t.Errorf("the colour became %d %d %d %d", r>>8, g>>8, b>>8, a>>8)
		}
	}
	for _, bad := range []string{filepath.Join(dir, "none"), dir} {
		if _, err := imaging.Thumbnail(bad, 100); err == nil {
			t.Errorf("%s has a thumbnail", bad)
		}
	}
}
