package tiff

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// What files of every kind give is tested where the JPEG decoder is, in
// internal/imaging. Here is what concerns this package alone.

// tag is an entry of a directory whose values fit into it, or are put behind it.
type tag struct {
	number uint16
	kind   uint16
	values []uint32
}

// file makes a little-endian TIFF of a strip and tags.
func file(strip []byte, tags ...tag) []byte {
	le := binary.LittleEndian
	at := 8 + len(strip)
	out := append(le.AppendUint32([]byte("II*\x00"), uint32(at)), strip...)
	behind := at + 2 + 12*len(tags) + 4
	var more []byte
	out = le.AppendUint16(out, uint16(len(tags)))
	for _, t := range tags {
		out = le.AppendUint32(le.AppendUint16(le.AppendUint16(out, t.number), t.kind), uint32(len(t.values)))
		var values []byte
		for _, v := range t.values {
			if t.kind == typeShort {
				values = le.AppendUint16(values, uint16(v))
			} else {
				values = le.AppendUint32(values, v)
			}
		}
		if len(values) > 4 {
			out = le.AppendUint32(out, uint32(behind+len(more)))
			more = append(more, values...)
			continue
		}
		out = append(out, append(values, 0, 0, 0, 0)[:4]...)
	}
	return append(le.AppendUint32(out, 0), more...)
}

// picture is the tags of a picture in one strip.
func picture(width, height, bits, samples, compression, photometric, bytes int) []tag {
	all := make([]uint32, samples)
	for i := range all {
		all[i] = uint32(bits)
	}
	return []tag{
		{tagWidth, typeLong, []uint32{uint32(width)}}, {tagHeight, typeLong, []uint32{uint32(height)}},
		{tagBits, typeShort, all}, {tagCompression, typeShort, []uint32{uint32(compression)}},
		{tagPhotometric, typeShort, []uint32{uint32(photometric)}}, {tagStripOffsets, typeLong, []uint32{8}},
		{tagSamples, typeShort, []uint32{uint32(samples)}}, {tagStripCounts, typeLong, []uint32{uint32(bytes)}},
	}
}

func deflated(t testing.TB, data []byte) []byte {
	var b bytes.Buffer
	z, err := zlib.NewWriterLevel(&b, zlib.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	z.Write(data)
	z.Close()
	return b.Bytes()
}

// allocated is how much memory a call asked for.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestClaimsAllocateNothing has sizes that the data cannot bear out, in every
// compression.
func TestClaimsAllocateNothing(t *testing.T) {
	small := make([]byte, 200)
	for _, compression := range []int{uncompressed, ccittRLE, ccittG3, ccittG4, lzwCompressed, deflate, packBits, lzmaCompressed, zstdCompressed, oldJPEG, newJPEG} {
		bits, samples, photometric := 8, 3, rgb
		if compression >= ccittRLE && compression <= ccittG4 {
			bits, samples, photometric = 1, 1, whiteIsZero
		}
		data := file(small, picture(20000, 20000, bits, samples, compression, photometric, len(small))...)
		n := allocated(func() {
			if pix, _, err := Decode(data, Options{}); pix != nil || err == nil {
				t.Errorf("compression %d: %d bytes of pixels, %v", compression, len(pix), err)
			}
		})
		if n > 1<<20 {
			t.Errorf("compression %d: allocated %d bytes", compression, n)
		}
	}
}

// TestGarbageAllocatesNothing has enough data for its size, which is none.
func TestGarbageAllocatesNothing(t *testing.T) {
	strip := bytes.Repeat([]byte{0xff}, 470_000)
	for _, compression := range []int{deflate, zstdCompressed, lzmaCompressed, newJPEG} {
		data := file(strip, picture(10000, 10000, 8, 3, compression, rgb, len(strip))...)
		n := allocated(func() {
			if pix, _, err := Decode(data, Options{}); pix != nil || err == nil {
				t.Errorf("compression %d: %d bytes of pixels, %v", compression, len(pix), err)
			}
		})
		if n > 2<<20 {
			t.Errorf("compression %d: allocated %d bytes", compression, n)
		}
	}
}

// TestHostileRows has single rows that take far more memory than their pixels.
func TestHostileRows(t *testing.T) {
	strip := make([]byte, 1<<20)
	for name, tags := range map[string][]tag{
		"many samples of many bits": picture(100_000_000, 1, 64, 60, zstdCompressed, blackIsZero, len(strip)),
		"old JPEG":                  append(picture(400_000_000, 1, 8, 3, oldJPEG, ycbcr, len(strip)), tag{tagJPEGStream, typeLong, []uint32{8}}),
		"old JPEG, high":            append(picture(60_000, 60_000, 8, 3, oldJPEG, ycbcr, len(strip)), tag{tagJPEGStream, typeLong, []uint32{8}}),
		"new JPEG":                  picture(400_000_000, 1, 8, 3, newJPEG, ycbcr, len(strip)),
	} {
		data := file(strip, tags...)
		n := allocated(func() {
			if pix, _, err := Decode(data, Options{}); pix != nil || err == nil {
				t.Errorf("%s: %d bytes of pixels, %v", name, len(pix), err)
			}
		})
		if n > 1<<20 {
			t.Errorf("%s: allocated %d bytes", name, n)
		}
	}
}

func TestHostileTiles(t *testing.T) {
	for name, tile := range map[string][2]uint32{
		"wide": {1 << 31, 1}, "large": {1 << 20, 1 << 20}, "none": {0, 16}, "of one pixel": {1, 1}, "overflowing": {1<<32 - 1, 1<<32 - 1},
	} {
		tags := picture(20000, 20000, 16, 4, deflate, rgb, 100)
		tags = append(tags, tag{tagTileWidth, typeLong, []uint32{tile[0]}}, tag{tagTileHeight, typeLong, []uint32{tile[1]}})
		started := time.Now()
		n := allocated(func() {
			if pix, _, err := Decode(file(make([]byte, 100), tags...), Options{}); pix != nil || err == nil {
				t.Errorf("%s: %d bytes of pixels, %v", name, len(pix), err)
			}
		})
		if d := time.Since(started); n > 1<<20 || d > 5*time.Second {
			t.Errorf("%s: allocated %d bytes in %v", name, n, d)
		}
	}
}

// TestMemoryIsThePicture reads a picture of 16 bits a sample in one strip, and asks
// that little more than the result be allocated.
func TestMemoryIsThePicture(t *testing.T) {
	const side = 1500
	raw := make([]byte, 8*side*side)
	for _, compression := range []int{uncompressed, deflate} {
		strip := raw
		if compression == deflate {
			strip = deflated(t, raw)
		}
		data := file(strip, picture(side, side, 16, 4, compression, rgb, len(strip))...)
		var pix []byte
		n := allocated(func() {
			var err error
			if pix, _, err = Decode(data, Options{}); err != nil {
				t.Fatal(err)
			}
		})
		if n > uint64(len(pix))+1<<20 {
			t.Errorf("compression %d: allocated %d bytes for %d", compression, n, len(pix))
		}
	}
}

// TestCutStrip cuts a strip anywhere: four fifths of the rows are shown.
func TestCutStrip(t *testing.T) {
	raw := make([]byte, 3*20*20)
	for i := range raw {
		raw[i] = byte(i * i)
	}
	for _, compression := range []int{uncompressed, deflate} {
		strip := raw
		if compression == deflate {
			var b bytes.Buffer
			z, _ := zlib.NewWriterLevel(&b, zlib.NoCompression)
			z.Write(raw)
			z.Close()
			strip = b.Bytes()
		}
		// The directory before the data, so that the file can be cut.
		tags := picture(20, 20, 8, 3, compression, rgb, len(strip))
		for i := range tags {
			if tags[i].number == tagStripOffsets {
				tags[i].values[0] = uint32(len(file(nil, tags...)))
			}
		}
		head := file(nil, tags...)
		shown, refused := 0, 0
		for n := range len(strip) - 10 {
			pix, _, err := Decode(append(bytes.Clone(head), strip[:n]...), Options{})
			switch {
			case err == nil:
				t.Errorf("compression %d: %d of %d bytes are no error", compression, n, len(strip))
			case pix == nil:
				refused++
			default:
				shown++
				if !bytes.Equal(pix[:16*60], raw[:16*60]) {
					t.Errorf("compression %d, %d bytes: other pixels", compression, n)
				}
			}
		}
		if shown < 100 || refused < 800 {
			t.Errorf("compression %d: shown %d times, refused %d times", compression, shown, refused)
		}
	}
}

func TestThunderScan(t *testing.T) {
	// A pixel of 5; three differences 1, 1 and none; two of 2 and -1; the last one twice.
	strip := []byte{0xc5, 0x40 | 1<<4 | 1<<2 | 2, 0x80 | 2<<3 | 7, 0x02}
	data := file(strip, picture(7, 1, 4, 1, thunderScan, blackIsZero, len(strip))...)
	pix, _, err := Decode(data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range []byte{5, 6, 7, 9, 8, 8, 8} {
		if pix[3*i] != 17*v {
			t.Errorf("pixel %d is %d, want %d", i, pix[3*i], 17*v)
		}
	}
}

// TestFaxTables holds the codes against what a prefix code must be: none begins
// another, and each stands for one value.
func TestFaxTables(t *testing.T) {
	tables := loadFaxTables()
	for name, table := range map[string]*faxTable{"white": &tables.white, "black": &tables.black, "modes": &tables.modes} {
		room := make(map[int16]int)
		for _, c := range table {
			if c.bits > 0 {
				room[c.value] += 1 << c.bits
			}
		}
		want := 104
		if name == "modes" {
			want = 9
		}
		if len(room) != want {
			t.Errorf("%s: %d values, want %d", name, len(room), want)
		}
		for value, n := range room {
			if n != 1<<codeBits {
				t.Errorf("%s: %d lost a part of its codes", name, value)
			}
		}
	}
}

// TestDamagedFax changes every byte of a coded picture: no change may panic or hang.
func TestDamagedFax(t *testing.T) {
	for _, kind := range []int{ccittRLE, ccittG3, ccittG4} {
		data := bytes.Repeat([]byte{0x35, 0x9a, 0x00, 0x1a, 0xc7, 0x80}, 30)
		for i := range data {
			changed := bytes.Clone(data)
			changed[i] ^= 0xff
			Decode(file(changed, picture(100, 50, 1, 1, kind, whiteIsZero, len(changed))...), Options{})
		}
	}
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	tags := picture(4, 4, 8, 3, deflate, rgb, 20)
	for _, tt := range []struct {
		data        []byte
		unsupported bool
		says        string
	}{
		{nil, false, "header"},
		{[]byte("II*\x00\xff\xff\xff\x00"), false, "directory at byte"},
		{[]byte("II+\x00\x04\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00"), false, "offsets of 4 bytes"},
		{file(make([]byte, 20), tags...), false, "strip 0"},
		{file(make([]byte, 20), picture(4, 4, 8, 3, 34712, rgb, 20)...), true, "JPEG 2000"},
		{file(make([]byte, 20), picture(4, 4, 8, 3, newJPEG, rgb, 20)...), true, "JPEG"},
		{file(make([]byte, 20), picture(4, 4, 8, 2, uncompressed, rgb, 20)...), false, "2 samples"},
		{file(make([]byte, 20), picture(4, 4, 99, 1, uncompressed, blackIsZero, 20)...), false, "99 bits"},
	} {
		pix, _, err := Decode(tt.data, Options{})
		if pix != nil || err == nil || errors.Is(err, ErrUnsupported) != tt.unsupported || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("got %v, want %q", err, tt.says)
		}
	}
}

// TestManyMissingCounts guesses the ends of a hundred thousand strips in time.
func TestManyMissingCounts(t *testing.T) {
	const strips = 100_000
	one := deflated(t, []byte{1, 2, 3})
	offsets := make([]uint32, strips)
	for i := range offsets {
		offsets[i] = uint32(8 + i%2)
	}
	data := file(one, append(slices.DeleteFunc(picture(1, strips, 8, 3, deflate, rgb, 0), func(t tag) bool {
		return t.number == tagStripOffsets || t.number == tagStripCounts
	}), tag{tagStripOffsets, typeLong, offsets}, tag{tagRowsPerStrip, typeLong, []uint32{1}})...)
	started := time.Now()
	Decode(data, Options{})
	if d := time.Since(started); d > 20*time.Second {
		t.Errorf("took %v", d)
	}
}

func FuzzDecode(f *testing.F) {
	z, err := zip.OpenReader(filepath.Join("..", "testdata", "raster.zip"))
	if err != nil {
		f.Fatal(err)
	}
	for _, entry := range z.File {
		r, err := entry.Open()
		if err != nil {
			f.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			f.Fatal(err)
		}
		if strings.HasSuffix(entry.Name, ".tif") {
			f.Add(data)
		}
	}
	z.Close()
	// A JPEG decoder that gives what the header says.
	jpeg := func(stream []byte, _ bool) (pix []byte, w, h, n int, err error) {
		w, h, n, err = frameSize(stream)
		if err != nil || w*h > 1<<16 {
			return nil, 0, 0, 0, errors.New("no picture")
		}
		return make([]byte, w*h*n), w, h, n, nil
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ReadConfig(data)
		if err != nil || c.Width > 1<<16 || c.Height > 1<<16 || c.Width*c.Height > 1<<16 {
			return
		}
		pix, got, err := Decode(data, Options{JPEG: jpeg})
		if pix == nil && err == nil || pix != nil && (len(pix) != 3*c.Width*c.Height || got != c) {
			t.Errorf("%d bytes for %dx%d, %v", len(pix), got.Width, got.Height, err)
		}
	})
}
