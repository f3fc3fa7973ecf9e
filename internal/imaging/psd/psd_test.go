package psd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"
)

// document is a PSD to be written: planes are the channels' rows, uncompressed.
type document struct {
	width, height, channels, depth int
	mode                           Mode
	large, packed, transparent     bool
	palette, resources             []byte
	planes                         []byte
}

func (d document) bytes() []byte {
	be := binary.BigEndian
	version := byte(1)
	if d.large {
		version = 2
	}
	out := append([]byte("8BPS\x00"), version, 0, 0, 0, 0, 0, 0)
	out = be.AppendUint16(out, uint16(d.channels))
	out = be.AppendUint32(out, uint32(d.height))
	out = be.AppendUint32(out, uint32(d.width))
	out = be.AppendUint16(out, uint16(d.depth))
	out = be.AppendUint16(out, uint16(d.mode))
	for _, b := range [][]byte{d.palette, d.resources} {
		out = append(be.AppendUint32(out, uint32(len(b))), b...)
	}
	length := func(b []byte) []byte {
		if d.large {
			return append(be.AppendUint64(nil, uint64(len(b))), b...)
		}
		return append(be.AppendUint32(nil, uint32(len(b))), b...)
	}
	var layers []byte
	if d.transparent {
		layers = length([]byte{0xff, 0xff})
	}
	out = append(out, length(layers)...)
	if !d.packed {
		return append(append(out, 0, 0), d.planes...)
	}
	out = append(out, 0, 1)
	row := (d.width*d.depth + 7) / 8
	var body []byte
	for at := 0; at < len(d.planes); at += row {
		n := len(body)
		body = append(body, packRow(d.planes[at:at+row])...)
		if d.large {
			out = be.AppendUint32(out, uint32(len(body)-n))
		} else {
			out = be.AppendUint16(out, uint16(len(body)-n))
		}
	}
	return append(out, body...)
}

// packRow codes a row: a run, then the rest as it is, with a byte of no meaning
// between them.
func packRow(row []byte) []byte {
	n := 1
	for n < len(row) && n < 128 && row[n] == row[0] {
		n++
	}
	out := []byte{byte(1 - n), row[0], 0x80}
	if rest := row[n:]; len(rest) > 0 {
		out = append(append(out, byte(len(rest)-1)), rest...)
	}
	return out
}

func resource(id uint16, v []byte) []byte {
	out := binary.BigEndian.AppendUint16([]byte("8BIM"), id)
	out = binary.BigEndian.AppendUint32(append(out, 0, 0), uint32(len(v)))
	out = append(out, v...)
	if len(v)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

func floats(v ...float32) []byte {
	var out []byte
	for _, f := range v {
		out = binary.BigEndian.AppendUint32(out, math.Float32bits(f))
	}
	return out
}

func TestModes(t *testing.T) {
	palette := make([]byte, 768)
	for i, c := range [][3]byte{{1, 2, 3}, {250, 128, 7}} {
		palette[i], palette[256+i], palette[512+i] = c[0], c[1], c[2]
	}
	nan := float32(math.NaN())
	for name, tt := range map[string]struct {
		d    document
		want string
	}{
		"bitmap":             {document{width: 3, height: 1, channels: 1, depth: 1, mode: Bitmap, planes: []byte{0x40}}, "\xff\xff\xff\x00\x00\x00\xff\xff\xff"},
		"grey":               {document{width: 2, height: 1, channels: 1, depth: 8, mode: Grey, planes: []byte{0, 200}}, "\x00\x00\x00\xc8\xc8\xc8"},
		"grey, 16 bits":      {document{width: 2, height: 1, channels: 1, depth: 16, mode: Grey, planes: []byte{0x80, 0x80, 0xfe, 0xff}}, "\x80\x80\x80\xfe\xfe\xfe"},
		"grey, 32 bits":      {document{width: 4, height: 1, channels: 1, depth: 32, mode: Grey, planes: floats(-1, 0.5, 2, nan)}, "\x00\x00\x00\xbc\xbc\xbc\xff\xff\xff\x00\x00\x00"},
		"duotone":            {document{width: 1, height: 1, channels: 1, depth: 8, mode: Duotone, planes: []byte{9}}, "\x09\x09\x09"},
		"multichannel":       {document{width: 1, height: 1, channels: 2, depth: 8, mode: Multichannel, planes: []byte{9, 1}}, "\x09\x09\x09"},
		"indexed":            {document{width: 2, height: 1, channels: 1, depth: 8, mode: Indexed, palette: palette, planes: []byte{1, 0}}, "\xfa\x80\x07\x01\x02\x03"},
		"rgb":                {document{width: 1, height: 2, channels: 3, depth: 8, mode: RGB, planes: []byte("adbecf")}, "abcdef"},
		"rgb, 16 bits":       {document{width: 1, height: 1, channels: 3, depth: 16, mode: RGB, planes: []byte("aabbcc")}, "abc"},
		"rgb, 32 bits":       {document{width: 1, height: 1, channels: 3, depth: 32, mode: RGB, planes: floats(1, 0, 0.2140)}, "\xff\x00\x7f"},
		"cmyk":               {document{width: 1, height: 1, channels: 4, depth: 8, mode: CMYK, planes: []byte{255, 128, 0, 128}}, "\x80\x40\x00"},
		"lab white":          {document{width: 1, height: 1, channels: 3, depth: 8, mode: Lab, planes: []byte{255, 128, 128}}, "\xff\xff\xff"},
		"lab red, 16 bits":   {document{width: 1, height: 1, channels: 3, depth: 16, mode: Lab, planes: []byte{0x8a, 0xf6, 0xd0, 0xcf, 0xc5, 0xe5}}, "\xff\x00\x00"},
		"an extra channel":   {document{width: 1, height: 1, channels: 4, depth: 8, mode: RGB, planes: []byte("abc\x00")}, "abc"},
		"transparency":       {document{width: 2, height: 1, channels: 4, depth: 8, mode: RGB, transparent: true, planes: []byte("\x00\xc8\x00\x00\x00\x00\x00\x80")}, "\xff\xff\xff\xe3\x7f\x7f"},
		"mixed with white":   {document{width: 2, height: 1, channels: 4, depth: 8, mode: RGB, transparent: true, planes: []byte("\xff\xe3\xff\x7f\xff\x7f\x00\x80")}, "\xff\xff\xff\xe3\x7f\x7f"},
		"a real composite":   {document{width: 1, height: 1, channels: 3, depth: 8, mode: RGB, resources: resource(1057, []byte{0, 0, 0, 1, 1}), planes: []byte("abc")}, "abc"},
		"nine pixels a byte": {document{width: 9, height: 1, channels: 1, depth: 1, mode: Bitmap, planes: []byte{0, 0x80}}, strings.Repeat("\xff", 24) + "\x00\x00\x00"},
	} {
		for _, large := range []bool{false, true} {
			for _, packed := range []bool{false, true} {
				tt.d.large, tt.d.packed = large, packed
				got, err := Decode(tt.d.bytes(), Options{})
				if err != nil {
					t.Errorf("%s, large %v, packed %v: %v", name, large, packed, err)
					continue
				}
				for i := range tt.want {
					if d := int(got[i]) - int(tt.want[i]); len(got) != len(tt.want) || d < -1 || d > 1 {
						t.Errorf("%s, large %v, packed %v: % x, want % x", name, large, packed, got, tt.want)
						break
					}
				}
			}
		}
	}
}

func TestInks(t *testing.T) {
	d := document{width: 1, height: 1, channels: 4, depth: 8, mode: CMYK, planes: []byte{255, 128, 0, 64}}
	var inks []byte
	out, err := Decode(d.bytes(), Options{CMYK: func(rgb, b []byte) { inks = bytes.Clone(b); copy(rgb, "xyz") }})
	if err != nil || string(out) != "xyz" || !bytes.Equal(inks, []byte{0, 127, 255, 191}) {
		t.Errorf("%v of %v, %v", out, inks, err)
	}
}

func TestResources(t *testing.T) {
	d := document{width: 1, height: 1, channels: 1, depth: 8, mode: Grey, planes: []byte{1}}
	for id, v := range map[uint16]string{1028: "iptc", 1039: "icc", 1058: "exif.", 1060: "xmp"} {
		d.resources = append(d.resources, resource(id, []byte(v))...)
	}
	h, err := ReadHeader(d.bytes())
	if err != nil || string(h.IPTC) != "iptc" || string(h.ICC) != "icc" || string(h.EXIF) != "exif." || string(h.XMP) != "xmp" {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestRefusals(t *testing.T) {
	plain := document{width: 2, height: 8, channels: 3, depth: 8, mode: RGB, planes: make([]byte, 48)}
	with := func(change func(*document)) []byte {
		d := plain
		change(&d)
		return d.bytes()
	}
	for name, tt := range map[string]struct {
		data        []byte
		unsupported bool
	}{
		"no composite":      {with(func(d *document) { d.resources = resource(1057, []byte{0, 0, 0, 1, 0}) }), true},
		"an unknown mode":   {with(func(d *document) { d.mode = 5 }), true},
		"64 bits":           {with(func(d *document) { d.depth = 64 }), true},
		"too few channels":  {with(func(d *document) { d.channels = 2 }), false},
		"no size":           {with(func(d *document) { d.width = 0 }), false},
		"no palette":        {with(func(d *document) { d.mode, d.channels = Indexed, 1 }), false},
		"half of it":        {plain.bytes()[:38+24], false},
		"a huge claim":      {with(func(d *document) { d.width, d.height, d.packed, d.planes = 300000, 300000, true, nil }), false},
		"only a header":     {plain.bytes()[:26], false},
		"another signature": {[]byte("8BPS\x00\x03"), false},
	} {
		got, err := Decode(tt.data, Options{})
		if got != nil && name != "a huge claim" || err == nil || errors.Is(err, ErrUnsupported) != tt.unsupported {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	// The last row of the last channel missing is damage that can be shown.
	tall := document{width: 1, height: 8, channels: 1, depth: 8, mode: Grey, planes: make([]byte, 8)}
	data := tall.bytes()
	got, err := Decode(data[:len(data)-1], Options{})
	if err == nil || len(got) != 24 || got[20] != 0 || got[21] != 255 {
		t.Errorf("%v, %v", got, err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, mode := range []Mode{Grey, RGB, CMYK, Lab, Indexed} {
		for _, depth := range []int{8, 16} {
			d := document{width: 3, height: 2, channels: 5, depth: depth, mode: mode, transparent: true, palette: make([]byte, 768), planes: make([]byte, 60)}
			f.Add(d.bytes())
			d.packed, d.large = true, true
			f.Add(d.bytes())
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := ReadHeader(data)
		if err != nil || h.Width*h.Height > 1<<16 {
			return
		}
		if pix, err := Decode(data, Options{}); err == nil && len(pix) != 3*h.Width*h.Height {
			t.Errorf("%d bytes of %dx%d", len(pix), h.Width, h.Height)
		}
	})
}
