//go:build cgo && !nolibjpeg

package imaging

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"github.com/sightline/sightline/internal/imaging/draft"
)

// TestDraftIsLibjpeg compares both decoders on pictures of all sizes and qualities. That of the
// best quality has long codes; noise has coefficients everywhere.
func TestDraftIsLibjpeg(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, size := range []image.Point{{1, 1}, {8, 8}, {17, 5}, {67, 45}, {300, 211}, {640, 479}} {
		for _, quality := range []int{1, 30, 75, 90, 100} {
			for _, noise := range []int{0, 10, 255} {
				t.Run(fmt.Sprintf("%dx%d/%d/%d", size.X, size.Y, quality, noise), func(t *testing.T) {
					var file bytes.Buffer
					if err := jpeg.Encode(&file, noisy(rng, size, noise), &jpeg.Options{Quality: quality}); err != nil {
						t.Fatal(err)
					}
					compareDraft(t, file.Bytes())
				})
			}
		}
	}
	for _, name := range []string{"420.jpg", "422.jpg", "444.jpg", "grey.jpg", "restarts.jpg", "quality30.jpg"} {
		t.Run(name, func(t *testing.T) { compareDraft(t, readSource(t, name)) })
	}
}

func compareDraft(t *testing.T, data []byte) {
	t.Helper()
	h, err := jpegHeader(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, scale := range []int{4, 8} {
		want := NewRGB((h.width+scale-1)/scale, (h.height+scale-1)/scale)
		got := NewRGB(want.Width, want.Height)
		if err := draft.Decode(got.Pix, got.Width, got.Height, data, scale); err != nil {
			t.Fatal(err)
		}
		if _, err := decodeJPEGInto(t.Context(), want, data, scale); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("1/%d: mean difference %.3f levels", scale, meanDifference(got, want))
		}
	}
}

// noisy draws gradients with noise of that many levels, saturated in places.
func noisy(rng *rand.Rand, size image.Point, noise int) image.Image {
	img := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			grain := func(v int) uint8 { return uint8(min(max(v+rng.IntN(noise+1)-noise/2, 0), 255)) }
			img.SetRGBA(x, y, color.RGBA{grain(300 * x / size.X), grain(300*y/size.Y - 20), grain(128 + 2*(x-y)), 255})
		}
	}
	return img
}
