package png

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	stdpng "image/png"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/imaging/rgb"
)

func appendChunk(out []byte, name, payload string) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(payload)))
	out = append(append(out, name...), payload...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte(name+payload)))
}

func headerOf(c Config) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(c.Width))
	b = binary.BigEndian.AppendUint32(b, uint32(c.Height))
	interlaced := byte(0)
	if c.interlaced {
		interlaced = 1
	}
	return string(append(b, byte(c.depth), byte(c.colour), 0, 0, interlaced))
}

// noise makes the rows of a picture: every filter, and samples that mean nothing.
func noise(c Config, rng *rand.Rand) []byte {
	var rows []byte
	for _, p := range c.passes() {
		w, h := p.size(c)
		for range h {
			rows = append(rows, byte(rng.IntN(5)))
			for range c.rowBytes(w) {
				rows = append(rows, byte(rng.Uint32()))
			}
		}
	}
	return rows
}

func deflated(rows []byte) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	z.Write(rows)
	z.Close()
	return b.String()
}

// encode puts a file together. before is what comes before the data.
func encode(c Config, before func([]byte) []byte, data string) []byte {
	out := appendChunk([]byte(signature), "IHDR", headerOf(c))
	if before != nil {
		out = before(out)
	}
	half := len(data) / 2
	out = appendChunk(appendChunk(out, "IDAT", data[:half]), "IDAT", data[half:])
	return appendChunk(out, "IEND", "")
}

// reference decodes by image/png and composites pixel by pixel.
func reference(t *testing.T, data []byte) []byte {
	t.Helper()
	img, err := stdpng.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	out := make([]byte, 0, 3*b.Dx()*b.Dy())
	for y := range b.Dy() {
		for x := range b.Dx() {
			p := make([]byte, 3)
			if m, ok := img.(*image.Paletted); ok && int(m.ColorIndexAt(x, y)) >= len(m.Palette) {
				out = append(out, p...)
				continue
			}
			n := color.NRGBA64Model.Convert(img.At(x, y)).(color.NRGBA64)
			rgb.Straight(p, []byte{byte(n.R >> 8), byte(n.G >> 8), byte(n.B >> 8), byte(n.A >> 8)}, 4)
			out = append(out, p...)
		}
	}
	return out
}

func allKinds() []Config {
	var all []Config
	for _, size := range [][2]int{{1, 1}, {3, 5}, {8, 8}, {33, 17}} {
		for colour := range 7 {
			for _, depth := range []int{1, 2, 4, 8, 16} {
				for _, interlaced := range []bool{false, true} {
					c := Config{Width: size[0], Height: size[1], depth: depth, colour: colour, interlaced: interlaced}
					if c.valid() {
						all = append(all, c)
					}
				}
			}
		}
	}
	return all
}

func name(c Config) string {
	return fmt.Sprintf("%dx%d/colour %d/%d bits/interlaced %t", c.Width, c.Height, c.colour, c.depth, c.interlaced)
}

func withPalette(rng *rand.Rand, depth int) func([]byte) []byte {
	colours := make([]byte, 3<<depth)
	for i := range colours {
		colours[i] = byte(rng.Uint32())
	}
	return func(out []byte) []byte { return appendChunk(out, "PLTE", string(colours)) }
}

// TestEveryKind compares each combination of type, depth and interlacing with
// image/png, opaque and with the transparency that a tRNS chunk gives.
func TestEveryKind(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range allKinds() {
		var before func([]byte) []byte
		transparency := strings.Repeat("\x00\x01", 3)
		switch c.colour {
		case grey:
			transparency = "\x00\x01"
		case palette:
			before, transparency = withPalette(rng, c.depth), "\x00\x80\xff"[:min(3, 1<<c.depth)]
		}
		data := deflated(noise(c, rng))
		files := map[string][]byte{"opaque": encode(c, before, data)}
		if c.colour < greyAlpha {
			files["transparent"] = encode(c, func(out []byte) []byte {
				if before != nil {
					out = before(out)
				}
				return appendChunk(out, "tRNS", transparency)
			}, data)
		}
		for kind, file := range files {
			t.Run(name(c)+"/"+kind, func(t *testing.T) {
				pix, got, err := Decode(file)
				if err != nil {
					t.Fatal(err)
				}
				if got.Width != c.Width || got.Height != c.Height || !bytes.Equal(pix, reference(t, file)) {
					t.Errorf("%dx%d, or other pixels than image/png's", got.Width, got.Height)
				}
			})
		}
	}
}

// small is a picture of 20 rows, and the file around its data.
var small = Config{Width: 16, Height: 20, depth: 8, colour: rgbColour}

func TestDamageThatIsShown(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	rows := noise(small, rng)
	data := deflated(rows)
	whole := encode(small, nil, data)
	want, _, err := Decode(whole)
	if err != nil {
		t.Fatal(err)
	}
	textAt := func(out []byte) []byte { return appendChunk(out, "tEXt", "Comment\x00hello") }
	badText := encode(small, textAt, data)
	badText[bytes.Index(badText, []byte("hello"))] ^= 1
	badTransparency := encode(small, func(out []byte) []byte { return appendChunk(out, "tRNS", string(bytes.Repeat([]byte{0, 1}, 3))) }, data)
	badTransparency[bytes.Index(badTransparency, []byte("tRNS"))+5] ^= 8
	badData := bytes.Clone(whole)
	badData[bytes.Index(badData, []byte("IDAT"))+4+len(data)/2] ^= 1 // the chunk's checksum
	tests := map[string]struct {
		file []byte
		says string
	}{
		"no IEND":                    {whole[:len(whole)-12], "no end"},
		"cut by four bytes":          {whole[:len(whole)-4], "IEND"},
		"cut inside the IEND":        {whole[:len(whole)-7], "no end"},
		"wrong checksum of a text":   {badText, "tEXt"},
		"wrong checksum of tRNS":     {badTransparency, "tRNS"},
		"wrong checksum of the data": {badData, "IDAT"},
		"more rows than the picture": {encode(small, nil, deflated(slices.Concat(rows, rows))), ""},
		"without its own checksum":   {encode(small, nil, data[:len(data)-4]), "behind the rows"},
		"wrong checksum of its own":  {encode(small, nil, data[:len(data)-4]+"abcd"), "checksum"},
		"garbage behind the end":     {append(bytes.Clone(whole), "garbage"...), ""},
		"chunks of an animation": {encode(small, func(out []byte) []byte {
			out = appendChunk(out, "acTL", "\x00\x00\x00\x02\x00\x00\x00\x00")
			return appendChunk(out, "fdAT", "\x00\x00\x00\x01other data")
		}, data), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			pix, _, err := Decode(tt.file)
			if !bytes.Equal(pix, want) {
				t.Fatalf("other pixels (%d of %d bytes), %v", len(pix), len(want), err)
			}
			if (err != nil) != (tt.says != "") || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %q", err, tt.says)
			}
		})
	}
}

// TestMissingRows shows what is four fifths there, and nothing of less.
func TestMissingRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	rows := noise(small, rng)
	want, _, err := Decode(encode(small, nil, deflated(rows)))
	if err != nil {
		t.Fatal(err)
	}
	one := len(rows) / small.Height
	for n := range small.Height {
		pix, _, err := Decode(encode(small, nil, deflated(rows[:n*one])))
		if err == nil {
			t.Fatalf("%d rows are no error", n)
		}
		if shown := pix != nil; shown != (n >= 16) {
			t.Errorf("%d of %d rows: shown %t", n, small.Height, shown)
		}
		if pix != nil && !bytes.Equal(pix[:n*3*small.Width], want[:n*3*small.Width]) {
			t.Errorf("%d rows: other pixels", n)
		}
	}
}

// TestMissingLastPass fills the missing odd rows from those above.
func TestMissingLastPass(t *testing.T) {
	c := small
	c.interlaced = true
	rng := rand.New(rand.NewPCG(7, 8))
	rows := noise(c, rng)
	one := 1 + c.rowBytes(c.Width)
	pix, _, err := Decode(encode(c, nil, deflated(rows[:len(rows)-3*one])))
	if err == nil || pix == nil {
		t.Fatalf("%d bytes of pixels, %v", len(pix), err)
	}
	row := 3 * c.Width
	for _, y := range []int{15, 17, 19} {
		if !bytes.Equal(pix[y*row:(y+1)*row], pix[(y-1)*row:y*row]) {
			t.Errorf("row %d is not that above", y)
		}
	}
}

func TestNotShown(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	data := deflated(noise(small, rng))
	whole := encode(small, nil, data)
	badHeader := bytes.Clone(whole)
	badHeader[20] ^= 1
	paletted := Config{Width: 4, Height: 4, depth: 8, colour: palette}
	badRows := noise(small, rng)
	badRows[0] = 9
	tests := map[string]struct {
		file []byte
		says string
	}{
		"empty":                   {nil, "header"},
		"signature":               {[]byte(signature), "header"},
		"wrong header checksum":   {badHeader, "checksum"},
		"no data":                 {appendChunk(appendChunk([]byte(signature), "IHDR", headerOf(small)), "IEND", ""), "no picture data"},
		"no palette":              {encode(paletted, nil, deflated(noise(paletted, rng))), "palette"},
		"nine bits":               {encode(Config{Width: 1, Height: 1, depth: 9, colour: grey}, nil, data), "9 bits"},
		"zero size":               {encode(Config{Height: 1, depth: 8}, nil, data), "size"},
		"filter 9":                {encode(small, nil, deflated(badRows)), "filter 9"},
		"data that is not zlib's": {encode(small, nil, "this is not zlib but ordinary text, and enough of it"), "decompress"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			pix, _, err := Decode(tt.file)
			if pix != nil || err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%d bytes of pixels, error %v, want %q", len(pix), err, tt.says)
			}
		})
	}
}

func TestCgBIIsUnsupported(t *testing.T) {
	file := appendChunk([]byte(signature), "CgBI", "\x50\x00\x20\x06")
	file = appendChunk(file, "IHDR", headerOf(small))
	if _, err := ReadConfig(file); !errors.Is(err, ErrUnsupported) {
		t.Errorf("ReadConfig: %v", err)
	}
	if _, _, err := Decode(file); !errors.Is(err, ErrUnsupported) {
		t.Errorf("Decode: %v", err)
	}
}

// TestClaimsAllocateNothing has headers that the data does not bear out.
func TestClaimsAllocateNothing(t *testing.T) {
	for _, interlaced := range []bool{false, true} {
		c := Config{Width: 20000, Height: 20000, depth: 16, colour: rgbAlpha, interlaced: interlaced}
		file := encode(c, nil, "\x78\x9c\x00\x00")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		pix, _, err := Decode(file)
		runtime.ReadMemStats(&after)
		if pix != nil || err == nil {
			t.Errorf("%d bytes of pixels, error %v", len(pix), err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("allocated %d bytes", n)
		}
	}
}

// TestGarbageAllocatesNothing has enough data for its size, which is none.
func TestGarbageAllocatesNothing(t *testing.T) {
	c := Config{Width: 10000, Height: 10000, depth: 8, colour: rgbAlpha}
	file := encode(c, nil, "\x78\x9c"+strings.Repeat("\xff", 1<<19))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	pix, _, err := Decode(file)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; pix != nil || err == nil || n > 1<<20 {
		t.Errorf("%d bytes of pixels, error %v, allocated %d bytes", len(pix), err, n)
	}
}

// TestLongRowAllocatesNothing has a single row that the data could fill.
func TestLongRowAllocatesNothing(t *testing.T) {
	c := Config{Width: 400_000_000, Height: 1, depth: 16, colour: rgbAlpha}
	file := encode(c, nil, string(make([]byte, 4<<20)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := Decode(file)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, ErrUnsupported) || n > 1<<20 {
		t.Errorf("error %v, allocated %d bytes", err, n)
	}
}

// TestMemoryIsThePicture reads a large picture of 16 bits a sample, plain and
// interlaced, and asks that little more than the result be allocated.
func TestMemoryIsThePicture(t *testing.T) {
	for _, interlaced := range []bool{false, true} {
		c := Config{Width: 1500, Height: 1500, depth: 16, colour: rgbAlpha, interlaced: interlaced}
		size := 0
		for _, p := range c.passes() {
			w, h := p.size(c)
			size += h * (1 + c.rowBytes(w))
		}
		file := encode(c, nil, deflated(make([]byte, size)))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		pix, _, err := Decode(file)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > uint64(len(pix))+1<<20 {
			t.Errorf("interlaced %t: allocated %d bytes for %d", interlaced, n, len(pix))
		}
	}
}

func FuzzDecode(f *testing.F) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, c := range allKinds() {
		if c.Width <= 8 {
			f.Add(encode(c, withPalette(rng, min(c.depth, 8)), deflated(noise(c, rng))))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ReadConfig(data)
		if err != nil || c.Width*c.Height > 1<<16 {
			return
		}
		pix, got, err := Decode(data)
		if pix == nil && err == nil || pix != nil && (len(pix) != 3*c.Width*c.Height || got != c) {
			t.Errorf("%d bytes for %dx%d, %v", len(pix), got.Width, got.Height, err)
		}
	})
}
