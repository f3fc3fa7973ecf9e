package imaging

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/imaging/raw/rawtest"
)

// leftRight is a JPEG whose left half is white and whose right half is black.
func leftRight(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w / 2 {
			img.SetGray(x, y, color.Gray{Y: 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestRAW: the preview is the picture, turned once, as the RAW's own tags say, with
// the RAW's date, in fast and exact mode.
func TestRAW(t *testing.T) {
	makers := map[Format]func(rawtest.Picture) []byte{
		"cr2": rawtest.CR2, "cr3": rawtest.CR3, "crw": rawtest.CRW, "nef": rawtest.NEF, "nrw": rawtest.NRW,
		"arw": rawtest.ARW, "sr2": rawtest.SR2, "dng": rawtest.DNG, "pef": rawtest.PEF, "srw": rawtest.SRW,
		"orf": rawtest.ORF, "rw2": rawtest.RW2, "raf": rawtest.RAF, "mrw": rawtest.MRW, "x3f": rawtest.X3F,
	}
	preview := leftRight(t, 320, 240)
	// The preview's own EXIF says otherwise, and loses.
	turned := rawtest.WithEXIF(preview, rawtest.EXIFBlock(rawtest.Picture{Orientation: 3}, "A", "B"))
	for format, build := range makers {
		t.Run(string(format), func(t *testing.T) {
			p := rawtest.Picture{
				Width: 400, Height: 300, Orientation: 6, Date: "2021:05:06 07:08:09",
				Preview: turned, Thumbnail: leftRight(t, 16, 12),
			}
			if format == "raf" {
				p.Preview = preview // has the RAW's EXIF in it
			}
			data := build(p)
			for _, o := range []Options{{}, {Mode: Fast, ShortSide: 60}} {
				img, info, err := Decode(data, o)
				if err != nil {
					t.Fatal(err)
				}
				if info.Format != format || info.Width != 300 || info.Height != 400 || info.Orientation != 6 || info.Damage != "" {
					t.Errorf("%+v", info)
				}
				want := 240
				if o.Mode == Fast {
					want = 120
				}
				if img.Width != want || img.Height != want*4/3 {
					t.Errorf("%dx%d", img.Width, img.Height)
				}
				// Turned clockwise, what was left is above.
				if top, bottom := img.Pix[3*img.Width/2], img.Pix[len(img.Pix)-3*img.Width/2]; top < 250 || bottom > 5 {
					t.Errorf("top %d, bottom %d", top, bottom)
				}
				if undated := format == "crw" || format == "x3f"; !undated && info.Metadata.Date.Time.Year() != 2021 {
					t.Errorf("taken at %v", info.Metadata.Date)
				}
			}
			if stored, _, err := Decode(data, Options{IgnoreOrientation: true}); err != nil || stored.Width != 320 {
				t.Errorf("as stored: %v", err)
			}
		})
	}
}

func TestRAWWithTurnedPreview(t *testing.T) {
	// A preview that stands upright although the sensor's picture lies.
	data := rawtest.NEF(rawtest.Picture{Width: 400, Height: 300, Orientation: 8, Preview: leftRight(t, 240, 320)})
	img, info, err := Decode(data, Options{})
	if err != nil || img.Width != 240 || img.Height != 320 || info.Width != 300 || info.Height != 400 {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestRAWWithoutJPEG(t *testing.T) {
	dng := func(photometric, bits uint16, pixels string) []byte {
		return rawtest.TIFF("II*\x00\x00\x00\x00\x00", rawtest.Dir{
			{ID: 256, Value: uint16(2)}, {ID: 257, Value: uint16(1)}, {ID: 258, Value: []uint16{bits, bits, bits}},
			{ID: 259, Value: uint16(1)}, {ID: 262, Value: photometric}, {ID: 273, Value: rawtest.Blob(pixels)},
			{ID: 277, Value: uint16(3)}, {ID: 279, Value: uint32(len(pixels))}, {ID: 50706, Value: []byte{1, 4, 0, 0}},
		})
	}
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"8 bits":            {dng(2, 8, "\x01\x02\x03\x04\x05\x06"), "\x01\x02\x03\x04\x05\x06"},
		"16 bits":           {dng(2, 16, "\xff\x01\xff\x02\xff\x03\x00\x04\x00\x05\x00\x06"), "\x01\x02\x03\x04\x05\x06"},
		"8 bits, linear":    {dng(34892, 8, "\x00\x01\x37\x80\xfe\xff"), "\x00\x0d\x80\xbc\xff\xff"},
		"16 bits, linear":   {dng(34892, 16, "\x00\x00\x00\x01\x00\x37\x00\x80\x00\xfe\xff\xff"), "\x00\x0d\x7f\xbc\xfe\xff"},
		"of another maker":  {rawtest.OldARW(rawtest.Picture{}), ""},
		"without a preview": {rawtest.CR2(rawtest.Picture{}), ""},
	} {
		img, info, err := Decode(tt.data, Options{})
		switch {
		case tt.want == "":
			if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "no JPEG preview") {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		default:
			if info.Format != "dng" {
				t.Errorf("%s: format %q", name, info.Format)
			}
			for i, v := range img.Pix {
				if d := int(v) - int(tt.want[i]); d < -1 || d > 1 {
					t.Errorf("%s: % x, want % x", name, img.Pix, tt.want)
					break
				}
			}
		}
	}
}

func TestRAWCutOff(t *testing.T) {
	p := rawtest.Picture{Width: 400, Height: 300, Preview: leftRight(t, 320, 240), Thumbnail: leftRight(t, 16, 12)}
	data := rawtest.CR3(p)
	img, info, err := Decode(data[:len(data)-100], Options{})
	if err != nil || img.Width != 16 || !strings.Contains(info.Damage, "cut off") {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestRAWLimits(t *testing.T) {
	data := rawtest.NEF(rawtest.Picture{Width: 4000, Height: 3000, Preview: leftRight(t, 320, 240)})
	for _, most := range []int64{4000*3000 - 1, 320*240 - 1} {
		if _, _, err := Decode(data, Options{Limits: Limits{MaxPixels: most}}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("limit %d: %v", most, err)
		}
	}
	if _, _, err := Decode(data, Options{Limits: Limits{MaxPixels: 4000 * 3000}}); err != nil {
		t.Error(err)
	}
}
