package e2e

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sightline/sightline/internal/imaging/raw/rawtest"
)

// sample FILE makes a small file of a format that picture does not paint: a camera's
// RAW (.nef, .cr3, .dng, .raf), .jxl, .psd, or a .jpg in Display P3.
func sample(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sample FILE")
	}
	img := image.NewNRGBA(image.Rect(0, 0, 320, 240))
	for y := range 240 {
		for x := range 320 {
			img.SetNRGBA(x, y, color.NRGBA{200, uint8(30 + (x+y)%5), 30, 255})
		}
	}
	var red bytes.Buffer
	ts.Check(jpeg.Encode(&red, img, nil))
	shot := rawtest.Picture{Width: 400, Height: 300, Orientation: 6, Date: "2021:05:06 07:08:09", Preview: red.Bytes()}
	var data []byte
	var err error
	switch ext := filepath.Ext(args[0]); ext {
	case ".nef":
		data = rawtest.NEF(shot)
	case ".cr3":
		data = rawtest.CR3(shot)
	case ".dng":
		data = rawtest.DNG(shot)
	case ".raf":
		data = rawtest.RAF(shot)
	case ".jxl":
		data, err = os.ReadFile(filepath.Join(here, "../imaging/jxl/testdata/lossless.jxl"))
	case ".psd":
		data = []byte("8BPS\x00\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x10\x00\x00\x00\x10\x00\x08\x00\x03" +
			strings.Repeat("\x00", 14) + strings.Repeat("\xc8", 256) + strings.Repeat("\x1e", 512))
	case ".jpg":
		var profile []byte
		profile, err = os.ReadFile(filepath.Join(here, "../imaging/icc/testdata/DisplayP3-v4.icc"))
		part := append([]byte("ICC_PROFILE\x00\x01\x01"), profile...)
		data = append([]byte{0xff, 0xd8, 0xff, 0xe2, byte((len(part) + 2) >> 8), byte(len(part) + 2)}, part...)
		data = append(data, red.Bytes()[2:]...)
	default:
		ts.Fatalf("no sample of %s", ext)
	}
	ts.Check(err)
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	ts.Check(os.WriteFile(path, data, 0o644))
}

// here is the folder of this package, which scripts do not run in.
var here = func() string {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return dir
}()
