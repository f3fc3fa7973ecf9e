package gif

import (
	"bytes"
	"compress/lzw"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	stdgif "image/gif"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// spec says what file build makes.
type spec struct {
	screen      [2]int
	global      []byte
	frame       frame
	local       []byte
	transparent int // -1: none
	before      string
	indices     []byte // in the order of the picture
	codeBits    int
}

func palette(rng *rand.Rand, n int) []byte {
	p := make([]byte, 3*n)
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
	return p
}

func flags(p []byte) byte {
	if p == nil {
		return 0
	}
	bits := 0
	for 3<<(bits+1) < len(p) {
		bits++
	}
	return 0x80 | byte(bits)
}

// codes compresses and cuts into blocks.
func codes(t testing.TB, indices []byte, bits int) []byte {
	var z bytes.Buffer
	w := lzw.NewWriter(&z, lzw.LSB, bits)
	if _, err := w.Write(indices); err != nil {
		t.Fatal(err)
	}
	w.Close()
	out := []byte{byte(bits)}
	for b := z.Bytes(); len(b) > 0; {
		n := min(len(b), 255)
		out = append(append(out, byte(n)), b[:n]...)
		b = b[n:]
	}
	return append(out, 0)
}

func build(t testing.TB, s spec) []byte {
	le := binary.LittleEndian
	out := []byte("GIF89a")
	out = le.AppendUint16(le.AppendUint16(out, uint16(s.screen[0])), uint16(s.screen[1]))
	out = append(out, flags(s.global), 0, 0)
	out = append(append(out, s.global...), s.before...)
	if s.transparent >= 0 {
		out = append(out, "!\xf9\x04\x01\x00\x00"...)
		out = append(out, byte(s.transparent), 0)
	}
	f := s.frame
	out = append(out, ',')
	for _, v := range []int{f.x, f.y, f.width, f.height} {
		out = le.AppendUint16(out, uint16(v))
	}
	field := flags(s.local)
	if f.interlaced {
		field |= 0x40
	}
	out = append(append(out, field), s.local...)
	var stored []byte
	for _, y := range f.rows() {
		stored = append(stored, s.indices[y*f.width:][:f.width]...)
	}
	if s.codeBits == 0 {
		s.codeBits = 8
	}
	return append(append(out, codes(t, stored, s.codeBits)...), ';')
}

// want draws the picture pixel by pixel.
func want(s spec) (pix []byte, width, height int) {
	f := s.frame
	width, height = max(s.screen[0], f.x+f.width), max(s.screen[1], f.y+f.height)
	colours := s.global
	if s.local != nil {
		colours = s.local
	}
	colour := func(i int) []byte {
		switch {
		case i == s.transparent:
			return []byte{255, 255, 255}
		case colours == nil:
			return []byte{byte(i), byte(i), byte(i)}
		case 3*i+3 > len(colours):
			return []byte{0, 0, 0}
		}
		return colours[3*i:][:3]
	}
	for y := range height {
		for x := range width {
			if fx, fy := x-f.x, y-f.y; fx >= 0 && fy >= 0 && fx < f.width && fy < f.height {
				pix = append(pix, colour(int(s.indices[fy*f.width+fx]))...)
			} else {
				pix = append(pix, colour(max(s.transparent, 0))...)
			}
		}
	}
	return pix, width, height
}

func random(rng *rand.Rand, n, most int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(rng.IntN(most))
	}
	return out
}

// TestFrames has frames inside, at the edge of and beyond screens, and screens of no size.
func TestFrames(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, screen := range [][2]int{{20, 15}, {0, 0}, {5, 0}, {9, 9}} {
		for _, at := range [][2]int{{0, 0}, {3, 2}, {15, 12}, {30, 40}} {
			for _, transparent := range []int{-1, 0, 7} {
				for _, interlaced := range []bool{false, true} {
					for kind := range 4 {
						s := spec{screen: screen, transparent: transparent,
							frame: frame{at[0], at[1], 9, 9, interlaced}, indices: random(rng, 81, 16)}
						if kind&1 == 1 {
							s.global = palette(rng, 16)
						}
						if kind&2 == 2 {
							s.local = palette(rng, 8) // half of the indices are beyond it
						}
						t.Run(fmt.Sprint(screen, at, transparent, interlaced, kind), func(t *testing.T) {
							pix, c, err := Decode(build(t, s))
							if err != nil {
								t.Fatal(err)
							}
							reference, w, h := want(s)
							if c.Width != w || c.Height != h || !bytes.Equal(pix, reference) {
								t.Errorf("%dx%d, want %dx%d; or other pixels", c.Width, c.Height, w, h)
							}
						})
					}
				}
			}
		}
	}
}

// TestOddCodeSizes writes codes that never repeat, each a literal, and clears the table
// before it grows.
func TestOddCodeSizes(t *testing.T) {
	for _, bits := range []int{1, 9, 10, 11} {
		s := spec{screen: [2]int{4, 2}, transparent: -1, frame: frame{0, 0, 4, 2, false}, indices: []byte{0, 1, 1, 0, 1, 0, 0, 1}}
		var packed []byte
		at := 0
		put := func(code int) {
			for b := range bits + 1 {
				if at%8 == 0 {
					packed = append(packed, 0)
				}
				packed[at/8] |= byte(code>>b&1) << (at % 8)
				at++
			}
		}
		for _, index := range s.indices {
			put(1 << bits)
			put(int(index))
		}
		file := build(t, s)
		file = append(file[:bytes.IndexByte(file, ',')+10], byte(bits), byte(len(packed)))
		file = append(append(file, packed...), 0, ';')
		pix, _, err := Decode(file)
		if reference, _, _ := want(s); err != nil || !bytes.Equal(pix, reference) {
			t.Errorf("%d bits: %v, or other pixels", bits, err)
		}
	}
}

func TestCodeSizes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for bits := 2; bits <= 8; bits++ {
		s := spec{screen: [2]int{200, 100}, transparent: -1, codeBits: bits, global: palette(rng, 1<<bits),
			frame: frame{0, 0, 200, 100, false}, indices: random(rng, 20000, 1<<bits)}
		pix, _, err := Decode(build(t, s))
		if reference, _, _ := want(s); err != nil || !bytes.Equal(pix, reference) {
			t.Errorf("%d bits: %v, or other pixels", bits, err)
		}
	}
}

// TestExtensions passes over what it does not know.
func TestExtensions(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	s := spec{screen: [2]int{4, 4}, transparent: -1, global: palette(rng, 4), frame: frame{0, 0, 4, 4, false}, indices: random(rng, 16, 4)}
	reference, _, _ := want(s)
	for name, before := range map[string]string{
		"comment":         "!\xfe\x05hello\x00",
		"unknown":         "!\x77\x03abc\x02de\x00",
		"application":     "!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00",
		"zeros":           "\x00\x00\x00",
		"control, opaque": "!\xf9\x04\x00\x00\x00\x01\x00",
		"short control":   "!\xf9\x01\x01\x00",
	} {
		s.before = before
		if pix, _, err := Decode(build(t, s)); err != nil || !bytes.Equal(pix, reference) {
			t.Errorf("%s: %v, or other pixels", name, err)
		}
	}
}

// TestMissingRows cuts the codes anywhere: what is shown is right, and is four fifths.
func TestMissingRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, interlaced := range []bool{false, true} {
		s := spec{screen: [2]int{30, 30}, transparent: -1, global: palette(rng, 256),
			frame: frame{0, 0, 30, 30, interlaced}, indices: random(rng, 900, 256)}
		whole := build(t, s)
		reference, _, _ := want(s)
		shown, refused := 0, 0
		for n := 800; n < len(whole); n++ {
			pix, _, err := Decode(whole[:n])
			if err == nil {
				t.Errorf("%d of %d bytes are no error", n, len(whole))
			}
			if pix == nil {
				refused++
				continue
			}
			shown++
			wrong := 0
			for y := range 30 {
				if !bytes.Equal(pix[90*y:90*y+90], reference[90*y:90*y+90]) {
					wrong++
				}
			}
			if wrong > 6 {
				t.Errorf("%d of %d bytes: %d of 30 rows are wrong", n, len(whole), wrong)
			}
		}
		if shown == 0 || refused == 0 {
			t.Errorf("shown %d times, refused %d times", shown, refused)
		}
	}
}

// TestLikeTheLibrary compares with image/gif, which made the file.
func TestLikeTheLibrary(t *testing.T) {
	m := image.NewPaletted(image.Rect(0, 0, 61, 47), nil)
	for i := range 256 {
		m.Palette = append(m.Palette, color.RGBA{byte(i), byte(3 * i), byte(7 * i), 255})
	}
	for i := range m.Pix {
		m.Pix[i] = byte(i * i / 7)
	}
	var file bytes.Buffer
	if err := stdgif.EncodeAll(&file, &stdgif.GIF{Image: []*image.Paletted{m, m}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	pix, _, err := Decode(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for i, index := range m.Pix {
		c := m.Palette[index].(color.RGBA)
		if [3]byte(pix[3*i:]) != [3]byte{c.R, c.G, c.B} {
			t.Fatalf("pixel %d", i)
		}
	}
}

func TestErrors(t *testing.T) {
	s := spec{screen: [2]int{4, 4}, transparent: -1, frame: frame{0, 0, 4, 4, false}, indices: make([]byte, 16)}
	whole := build(t, s)
	for name, tt := range map[string]struct {
		file []byte
		says string
	}{
		"empty":         {nil, "header"},
		"header alone":  {whole[:13], "first picture"},
		"end at once":   {append(bytes.Clone(whole[:13]), ';'), "no picture"},
		"frame of 0x0":  {build(t, spec{screen: [2]int{4, 4}, transparent: -1}), "0x0"},
		"12 bits":       {bytes.Replace(whole, []byte("\x04\x00\x04\x00\x00\x08"), []byte("\x04\x00\x04\x00\x00\x0c"), 1), "12 bits"},
		"half a header": {whole[:18], "inside the header"},
		"no codes":      {whole[:13+10], "codes"},
	} {
		t.Run(name, func(t *testing.T) {
			if pix, _, err := Decode(tt.file); pix != nil || err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%d bytes of pixels, %v", len(pix), err)
			}
		})
	}
}

func TestClaimsAllocateNothing(t *testing.T) {
	for name, s := range map[string]spec{
		"screen": {screen: [2]int{65535, 65535}, frame: frame{0, 0, 1, 1, false}, indices: []byte{0}, transparent: -1},
		"far":    {screen: [2]int{1, 1}, frame: frame{65534, 65534, 1, 1, false}, indices: []byte{0}, transparent: -1},
	} {
		file := build(t, s)
		checkAllocation(t, name, file)
	}
	file := build(t, spec{screen: [2]int{1, 1}, frame: frame{0, 0, 1, 1, false}, indices: []byte{0}, transparent: -1})
	copy(file[bytes.IndexByte(file, ',')+5:], "\x20\x4e\x20\x4e") // a frame of 20000x20000
	checkAllocation(t, "frame", file)
}

func checkAllocation(t *testing.T, name string, file []byte) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	pix, _, err := Decode(file)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; pix != nil || err == nil || n > 1<<20 {
		t.Errorf("%s: %d bytes of pixels, %v; allocated %d bytes", name, len(pix), err, n)
	}
}

func FuzzDecode(f *testing.F) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, interlaced := range []bool{false, true} {
		for kind := range 4 {
			s := spec{screen: [2]int{12, 12}, transparent: kind - 1, frame: frame{2, 2, 9, 9, interlaced}, indices: random(rng, 81, 16)}
			if kind > 1 {
				s.global = palette(rng, 16)
			}
			f.Add(build(f, s))
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
