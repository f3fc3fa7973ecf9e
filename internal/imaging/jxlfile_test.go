package imaging

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func readJXL(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("jxl", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestJXL(t *testing.T) {
	img, info, err := Decode(readJXL(t, "orientation6.jxl"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	// Turned once, although both the codestream and the EXIF block say so.
	if info.Format != FormatJXL || info.Width != 48 || info.Height != 64 || info.Orientation != 6 || info.Metadata.Date.Time.Year() != 2021 {
		t.Errorf("%+v", info)
	}
	if img.Width != 48 || img.Height != 64 || img.Pix[2] < 200 || img.Pix[0] > 60 {
		t.Errorf("%dx%d, % x", img.Width, img.Height, img.Pix[:3])
	}
	data := readJXL(t, "lossy.jxl")
	if _, _, err := Decode(data[:200], Options{}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("half of it: %v", err)
	}
	if _, _, err := Decode(data, Options{Limits: Limits{MaxPixels: 40*30 - 1}}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one pixel too many: %v", err)
	}
}
