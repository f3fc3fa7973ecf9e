package bmp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// spec says what file build makes.
type spec struct {
	header        int // bytes of the second header
	width, height int // a negative height is top down
	bits          int
	compression   uint32
	masks         []uint32
	used          uint32
	palette       []byte // three bytes a colour: red, green, blue
	pixels        []byte
}

func build(s spec) []byte {
	le := binary.LittleEndian
	h := make([]byte, s.header)
	le.PutUint32(h, uint32(s.header))
	if s.header == 12 {
		le.PutUint16(h[4:], uint16(s.width))
		le.PutUint16(h[6:], uint16(s.height))
		le.PutUint16(h[8:], 1)
		le.PutUint16(h[10:], uint16(s.bits))
	} else {
		le.PutUint32(h[4:], uint32(int32(s.width)))
		le.PutUint32(h[8:], uint32(int32(s.height)))
		le.PutUint16(h[12:], 1)
		le.PutUint16(h[14:], uint16(s.bits))
		if s.header >= 40 {
			le.PutUint32(h[16:], s.compression)
			le.PutUint32(h[32:], s.used)
		}
	}
	var masks []byte
	for _, m := range s.masks {
		masks = le.AppendUint32(masks, m)
	}
	if s.header > 40 {
		copy(h[40:], masks)
		masks = nil
	}
	var colours []byte
	for i := 0; i < len(s.palette); i += 3 {
		colours = append(colours, s.palette[i+2], s.palette[i+1], s.palette[i])
		if s.header != 12 {
			colours = append(colours, 0)
		}
	}
	out := []byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	le.PutUint32(out[10:], uint32(len(out)+len(h)+len(masks)+len(colours)))
	out = append(append(append(append(out, h...), masks...), colours...), s.pixels...)
	le.PutUint32(out[2:], uint32(len(out)))
	return out
}

// pack writes rows of pixels of so many bits, each padded to four bytes.
func pack(values []uint32, width, bits int) []byte {
	var out []byte
	for len(values) > 0 {
		var row []byte
		if bits >= 8 {
			for _, v := range values[:width] {
				for b := 0; b < bits; b += 8 {
					row = append(row, byte(v>>b))
				}
			}
		} else {
			row = make([]byte, (width*bits+7)/8)
			for x, v := range values[:width] {
				row[x*bits/8] |= byte(v) << (8 - bits - x*bits%8)
			}
		}
		for len(row)%4 != 0 {
			row = append(row, 0)
		}
		out, values = append(out, row...), values[width:]
	}
	return out
}

// picture is the pixels as RGB, given as they are in the file.
func picture(values []uint32, width int, topDown bool, colour func(uint32) [3]byte) []byte {
	var out []byte
	height := len(values) / width
	for y := range height {
		row := height - 1 - y
		if topDown {
			row = y
		}
		for _, v := range values[row*width:][:width] {
			c := colour(v)
			out = append(out, c[:]...)
		}
	}
	return out
}

func check(t *testing.T, file, want []byte, width, height int) {
	t.Helper()
	pix, c, err := Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	if c.Width != width || c.Height != height {
		t.Fatalf("size %dx%d", c.Width, c.Height)
	}
	if !bytes.Equal(pix, want) {
		t.Errorf("pixels %v, want %v", pix[:min(24, len(pix))], want[:min(24, len(want))])
	}
}

func randomPalette(rng *rand.Rand, n int) []byte {
	p := make([]byte, 3*n)
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
	return p
}

func lookup(palette []byte) func(uint32) [3]byte {
	return func(i uint32) [3]byte {
		if int(3*i+3) > len(palette) {
			return [3]byte{}
		}
		return [3]byte(palette[3*i:])
	}
}

// TestPalettes reads indices of every depth under every header, with palettes that
// are whole and too short.
func TestPalettes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, header := range []int{12, 16, 40, 52, 56, 64, 108, 124} {
		for _, bits := range []int{1, 2, 4, 8} {
			for _, topDown := range []bool{false, true} {
				for _, short := range []bool{false, true} {
					if topDown && header == 12 || short && header < 40 {
						continue
					}
					t.Run(fmt.Sprintf("%d/%d bits/%t/%t", header, bits, topDown, short), func(t *testing.T) {
						s := spec{header: header, width: 13, height: 7, bits: bits, palette: randomPalette(rng, 1<<bits)}
						if short {
							s.palette = s.palette[:3*(1<<bits-1)]
							s.used = 1<<bits - 1
						}
						values := make([]uint32, 13*7)
						for i := range values {
							values[i] = rng.Uint32N(1 << bits)
						}
						if topDown {
							s.height = -7
						}
						s.pixels = pack(values, 13, bits)
						check(t, build(s), picture(values, 13, topDown, lookup(s.palette)), 13, 7)
					})
				}
			}
		}
	}
}

// TestOffsetOfThePalette has the pixels begin where the palette does, which cannot be.
func TestOffsetOfThePalette(t *testing.T) {
	s := spec{header: 40, width: 2, height: 1, bits: 8, palette: []byte{1, 2, 3, 4, 5, 6}, used: 2, pixels: []byte{1, 0, 0, 0}}
	file := build(s)
	file[10] = fileHeader + 40
	check(t, file, []byte{4, 5, 6, 1, 2, 3}, 2, 1)
}

func scaled(v, mask uint32) byte {
	if mask == 0 {
		return 0
	}
	for mask&1 == 0 {
		mask, v = mask>>1, v>>1
	}
	return byte(uint64(v&mask) * 255 / uint64(mask))
}

// TestMasks reads pixels without palette: with the masks that everyone writes, and
// with such as nobody does.
func TestMasks(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	tests := []struct {
		name        string
		headers     []int
		bits        int
		compression uint32
		masks, mean []uint32 // in the file, and what is meant
	}{
		{"555", []int{40, 108, 124}, 16, 0, nil, []uint32{0x7c00, 0x3e0, 0x1f}},
		{"888", []int{12, 16, 40, 64, 108, 124}, 24, 0, nil, []uint32{0xff0000, 0xff00, 0xff}},
		{"32 bits", []int{40, 64, 108, 124}, 32, 0, nil, []uint32{0xff0000, 0xff00, 0xff}},
		{"565", []int{40, 52, 56, 108, 124}, 16, 3, []uint32{0xf800, 0x7e0, 0x1f}, nil},
		{"masks of 555", []int{40, 52, 56, 108}, 16, 3, []uint32{0x7c00, 0x3e0, 0x1f}, nil},
		{"444", []int{40, 124}, 16, 3, []uint32{0xf00, 0xf0, 0xf}, nil},
		{"other order", []int{40, 124}, 32, 3, []uint32{0xff, 0xff00, 0xff0000}, nil},
		{"upper bytes", []int{40, 124}, 32, 3, []uint32{0xff000000, 0xff0000, 0xff00}, nil},
		{"ten bits", []int{40, 124}, 32, 3, []uint32{0x3ff00000, 0xffc00, 0x3ff}, nil},
		{"24 bits", []int{40, 124}, 24, 3, []uint32{0xff, 0xff00, 0xff0000}, nil},
		{"no masks", []int{108, 124}, 32, 3, []uint32{0, 0, 0, 0}, []uint32{0xff0000, 0xff00, 0xff}},
		{"no blue", []int{40}, 16, 3, []uint32{0xff00, 0xff, 0}, nil},
	}
	for _, tt := range tests {
		for _, header := range tt.headers {
			t.Run(fmt.Sprintf("%s/%d", tt.name, header), func(t *testing.T) {
				mean := tt.mean
				if mean == nil {
					mean = tt.masks
				}
				values := make([]uint32, 5*3)
				for i := range values {
					values[i] = rng.Uint32() & (1<<tt.bits - 1)
				}
				s := spec{header: header, width: 5, height: 3, bits: tt.bits, compression: tt.compression,
					masks: tt.masks, pixels: pack(values, 5, tt.bits)}
				want := picture(values, 5, false, func(v uint32) [3]byte {
					return [3]byte{scaled(v&mean[0], mean[0]), scaled(v&mean[1], mean[1]), scaled(v&mean[2], mean[2])}
				})
				check(t, build(s), want, 5, 3)
			})
		}
	}
}

// TestAlpha lays transparency on white, and takes none where all of it is zero.
func TestAlpha(t *testing.T) {
	masks := []uint32{0xff0000, 0xff00, 0xff, 0xff000000}
	for _, compression := range []uint32{3, 6} {
		for _, header := range []int{40, 56, 108, 124} {
			if header == 40 && compression == 3 {
				continue // has no alpha mask
			}
			s := spec{header: header, width: 2, height: 1, bits: 32, compression: compression, masks: masks}
			s.pixels = pack([]uint32{0x00102030, 0x00405060}, 2, 32)
			check(t, build(s), []byte{0x10, 0x20, 0x30, 0x40, 0x50, 0x60}, 2, 1)
			s.pixels = pack([]uint32{0x00102030, 0xff405060}, 2, 32)
			check(t, build(s), []byte{255, 255, 255, 0x40, 0x50, 0x60}, 2, 1)
		}
	}
	// Without masks there is no alpha, whatever the fourth byte is.
	s := spec{header: 124, width: 2, height: 1, bits: 32, pixels: pack([]uint32{0x00102030, 0x80405060}, 2, 32)}
	check(t, build(s), []byte{0x10, 0x20, 0x30, 0x40, 0x50, 0x60}, 2, 1)
}

// TestRuns has runs, literals of odd length, skips and ends in each compression.
func TestRuns(t *testing.T) {
	colours := []byte{9, 9, 9, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5}
	tests := []struct {
		name        string
		bits        int
		compression uint32
		header      int
		data        string
		want        string // indices, the top row first
	}{
		{"rle8 runs", 8, 1, 40, "\x04\x01\x00\x00\x03\x02\x01\x03\x00\x00\x00\x01", "2223 1111"},
		{"rle8 literal", 8, 1, 40, "\x00\x03\x01\x02\x03\x00\x01\x04\x00\x00\x04\x05\x00\x01", "5555 1234"},
		{"rle8 skip", 8, 1, 40, "\x01\x01\x00\x02\x01\x01\x02\x02\x00\x01", "0022 1000"},
		{"rle8 early end", 8, 1, 40, "\x02\x01\x00\x01", "0000 1100"},
		{"rle8 beyond the row", 8, 1, 40, "\x09\x01\x00\x00\x04\x02\x00\x01", "2222 1111"},
		{"rle4 runs", 4, 2, 40, "\x04\x12\x00\x00\x03\x31\x00\x01", "3130 1212"},
		{"rle4 odd literal", 4, 2, 40, "\x00\x03\x12\x30\x01\x40\x00\x00\x04\x55\x00\x01", "5555 1234"},
		{"rle4 long literal", 4, 2, 40, "\x00\x04\x12\x34\x00\x00\x00\x03\x54\x30\x00\x01", "5430 1234"},
		{"rle24", 24, 4, 64, "\x02\x01\x01\x01\x00\x00\x00\x03\x02\x02\x02\x03\x03\x03\x04\x04\x04\x00\x01\x05\x05\x05\x00\x01", "2345 1100"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := spec{header: tt.header, width: 4, height: 2, bits: tt.bits, compression: tt.compression, pixels: []byte(tt.data)}
			if tt.bits <= 8 {
				s.palette, s.used = colours, uint32(len(colours)/3)
			}
			var want []byte
			for _, c := range strings.ReplaceAll(tt.want, " ", "") {
				v := byte(c - '0')
				if v == 0 && tt.bits <= 8 {
					v = 9
				}
				want = append(want, v, v, v)
			}
			check(t, build(s), want, 4, 2)
		})
	}
}

func TestMissingRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	values := make([]uint32, 8*10)
	for i := range values {
		values[i] = rng.Uint32() & 0xffffff
	}
	want := picture(values, 8, true, func(v uint32) [3]byte { return [3]byte{byte(v >> 16), byte(v >> 8), byte(v)} })
	s := spec{header: 40, width: 8, height: -10, bits: 24, pixels: pack(values, 8, 24)}
	whole := build(s)
	for rows := range 10 {
		pix, _, err := Decode(whole[:len(whole)-24*(10-rows)])
		if err == nil || (pix != nil) != (rows >= 8) {
			t.Errorf("%d of 10 rows: %d bytes of pixels, %v", rows, len(pix), err)
		}
		if pix != nil && !bytes.Equal(pix[:24*rows], want[:24*rows]) {
			t.Errorf("%d of 10 rows: other pixels", rows)
		}
	}
	// Runs that end without saying so.
	s = spec{header: 40, width: 4, height: -10, bits: 8, compression: 1, palette: []byte{1, 2, 3, 4, 5, 6}, used: 2}
	for rows := range 10 {
		s.pixels = bytes.Repeat([]byte("\x04\x01\x00\x00"), rows)
		pix, _, err := Decode(build(s))
		if err == nil || (pix != nil) != (rows >= 8) {
			t.Errorf("%d of 10 rows of runs: %d bytes of pixels, %v", rows, len(pix), err)
		}
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		name        string
		s           spec
		unsupported bool
		says        string
	}{
		{"JPEG", spec{header: 40, width: 1, height: 1, compression: 4}, true, "JPEG"},
		{"PNG", spec{header: 40, width: 1, height: 1, compression: 5}, true, "PNG"},
		{"fax", spec{header: 64, width: 1, height: 1, bits: 1, compression: 3}, true, "fax"},
		{"compression 17", spec{header: 40, width: 1, height: 1, bits: 8, compression: 17}, true, "17"},
		{"header of 41", spec{header: 41, width: 1, height: 1, bits: 8}, true, "41"},
		{"7 bits", spec{header: 40, width: 1, height: 1, bits: 7}, true, "7 bits"},
		{"rle4 of 8 bits", spec{header: 40, width: 1, height: 1, bits: 8, compression: 2}, true, "8 bits"},
		{"no width", spec{header: 40, width: 0, height: 1, bits: 8}, false, "size"},
		{"negative width", spec{header: 40, width: -3, height: 1, bits: 8}, false, "size"},
		{"least height", spec{header: 40, width: 3, height: -1 << 31, bits: 8}, false, "size"},
		{"no masks", spec{header: 40, width: 3, height: 3, bits: 16, compression: 3}, false, "masks"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pix, _, err := Decode(build(tt.s))
			if pix != nil || err == nil || errors.Is(err, ErrUnsupported) != tt.unsupported || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%d bytes of pixels, %v", len(pix), err)
			}
		})
	}
}

func TestClaimsAllocateNothing(t *testing.T) {
	for _, s := range []spec{
		{header: 40, width: 20000, height: 20000, bits: 24, pixels: make([]byte, 100)},
		{header: 40, width: 20000, height: 20000, bits: 8, compression: 1, pixels: []byte{0, 1}},
		{header: 40, width: 1<<31 - 1, height: 1<<31 - 1, bits: 1, pixels: make([]byte, 100)},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		pix, _, err := Decode(build(s))
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; pix != nil || err == nil || n > 1<<20 {
			t.Errorf("%dx%d: %d bytes of pixels, %v; allocated %d bytes", s.width, s.height, len(pix), err, n)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, header := range []int{12, 16, 40, 52, 56, 64, 108, 124} {
		for _, bits := range []int{1, 2, 4, 8, 16, 24, 32} {
			for compression := range uint32(7) {
				f.Add(build(spec{header: header, width: 4, height: 4, bits: bits, compression: compression,
					masks: []uint32{0xf800, 0x7e0, 0x1f}, palette: make([]byte, 30), pixels: []byte("\x04\x01\x00\x03abc\x00\x00\x02\x01\x01\x00\x01")}))
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ReadConfig(data)
		if err != nil || c.Width*c.Height > 1<<16 {
			return
		}
		pix, got, err := Decode(data)
		if pix == nil && err == nil || pix != nil && (len(pix) != 3*c.Width*c.Height || got.Height != c.Height) {
			t.Errorf("%d bytes for %dx%d, %v", len(pix), got.Width, got.Height, err)
		}
	})
}
