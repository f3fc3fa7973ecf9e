package imaging

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// readZip gives the files of an archive in testdata.
func readZip(t testing.TB, name string) map[string][]byte {
	t.Helper()
	z, err := zip.OpenReader(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := make(map[string][]byte, len(z.File))
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	return files
}

// rasterCase is an entry of the index that scripts/reference/raster.py writes.
type rasterCase struct {
	File      string  `json:"file"`
	Width     int     `json:"width"`
	Height    int     `json:"height"`
	Want      string  `json:"want"` // a file of three bytes a pixel
	Tolerance float64 `json:"tolerance"`
	Damage    bool    `json:"damage"` // shown, with damage told
	Fails     string  `json:"fails"`  // "unsupported" or "damaged"
}

// TestRaster reads TIFFs of every kind, made by scripts/reference/raster.py.
func TestRaster(t *testing.T) {
	files := readZip(t, "raster.zip")
	var cases []rasterCase
	if err := json.Unmarshal(files["index.json"], &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 300 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(strings.TrimSuffix(c.File, ".tif"), func(t *testing.T) { checkRaster(t, c, files) })
	}
}

func checkRaster(t *testing.T, c rasterCase, files map[string][]byte) {
	data := files[c.File]
	// Claims of a size are the reader's to judge here, not the limit's.
	img, info, err := Decode(data, Options{Limits: Limits{MaxMemory: math.MaxInt64}})
	if c.Fails != "" {
		if img != nil || errors.Is(err, ErrUnsupported) != (c.Fails == "unsupported") || errors.Is(err, ErrCorrupt) != (c.Fails == "damaged") {
			t.Errorf("got %v, want it %s", err, c.Fails)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if (info.Damage != "") != c.Damage {
		t.Errorf("damage %q, want %t", info.Damage, c.Damage)
	}
	if img.Width != c.Width || img.Height != c.Height {
		t.Fatalf("%dx%d, want %dx%d", img.Width, img.Height, c.Width, c.Height)
	}
	if again, err := ReadInfo(data, Limits{}); err != nil || again.Width != info.Width || again.Height != info.Height {
		t.Errorf("ReadInfo: %dx%d, %v", again.Width, again.Height, err)
	}
	want := &RGB{Pix: files[c.Want], Width: c.Width, Height: c.Height}
	tolerance := c.Tolerance
	if JPEGDecoder != turbo && strings.Contains(c.File, "jpeg") {
		tolerance += 8 // chroma that is not interpolated
	}
	if d := meanDifference(img, want); d > tolerance {
		t.Errorf("mean difference %.3f levels, allowed %.1f", d, tolerance)
	}
}

// quadrants are the colours of the four quarters, from top left, in reading order.
type quadrants [4][3]byte

var fourColours = quadrants{{0xdc, 0x28, 0x28}, {0x28, 0xb4, 0x3c}, {0x28, 0x3c, 0xd2}, {0xe6, 0xd2, 0x32}}

// TestFoundCases has the inputs that once failed, with the right values that were
// reported with them.
func TestFoundCases(t *testing.T) {
	const grey, bilevel = "grey", "bilevel"
	lossy := 6
	tests := []struct {
		file          string
		width, height int
		kind          string // other than the four colours
		off           int
		damage        string
	}{
		{"bmp_rgb565.bmp", 160, 120, "", 8, ""}, // five bits
		{"bmp_rle8.bmp", 160, 120, "", 0, ""},
		{"bmp_v5_xrgb_alpha0.bmp", 160, 120, "", 0, ""},
		{"gif_screen_0x0.gif", 160, 120, "", 0, ""},
		{"jpeg_no_eoi.jpg", 160, 120, "", lossy, "no end marker"},
		{"jpeg_prog_no_eoi.jpg", 2400, 600, "", lossy, "no end marker"},
		{"png_bad_crc_text.png", 160, 120, "", 0, "tEXt"},
		{"png_cut4.png", 160, 120, "", 0, "IEND"},
		{"png_no_iend.png", 160, 120, "", 0, "no end"},
		{"tiff_bigtiff.tif", 160, 120, "", 0, ""},
		{"tiff_bilevel_ccitt2.tif", 160, 120, bilevel, 0, ""},
		{"tiff_cmyk.tif", 160, 120, "", 0, ""},
		{"tiff_gray32f.tif", 160, 120, grey, 0, ""},
		{"tiff_gray4.tif", 160, 120, grey, 0, ""},
		{"tiff_jpeg7_gray.tif", 160, 120, grey, 0, ""},
		{"tiff_jpeg_pil.tif", 160, 120, "", lossy, ""},
		{"tiff_no_bytecounts.tif", 160, 120, "", 0, ""},
		{"tiff_pal4.tif", 160, 120, "", 0, ""},
		{"tiff_planar.tif", 160, 120, "", 0, ""},
		{"tiff_rgb_unspec_extra.tif", 160, 120, "", 0, ""},
		{"tiff_ycbcr_raw.tif", 160, 120, "", 2, ""},
		{"tiff_zstd.tif", 160, 120, "", 0, ""},
	}
	files := readZip(t, "cases.zip")
	if len(files) != len(tests)+1 { // one has a test of its own
		t.Errorf("%d files, %d tests", len(files), len(tests))
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			img, info, err := Decode(files[tt.file], Options{})
			if err != nil {
				t.Fatal(err)
			}
			if img.Width != tt.width || img.Height != tt.height {
				t.Fatalf("%dx%d", img.Width, img.Height)
			}
			if (info.Damage != "") != (tt.damage != "") || !strings.Contains(info.Damage, tt.damage) {
				t.Errorf("damage %q, want %q", info.Damage, tt.damage)
			}
			switch tt.kind {
			case grey:
				checkGrey(t, img)
			case bilevel:
				for i, v := range img.Pix {
					if v != 0 && v != 255 {
						t.Fatalf("byte %d is %d", i, v)
					}
				}
				checkGrey(t, img)
			default:
				checkQuadrants(t, img, fourColours, tt.off)
			}
		})
	}
}

// checkGrey asks for grey of more than one level.
func checkGrey(t *testing.T, img *RGB) {
	t.Helper()
	low, high := img.Pix[0], img.Pix[0]
	for i := 0; i < len(img.Pix); i += 3 {
		p := img.Pix[i : i+3]
		if p[0] != p[1] || p[1] != p[2] {
			t.Fatalf("pixel %d is %v", i/3, p)
		}
		low, high = min(low, p[0]), max(high, p[0])
	}
	if high-low < 100 {
		t.Errorf("levels from %d to %d", low, high)
	}
}

func checkQuadrants(t *testing.T, img *RGB, want quadrants, off int) {
	t.Helper()
	for q, colour := range want {
		x, y := img.Width/4+q%2*img.Width/2, img.Height/4+q/2*img.Height/2
		p := img.Pix[3*(y*img.Width+x):][:3]
		for s, v := range colour {
			if d := int(p[s]) - int(v); max(d, -d) > off {
				t.Errorf("quarter %d is %s, want %s", q, fmt.Sprintf("%x", p), fmt.Sprintf("%x", colour))
				break
			}
		}
	}
}

// TestIndicesBeyondPalette has a palette of four colours and other indices, which are black.
func TestIndicesBeyondPalette(t *testing.T) {
	img, info, err := Decode(readZip(t, "cases.zip")["gif_index_beyond_palette.gif"], Options{})
	if err != nil || info.Damage != "" {
		t.Fatal(err, info.Damage)
	}
	black := 0
	for i := 0; i < len(img.Pix); i += 3 {
		if [3]byte(img.Pix[i:]) == [3]byte{} {
			black++
		}
	}
	if black == 0 || black == img.Width*img.Height {
		t.Errorf("%d of %d pixels are black", black, img.Width*img.Height)
	}
}
