package imaging_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log"

	"github.com/sightline/sightline/internal/imaging"
)

// Decode a picture and resize it as Pillow does. What is transparent lies on white.
func ExampleDecode() {
	clear := image.NewNRGBA(image.Rect(0, 0, 40, 20))
	clear.Set(0, 0, color.NRGBA{R: 255, A: 255})
	var file bytes.Buffer
	if err := png.Encode(&file, clear); err != nil {
		log.Fatal(err)
	}
	img, info, err := imaging.Decode(file.Bytes(), imaging.Options{})
	if err != nil {
		log.Fatal(err)
	}
	small := imaging.Resize(img, 4, 2, imaging.Bicubic)
	fmt.Println(info.Format, img.Width, img.Height)
	fmt.Println(img.Pix[:6])
	fmt.Println(small.Width, small.Height, small.Pix[len(small.Pix)-3:])
	// Output:
	// png 40 20
	// [255 0 0 255 255 255]
	// 4 2 [255 255 255]
}
