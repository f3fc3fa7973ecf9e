package png

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	stdpng "image/png"
	"testing"
)

// benchFile is a smooth gradient with some noise.
func benchFile(tb testing.TB, alpha bool) []byte {
	m := image.NewNRGBA(image.Rect(0, 0, 1500, 1000))
	state := uint32(7)
	for y := range 1000 {
		for x := range 1500 {
			state = state*1664525 + 1013904223
			a := uint8(255)
			if alpha {
				a = uint8(x)
			}
			m.SetNRGBA(x, y, color.NRGBA{uint8(uint32(x/8) + state>>29), uint8(y / 5), uint8((x ^ y) & 15), a})
		}
	}
	var b bytes.Buffer
	if err := stdpng.Encode(&b, m); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// BenchmarkDecode compares with image/png, which does not convert to RGB yet.
func BenchmarkDecode(b *testing.B) {
	for _, alpha := range []bool{false, true} {
		data := benchFile(b, alpha)
		b.Run(fmt.Sprintf("ours/alpha=%t", alpha), func(b *testing.B) {
			for b.Loop() {
				if _, _, err := Decode(data); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("image-png/alpha=%t", alpha), func(b *testing.B) {
			for b.Loop() {
				if _, err := stdpng.Decode(bytes.NewReader(data)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
