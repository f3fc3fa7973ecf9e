package imaging

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// golden is a small file and what Pillow makes of it.
type oldGolden struct {
	File          []byte `json:"file"`
	Width, Height int
	Pixels        []byte `json:"pixels"`
}

func oldGoldens(t testing.TB) map[string]oldGolden {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "simple", "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var goldens map[string]oldGolden
	if err := json.Unmarshal(data, &goldens); err != nil {
		t.Fatal(err)
	}
	return goldens
}

// TestOldFormats holds PNM, TGA, PCX, QOI and icons to Pillow's pixels, and cuts them.
func TestOldFormats(t *testing.T) {
	for name, g := range oldGoldens(t) {
		t.Run(name, func(t *testing.T) {
			img, info, err := Decode(g.File, Options{})
			if err != nil || info.Damage != "" {
				t.Fatalf("%q, %v", info.Damage, err)
			}
			if img.Width != g.Width || img.Height != g.Height || !bytes.Equal(img.Pix, g.Pixels) {
				t.Errorf("%dx%d, want %dx%d:\n%v\n%v", img.Width, img.Height, g.Width, g.Height, img.Pix, g.Pixels)
			}
			want := map[string]Format{".tga": FormatTGA, ".pcx": FormatPCX, ".qoi": FormatQOI, ".ico": FormatICO}[filepath.Ext(name)]
			if want == "" {
				want = FormatPNM
			}
			if info.Format != want {
				t.Errorf("format %s", info.Format)
			}
			if strings.HasPrefix(string(g.File), "P1") || strings.HasPrefix(string(g.File), "P2") || strings.HasPrefix(string(g.File), "P3") {
				return // a number that is cut is a number
			}
			for n := range g.File { // every prefix has an end, and none is whole by mistake
				if filepath.Ext(name) == ".pcx" && (len(g.File)-n == 769 || n > 768 && g.File[n-769] == 12) {
					continue // without a palette it is grey, and any 12 may begin one
				}
				img, info, err := Decode(g.File[:n], Options{})
				if err == nil && info.Damage == "" && !bytes.Equal(img.Pix, g.Pixels) {
					t.Errorf("%d of %d bytes give other pixels without a word", n, len(g.File))
				}
			}
		})
	}
}

func TestOldFormatsByHand(t *testing.T) {
	tga := func(head string, rest ...byte) []byte { return append([]byte(head), rest...) }
	for name, c := range map[string]struct {
		data   []byte
		want   []byte
		damage string
	}{
		"PAM":              {data: []byte("P7\nWIDTH 2\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n\x01\x02\x03\xff\x00\x00\x00\x00"), want: []byte{1, 2, 3, 255, 255, 255}},
		"PAM of two":       {data: []byte("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 2\nMAXVAL 255\nENDHDR\n\x07\xff"), want: []byte{7, 7, 7}},
		"a row is missing": {data: []byte("P5 1 6 255\n\x01\x02\x03\x04\x05"), want: []byte{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 0, 0, 0}, damage: "1 of 6 rows are missing"},
		"TGA, from the right": {data: tga("\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01\x00\x18\x30",
			3, 2, 1, 6, 5, 4), want: []byte{4, 5, 6, 1, 2, 3}},
		"TGA without any alpha": {data: tga("\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x20\x08",
			3, 2, 1, 0), want: []byte{1, 2, 3}},
		"TGA of 15 bits": {data: tga("\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x10\x00",
			0x00, 0x7c), want: []byte{255, 0, 0}},
	} {
		img, info, err := Decode(c.data, Options{})
		if err != nil || info.Damage != c.damage || !bytes.Equal(img.Pix, c.want) {
			t.Errorf("%s: %v, damage %q, %v", name, img, info.Damage, err)
		}
	}
}

// TestOldFormatsClaim: sizes are held against the data before there is memory for them.
func TestOldFormatsClaim(t *testing.T) {
	for name, data := range map[string]string{
		"ppm":  "P6 20000 20000 255\n\x00",
		"pbm":  "P1 20000 20000\n0 1",
		"text": "P3 1 1 255\n1 2 many\n",
		"tga":  "\x00\x00\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x40\x00\x40\x18\x00\xff",
		"pcx":  "\x0a\x05\x01\x08\x00\x00\x00\x00\xff\x3f\xff\x3f" + strings.Repeat("\x00", 53) + "\x03\x00\x40" + strings.Repeat("\x00", 60),
		"qoi":  "qoif\x00\x00\x40\x00\x00\x00\x40\x00\x03\x00\xfd",
		"huge": "qoif\xff\xff\xff\xff\xff\xff\xff\xff\x03\x00\xfd",
		"pam":  "P7\nWIDTH 2\nHEIGHT 1\nDEPTH 9\nMAXVAL 255\nENDHDR\n",
	} {
		_, _, err := Decode([]byte(data), Options{})
		if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOldFormats(f *testing.F) {
	for _, g := range oldGoldens(f) {
		f.Add(g.File)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		img, info, err := Decode(data, Options{Limits: fuzzLimits})
		checkOutcome(t, info, err)
		if err == nil && len(img.Pix) != 3*img.Width*img.Height {
			t.Error("pixels that are no picture")
		}
	})
}
