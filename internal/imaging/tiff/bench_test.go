package tiff

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"testing"

	xtiff "golang.org/x/image/tiff"
)

// BenchmarkDecode compares with x/image/tiff, which does not convert to RGB yet, on
// what it writes.
func BenchmarkDecode(b *testing.B) {
	m := image.NewRGBA(image.Rect(0, 0, 1500, 1000))
	state := uint32(7)
	for y := range 1000 {
		for x := range 1500 {
			state = state*1664525 + 1013904223
			m.SetRGBA(x, y, color.RGBA{uint8(uint32(x/8) + state>>29), uint8(y / 5), uint8((x ^ y) & 15), 255})
		}
	}
	for name, o := range map[string]*xtiff.Options{
		"none": {Compression: xtiff.Uncompressed}, "deflate": {Compression: xtiff.Deflate, Predictor: true},
	} {
		var file bytes.Buffer
		if err := xtiff.Encode(&file, m, o); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("ours/%s", name), func(b *testing.B) {
			for b.Loop() {
				if _, _, err := Decode(file.Bytes(), Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("x-image/%s", name), func(b *testing.B) {
			for b.Loop() {
				if _, err := xtiff.Decode(bytes.NewReader(file.Bytes())); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
