package jxl

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
)

func load(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestDecode compares the corners of pictures of four colours.
func TestDecode(t *testing.T) {
	four := [4][3]byte{{0xdc, 0x28, 0x28}, {0x28, 0xb4, 0x3c}, {0x28, 0x3c, 0xd2}, {0xe6, 0xd2, 0x32}}
	turned := [4][3]byte{four[2], four[0], four[3], four[1]}
	p3 := [4][3]byte{{202, 59, 51}, {88, 177, 77}, {44, 59, 202}, {227, 211, 84}}
	grey := [4][3]byte{{93, 93, 93}, {124, 124, 124}, {71, 71, 71}, {198, 198, 198}}
	for name, tt := range map[string]struct {
		width, height int
		corners       [4][3]byte
		within        int
		o             Options
	}{
		"lossless.jxl":     {40, 30, four, 0, Options{}},
		"lossy.jxl":        {40, 30, four, 6, Options{}},
		"grey.jxl":         {40, 30, grey, 1, Options{}},
		"grey16.jxl":       {40, 30, [4][3]byte{{0, 0, 0}, {243, 243, 243}, {0, 0, 0}, {243, 243, 243}}, 1, Options{}}, // 39*1600 of 65535
		"alpha.jxl":        {40, 30, [4][3]byte{{255, 255, 255}, four[1], {255, 255, 255}, four[3]}, 0, Options{}},
		"orientation6.jxl": {48, 64, turned, 6, Options{}},
		"p3.jxl":           {40, 30, p3, 0, Options{}}, // and its profile
		"p3.jxl as stored": {40, 30, p3, 0, Options{AsStored: true}},
	} {
		t.Run(name, func(t *testing.T) {
			file, _, _ := strings.Cut(name, " ")
			data := load(t, file)
			p, err := Decode(context.Background(), data, tt.o)
			pix, w, h := p.Pix, p.Width, p.Height
			if tt.o.AsStored && p.ICC != nil || !tt.o.AsStored && (p.ICC != nil) != (file == "p3.jxl") {
				t.Errorf("a profile of %d bytes", len(p.ICC))
			}
			if err != nil || w != tt.width || h != tt.height || len(pix) != 3*w*h {
				t.Fatalf("%dx%d in %d bytes, %v", w, h, len(pix), err)
			}
			for i, at := range []int{0, w - 1, (h - 1) * w, h*w - 1} {
				for j, want := range tt.corners[i] {
					if d := int(pix[3*at+j]) - int(want); d > tt.within || d < -tt.within {
						t.Errorf("corner %d is %v, want %v", i, pix[3*at:3*at+3], tt.corners[i])
						break
					}
				}
			}
		})
	}
}

func TestHeader(t *testing.T) {
	h, err := ReadHeader(load(t, "orientation6.jxl"))
	if err != nil || h.Width != 64 || h.Height != 48 || h.Orientation != 6 || !bytes.HasPrefix(h.Exif, []byte("MM\x00*")) {
		t.Errorf("%+v, %v", h, err)
	}
	// The sizes that the format has short forms for.
	for name, tt := range map[string]struct {
		bits string // of what follows the signature, first bit first
		w, h int
	}{
		"small, square":    {"1 11000 100 1", 32, 32},
		"small, 3:2":       {"1 11000 001 1", 48, 32},
		"small, two sides": {"1 11000 000 10000 1", 16, 32},
		"9 bits, 16:9":     {"0 00 111111100 101 1", 227, 128},
		"18 bits, 1:1":     {"0 01 " + strings.Repeat("1", 18) + " 100 1", 1 << 18, 1 << 18},
	} {
		data := append(bytes.Clone(codestreamMark), packBits(tt.bits)...)
		if h, err := ReadHeader(data); err != nil || h.Width != tt.w || h.Height != tt.h {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
	}
}

// packBits puts the first bit of the text into the lowest bit of the first byte.
func packBits(s string) []byte {
	s = strings.ReplaceAll(s, " ", "")
	out := make([]byte, 16)
	for i, c := range s {
		if c == '1' {
			out[i/8] |= 1 << (i % 8)
		}
	}
	return out
}

func boxed(name string, payload []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(8+len(payload)))
	return append(append(out, name...), payload...)
}

// TestContainer: parts out of their boxes, compressed metadata, and a bomb.
func TestContainer(t *testing.T) {
	pack := func(b []byte) []byte {
		var out bytes.Buffer
		w := brotli.NewWriter(&out)
		_, _ = w.Write(b)
		_ = w.Close()
		return out.Bytes()
	}
	stream := load(t, "lossless.jxl")
	data := bytes.Clone(containerMark)
	data = append(data, boxed("ftyp", []byte("jxl \x00\x00\x00\x00jxl "))...)
	data = append(data, boxed("brob", append([]byte("xml "), pack(make([]byte, mostMetadata+1))...))...)
	data = append(data, boxed("brob", append([]byte("Exif"), pack([]byte("\x00\x00\x00\x02..II*\x00"))...))...)
	data = append(data, boxed("jxlp", append([]byte{0, 0, 0, 0}, stream[:20]...))...)
	data = append(data, boxed("jxlp", append([]byte{0x80, 0, 0, 1}, stream[20:]...))...)
	h, err := ReadHeader(data)
	if err != nil || h.Width != 40 || string(h.Exif) != "II*\x00" || len(h.XMP) != 0 {
		t.Errorf("%+v, %v", h, err)
	}
	if p, err := Decode(context.Background(), data, Options{}); err != nil || p.Width != 40 {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	data := load(t, "lossy.jxl")
	for n := 1; n < len(data)-4; n += len(data) / 17 {
		if _, err := Decode(context.Background(), data[:n], Options{}); err == nil {
			t.Errorf("%d of %d bytes gave a picture", n, len(data))
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("a trace: %v", err)
		}
	}
	if _, err := Decode(context.Background(), data, Options{Memory: 1 << 19}); !errors.Is(err, ErrMemory) {
		t.Errorf("little memory: %v", err)
	}
	if _, err := Decode(context.Background(), data, Options{Time: time.Nanosecond}); !errors.Is(err, ErrTime) {
		t.Errorf("little time: %v", err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Decode(gone, data, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	// A claim of a thousand megapixels ends in an error, and the next picture is read.
	huge := append(bytes.Clone(codestreamMark), packBits("0 11 "+strings.Repeat("1", 15)+strings.Repeat("0", 15)+" 100 1")...)
	if _, err := Decode(context.Background(), huge, Options{}); err == nil {
		t.Error("32768x32768 of nothing")
	}
	if _, err := Decode(context.Background(), data, Options{}); err != nil {
		t.Error(err)
	}
}

func FuzzHeader(f *testing.F) {
	for _, name := range []string{"lossless.jxl", "orientation6.jxl", "lossy.jxl"} {
		f.Add(load(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := ReadHeader(data)
		if err == nil && (h.Width < 1 || h.Height < 1 || h.Orientation < 1 || h.Orientation > 8) {
			t.Errorf("%+v", h)
		}
	})
}

// FuzzDecode meets the decoder itself, in its sandbox.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"lossless.jxl", "orientation6.jxl", "lossy.jxl", "alpha.jxl", "p3.jxl"} {
		f.Add(load(f, name))
	}
	// The first picture compiles the decoder, and the fuzzing engine gives an input 10 s.
	if _, err := Decode(context.Background(), load(f, "lossless.jxl"), Options{Memory: 256 << 20, Time: time.Minute}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if h, err := ReadHeader(data); err != nil || h.Width > 512 || h.Height > 512 {
			return
		}
		_, err := Decode(context.Background(), data, Options{Memory: 256 << 20, Time: 10 * time.Second})
		if err != nil && (strings.Contains(err.Error(), "\n") || errors.Is(err, ErrTime)) {
			t.Error(err)
		}
	})
}
