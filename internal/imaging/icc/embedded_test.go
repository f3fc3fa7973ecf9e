package icc

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"strings"
	"testing"
)

func segment(code byte, payload string) []byte {
	out := []byte{0xff, code}
	out = binary.BigEndian.AppendUint16(out, uint16(len(payload)+2))
	return append(out, payload...)
}

func chunk(name string, payload []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))
	return append(append(append(out, name...), payload...), 0, 0, 0, 0)
}

func isobox(name string, payload ...[]byte) []byte {
	b := bytes.Join(payload, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(b)+8)), name...), b...)
}

func TestEmbedded(t *testing.T) {
	jpeg := func(parts ...string) []byte {
		out := []byte("\xff\xd8")
		for _, p := range parts {
			out = append(out, segment(0xe2, p)...)
		}
		return append(out, "\xff\xda\x00\x02"...)
	}
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write([]byte("profile"))
	_ = w.Close()
	png := func(chunks ...[]byte) []byte {
		return append([]byte("\x89PNG\r\n\x1a\n"), bytes.Join(append(chunks, chunk("IDAT", nil), chunk("cICP", []byte{9, 16, 0, 1})), nil)...)
	}
	iccp := chunk("iCCP", append([]byte("name\x00\x00"), z.Bytes()...))
	chrm := []byte{}
	for _, v := range []uint32{31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000} {
		chrm = binary.BigEndian.AppendUint32(chrm, v)
	}
	gama := chunk("gAMA", binary.BigEndian.AppendUint32(nil, 45455))
	heif := func(boxes ...[]byte) []byte {
		return append(isobox("ftyp", []byte("heic")), isobox("meta", []byte{0, 0, 0, 0}, isobox("iprp", isobox("ipco", boxes...)))...)
	}
	colr := func(s string) []byte { return isobox("colr", []byte(s)) }
	tiff := "II*\x00\x08\x00\x00\x00\x01\x00\x73\x87\x07\x00\x07\x00\x00\x00\x1a\x00\x00\x00\x00\x00\x00\x00profile"
	adobe := Primaries{{0.64, 0.33}, {0.21, 0.71}, {0.15, 0.06}, {0.3127, 0.329}}
	for name, tt := range map[string]struct{ got, want Space }{
		"jpeg":                 {OfJPEG(jpeg("ICC_PROFILE\x00\x01\x01profile")), Space{Profile: []byte("profile")}},
		"jpeg, two parts":      {OfJPEG(jpeg("ICC_PROFILE\x00\x02\x02file", "MPF\x00", "ICC_PROFILE\x00\x01\x02pro")), Space{Profile: []byte("profile")}},
		"jpeg, a part missing": {OfJPEG(jpeg("ICC_PROFILE\x00\x02\x02file")), Space{}},
		"jpeg, a part twice":   {OfJPEG(jpeg("ICC_PROFILE\x00\x01\x02pro", "ICC_PROFILE\x00\x01\x02pro")), Space{}},
		"jpeg, none":           {OfJPEG(jpeg("MPF\x00")), Space{}},
		"png iCCP":             {OfPNG(png(gama, chunk("cHRM", chrm), iccp)), Space{Profile: []byte("profile")}},
		"png cICP":             {OfPNG(png(iccp, chunk("cICP", []byte{12, 13, 0, 1}))), Space{Codes: [2]int{12, 13}}},
		"png sRGB":             {OfPNG(png(gama, chunk("cHRM", chrm), chunk("sRGB", []byte{0}))), Space{}},
		"png cHRM":             {OfPNG(png(chunk("cHRM", chrm))), Space{Primaries: adobe, Gamma: 2.2}},
		"png gAMA":             {OfPNG(png(gama)), Space{}},
		"png, damaged iCCP":    {OfPNG(png(chunk("iCCP", []byte("name\x00\x00rubbish")))), Space{}},
		"webp":                 {OfWebP([]byte("RIFF....WEBPVP8X\x03\x00\x00\x00abc\x00ICCP\x07\x00\x00\x00profile\x00")), Space{Profile: []byte("profile")}},
		"webp, cut":            {OfWebP([]byte("RIFF....WEBPICCP\x08\x00\x00\x00profile")), Space{}},
		"tiff":                 {OfTIFF([]byte(tiff)), Space{Profile: []byte("profile")}},
		"tiff, cut":            {OfTIFF([]byte(tiff[:30])), Space{}},
		"heif prof":            {OfHEIF(heif(colr("nclx\x00\x09\x00\x10\x00\x09\x80"), colr("profprofile"))), Space{Profile: []byte("profile")}},
		"heif nclx":            {OfHEIF(heif(colr("nclx\x00\x0c\x00\x0d\x00\x06\x80"))), Space{Codes: [2]int{12, 13}}},
		"heif, none":           {OfHEIF(heif()), Space{}},
	} {
		if string(tt.got.Profile) != string(tt.want.Profile) || tt.got.Codes != tt.want.Codes || tt.got.Primaries != tt.want.Primaries || tt.got.Gamma != tt.want.Gamma {
			t.Errorf("%s: %+v, want %+v", name, tt.got, tt.want)
		}
	}
	// A bomb.
	z.Reset()
	w = zlib.NewWriter(&z)
	_, _ = w.Write(make([]byte, MaxProfile+1))
	_ = w.Close()
	if s := OfPNG(png(chunk("iCCP", append([]byte("name\x00\x00"), z.Bytes()...)))); !s.IsZero() {
		t.Errorf("a profile of %d bytes", len(s.Profile))
	}
}

// TestCodes: the numbers of Display P3 make what its profile makes, and those of sRGB
// nothing.
func TestCodes(t *testing.T) {
	p3, err := Parse(load(t, "DisplayP3-v4.icc"))
	if err != nil {
		t.Fatal(err)
	}
	codes := FromCodes(12, 13)
	for _, c := range [][3]byte{{202, 59, 51}, {88, 177, 77}, {44, 59, 202}, {227, 211, 84}, {9, 200, 250}} {
		a, b := c, c
		p3.RGB(a[:])
		codes.RGB(b[:])
		for i := range 3 {
			if d := int(a[i]) - int(b[i]); d > 2 || d < -2 {
				t.Errorf("%v: profile %v, codes %v", c, a, b)
				break
			}
		}
	}
	srgb, _ := Space{Primaries: BT709, Gamma: 2.2}.Transform()
	for _, none := range []*Transform{srgb, FromCodes(1, 13), FromCodes(1, 1), FromCodes(2, 2), FromCodes(9, 16), FromPrimaries(Primaries{}, 2.2)} {
		if none != nil {
			t.Error("a transform where there is nothing to do")
		}
	}
	white := []byte{255, 255, 255, 0, 0, 0}
	FromPrimaries(Primaries{{0.64, 0.33}, {0.29, 0.6}, {0.15, 0.06}, {0.3457, 0.3585}}, 1.8).RGB(white)
	if string(white) != "\xff\xff\xff\x00\x00\x00" {
		t.Errorf("white and black are % x", white)
	}
}

func FuzzEmbedded(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xe2\x00\x13ICC_PROFILE\x00\x01\x01abc"))
	f.Add([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x04cICP\x0c\x0d\x00\x01...."))
	f.Add([]byte("RIFF....WEBPICCP\x03\x00\x00\x00abc\x00"))
	f.Add([]byte("II*\x00\x08\x00\x00\x00\x01\x00\x73\x87\x07\x00\x07\x00\x00\x00\x1a\x00\x00\x00" + strings.Repeat("\x00", 20)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, of := range []func([]byte) Space{OfJPEG, OfPNG, OfWebP, OfTIFF, OfHEIF} {
			if s := of(data); len(s.Profile) > MaxProfile && len(s.Profile) > len(data) {
				t.Errorf("a profile of %d bytes", len(s.Profile))
			}
		}
	})
}
