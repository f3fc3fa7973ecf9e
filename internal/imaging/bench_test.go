package imaging

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"testing"

	"golang.org/x/image/draw"

	"github.com/sightline/sightline/internal/imaging/draft"
)

// benchPicture is a smooth gradient with a little noise, as a photograph has.
func benchPicture(width, height int) *RGB {
	p := NewRGB(width, height)
	state := uint32(7)
	for i := range p.Pix {
		state = state*1664525 + 1013904223
		p.Pix[i] = byte(uint32(i/3%width)*200/uint32(width) + state>>28)
	}
	return p
}

// BenchmarkResize scales to what CLIP takes, beside x/image/draw on the same
// pixels.
func BenchmarkResize(b *testing.B) {
	for _, size := range []struct{ width, height, toWidth int }{{4000, 3000, 298}, {640, 480, 298}, {500, 375, 298}} {
		src := benchPicture(size.width, size.height)
		name := fmt.Sprintf("%dx%d", size.width, size.height)
		b.Run(name+"/pillow-exact", func(b *testing.B) {
			var r Resizer
			dst := new(RGB)
			for b.Loop() {
				r.ResizeCrop(dst, src, size.toWidth, 224, Bicubic, image.Rect(0, 0, size.toWidth, 224))
			}
		})
		b.Run(name+"/centre-crop", func(b *testing.B) {
			var r Resizer
			dst := new(RGB)
			for b.Loop() {
				r.ResizeCrop(dst, src, size.toWidth, 224, Bicubic, image.Rect(37, 0, 37+224, 224))
			}
		})
		rgba := image.NewRGBA(image.Rect(0, 0, size.width, size.height))
		for i := range size.width * size.height {
			copy(rgba.Pix[4*i:], src.Pix[3*i:3*i+3])
			rgba.Pix[4*i+3] = 255
		}
		b.Run(name+"/x-image-catmullrom", func(b *testing.B) {
			dst := image.NewRGBA(image.Rect(0, 0, size.toWidth, 224))
			for b.Loop() {
				draw.CatmullRom.Scale(dst, dst.Bounds(), rgba, rgba.Bounds(), draw.Src, nil)
			}
		})
	}
}

// BenchmarkReduced decodes a photo of 12 megapixels at a quarter and an eighth.
func BenchmarkReduced(b *testing.B) {
	picture := benchPicture(4000, 3000)
	img := image.NewRGBA(image.Rect(0, 0, picture.Width, picture.Height))
	for i := range picture.Width * picture.Height {
		copy(img.Pix[4*i:], picture.Pix[3*i:3*i+3])
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: 90}); err != nil {
		b.Fatal(err)
	}
	for _, scale := range []int{4, 8} {
		dst := NewRGB(picture.Width/scale, picture.Height/scale)
		b.Run(fmt.Sprintf("%d/draft", scale), func(b *testing.B) {
			for b.Loop() {
				if err := draft.Decode(dst.Pix, dst.Width, dst.Height, file.Bytes(), scale); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%d/%s", scale, JPEGDecoder), func(b *testing.B) {
			for b.Loop() {
				if _, err := decodeJPEGInto(b.Context(), dst, file.Bytes(), scale); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecode reads every kind of source that the tests have, by its name.
func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"420.jpg", "progressive-420.jpg", "rgb.png", "lossy.webp", "clap.heic", "alpha.avif"} {
		data := readSource(b, name)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := Decode(data, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkReadInfo(b *testing.B) {
	for _, name := range []string{"420.jpg", "meta/both.jpg"} {
		data := readSource(b, name)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := ReadInfo(data, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
