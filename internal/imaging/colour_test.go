package imaging

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/sightline/sightline/internal/imaging/icc"
	"github.com/sightline/sightline/internal/imaging/raw/rawtest"
)

func profileFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("icc", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func oneColour(c color.RGBA) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 16, 16))
	for i := 0; i < len(img.Pix); i += 4 {
		copy(img.Pix[i:], []byte{c.R, c.G, c.B, 255})
	}
	return img
}

// withProfile puts a profile into a JPEG, in parts of 200 bytes.
func withProfile(jpeg, profile []byte) []byte {
	const size = 200
	out := bytes.Clone(jpeg[:2])
	n := (len(profile) + size - 1) / size
	for i := range n {
		part := append([]byte("ICC_PROFILE\x00"), byte(i+1), byte(n))
		part = append(part, profile[i*size:min((i+1)*size, len(profile))]...)
		out = append(out, 0xff, 0xe2)
		out = binary.BigEndian.AppendUint16(out, uint16(len(part)+2))
		out = append(out, part...)
	}
	return append(out, jpeg[2:]...)
}

func encode(t *testing.T, img image.Image, as Format) []byte {
	t.Helper()
	var b bytes.Buffer
	err := png.Encode(&b, img)
	if as == FormatJPEG {
		b.Reset()
		err = jpeg.Encode(&b, img, &jpeg.Options{Quality: 100})
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withChunk puts a chunk behind a PNG's header.
func withChunk(data []byte, name string, payload []byte) []byte {
	const header = 33
	body := append([]byte(name), payload...)
	out := binary.BigEndian.AppendUint32(bytes.Clone(data[:header]), uint32(len(payload)))
	out = binary.BigEndian.AppendUint32(append(out, body...), crc32.ChecksumIEEE(body))
	return append(out, data[header:]...)
}

// TestColour: what looks like a red of sRGB in Display P3 becomes that red, and stays
// as it is where colour spaces are ignored.
func TestColour(t *testing.T) {
	stored := color.RGBA{R: 202, G: 59, B: 51, A: 255} // of Display P3
	p3 := withProfile(encode(t, oneColour(stored), FormatJPEG), profileFile(t, "DisplayP3-v4.icc"))
	for name, data := range map[string][]byte{
		"jpeg": p3,
		"png":  withChunk(encode(t, oneColour(stored), FormatPNG), "cICP", []byte{12, 13, 0, 1}),
		"nef":  rawtest.NEF(rawtest.Picture{Width: 16, Height: 16, Preview: p3}),
		"jxl":  readJXL(t, "p3.jxl"),
	} {
		for colour, want := range map[Colour][3]byte{ColourSRGB: {220, 40, 40}, ColourIgnore: {202, 59, 51}, "": {202, 59, 51}} {
			img, _, err := Decode(data, Options{Colour: colour})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			for i, v := range want {
				if d := int(img.Pix[i]) - int(v); d > 3 || d < -3 {
					t.Errorf("%s, %q: %v, want %v", name, colour, img.Pix[:3], want)
					break
				}
			}
		}
	}
}

// TestColourKeepsSRGB: a picture that is sRGB, or has a profile that is damaged or of
// another kind of picture, keeps every bit.
func TestColourKeepsSRGB(t *testing.T) {
	plain := readSource(t, "420.jpg")
	want, _, err := Decode(plain, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p3 := profileFile(t, "DisplayP3-v4.icc")
	for name, data := range map[string][]byte{
		"no profile":     plain,
		"sRGB":           withProfile(plain, profileFile(t, "sRGB-v2-nano.icc")),
		"sRGB, v4":       withProfile(plain, profileFile(t, "sRGB-v4.icc")),
		"of inks":        withProfile(plain, profileFile(t, "CGATS001Compat-v2-micro.icc")),
		"a part of one":  withProfile(plain, p3[:200]),
		"no profile one": withProfile(plain, make([]byte, 500)),
	} {
		got, _, err := Decode(data, Options{Colour: ColourSRGB})
		if err != nil || !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("%s: other pixels, %v", name, err)
		}
	}
}

// TestInks: a CMYK JPEG is converted by its profile.
func TestInks(t *testing.T) {
	plain := readSource(t, "cmyk.jpg")
	data := withProfile(plain, profileFile(t, "CGATS001Compat-v2-micro.icc"))
	before, _, err := Decode(data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	after, info, err := Decode(data, Options{Colour: ColourSRGB})
	if err != nil || after.Width != info.Width || after.Height != info.Height {
		t.Fatalf("%+v, %v", info, err)
	}
	if bytes.Equal(before.Pix, after.Pix) {
		t.Error("the profile changed nothing")
	}
	// Printing inks are duller than light: nothing gets more colourful.
	saturation := func(pix []byte) (sum int) {
		for i := 0; i < len(pix); i += 3 {
			sum += int(max(pix[i], pix[i+1], pix[i+2])) - int(min(pix[i], pix[i+1], pix[i+2]))
		}
		return sum
	}
	if saturation(after.Pix) >= saturation(before.Pix) {
		t.Errorf("saturation %d before, %d after", saturation(before.Pix), saturation(after.Pix))
	}
}

// TestInksOfTIFF: a CMYK TIFF is converted by its profile as a JPEG is, also one pixel at
// a time where alpha lies between.
func TestInksOfTIFF(t *testing.T) {
	profile := profileFile(t, "CGATS001Compat-v2-micro.icc")
	inks := []byte{0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 40, 90, 10, 30}
	transform, err := icc.Parse(profile)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]byte, 18)
	transform.CMYK(want, inks)
	for _, samples := range []int{4, 5} {
		var strip []byte
		for i := 0; i < len(inks); i += 4 {
			strip = append(strip, inks[i:i+4]...)
			if samples == 5 {
				strip = append(strip, 255)
			}
		}
		data := inkTIFF(6, samples, strip, profile)
		naive, _, err := Decode(data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := Decode(data, Options{Colour: ColourSRGB})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Pix, want) {
			t.Errorf("%d samples: %v, want %v", samples, got.Pix, want)
		}
		if bytes.Equal(naive.Pix, want) {
			t.Error("the profile changed nothing")
		}
	}
}

// inkTIFF is a TIFF of CMYK in one row of so many pixels, with alpha where there are
// five samples.
func inkTIFF(width, samples int, strip, profile []byte) []byte {
	le := binary.LittleEndian
	entry := func(b []byte, tag, kind, count, value int) []byte {
		b = le.AppendUint16(le.AppendUint16(b, uint16(tag)), uint16(kind))
		return le.AppendUint32(le.AppendUint32(b, uint32(count)), uint32(value))
	}
	bits := 8 // where the bits of the samples lie
	at := bits + 2*samples
	profileAt := at + len(strip)
	directory := profileAt + len(profile) + (profileAt+len(profile))%2
	b := append([]byte("II*\x00"), le.AppendUint32(nil, uint32(directory))...)
	for range samples {
		b = le.AppendUint16(b, 8)
	}
	b = append(append(b, strip...), profile...)
	b = append(b, make([]byte, directory-len(b))...)
	n := 9
	if samples == 5 {
		n++
	}
	b = le.AppendUint16(b, uint16(n))
	b = entry(b, 256, 3, 1, width)
	b = entry(b, 257, 3, 1, 1)
	b = entry(b, 258, 3, samples, bits)
	b = entry(b, 259, 3, 1, 1)
	b = entry(b, 262, 3, 1, 5)
	b = entry(b, 273, 4, 1, at)
	b = entry(b, 277, 3, 1, samples)
	b = entry(b, 279, 4, 1, len(strip))
	if samples == 5 {
		b = entry(b, 338, 3, 1, 2)
	}
	b = entry(b, 34675, 7, len(profile), profileAt)
	return le.AppendUint32(b, 0)
}

func BenchmarkColour(b *testing.B) {
	plain, err := os.ReadFile(filepath.Join("testdata", "src", "420.jpg"))
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"sRGB-v4.icc", "DisplayP3-v4.icc"} {
		profile, err := os.ReadFile(filepath.Join("icc", "testdata", name))
		if err != nil {
			b.Fatal(err)
		}
		data := withProfile(plain, profile)
		img := NewRGB(600, 450)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				convertColours(img, data, FormatJPEG, Options{Colour: ColourSRGB})
			}
		})
	}
}
