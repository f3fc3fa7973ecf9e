package hostile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// file is one of the corpus.
type file struct {
	name string
	data []byte
}

// heavy formats have codecs in WebAssembly, an instance for each file: fewer are made.
var heavy = []string{".heic", ".avif", ".jxl"}

// samples are small sound files of each format, from the tests of the formats' packages.
func samples(t *testing.T) map[string][]file {
	t.Helper()
	out := map[string][]file{}
	err := filepath.WalkDir("..", func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.Contains(path, "testdata") {
			return err
		}
		ext := strings.ToLower(filepath.Ext(path))
		info, err := e.Info()
		if err != nil || info.Size() > 40_000 || info.Size() < 30 || !slices.Contains([]string{
			".png", ".jpg", ".tif", ".gif", ".bmp", ".webp", ".psd", ".heic", ".avif", ".jxl"}, ext) {
			return err
		}
		most := 14
		if slices.Contains(heavy, ext) {
			most = 4
		}
		if len(out[ext]) >= most {
			return nil
		}
		data, err := os.ReadFile(path)
		out[ext] = append(out[ext], file{filepath.ToSlash(path), data})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 9 {
		t.Fatalf("there are samples of %d formats", len(out))
	}
	return out
}

// corpus makes the broken and malicious files, the same ones each time.
func corpus(t *testing.T) []file {
	t.Helper()
	rng := rand.New(rand.NewPCG(17, 3))
	all := samples(t)
	var out []file
	exts := make([]string, 0, len(all))
	for ext := range all {
		exts = append(exts, ext)
	}
	slices.Sort(exts)
	for _, ext := range exts {
		times := 5
		if slices.Contains(heavy, ext) {
			times = 2
		}
		for _, f := range all[ext] {
			for i := range times {
				out = append(out, mutations(rng, f, all, exts, i)...)
			}
		}
	}
	return append(out, crafted()...)
}

// mutations spoils a sound file in each of some ways.
func mutations(rng *rand.Rand, f file, all map[string][]file, exts []string, round int) []file {
	n := len(f.data)
	change := func(what string, edit func(b []byte) []byte) file {
		return file{fmt.Sprintf("%s: %s %d", f.name, what, round), edit(bytes.Clone(f.data))}
	}
	other := all[exts[rng.IntN(len(exts))]]
	second := other[rng.IntN(len(other))].data
	return []file{
		change("cut", func(b []byte) []byte { return b[:n*(round+1)/7] }),
		change("cut near its end", func(b []byte) []byte { return b[:n-1-rng.IntN(min(n-1, 20))] }),
		change("flipped bits", func(b []byte) []byte {
			for range 1 + rng.IntN(8) {
				b[rng.IntN(n)] ^= 1 << rng.IntN(8)
			}
			return b
		}),
		change("lying header", func(b []byte) []byte { // sizes and counts lie near the beginning
			at := 2 + rng.IntN(min(n-6, 120))
			copy(b[at:], [][]byte{{0xff, 0xff, 0xff, 0xff}, {0x7f, 0xff, 0xff, 0xff}, {0, 0, 0, 0}, {0x80, 0, 0, 0}, {0xff, 0xff}}[rng.IntN(5)])
			return b
		}),
		change("a part of zeros", func(b []byte) []byte {
			at := rng.IntN(n)
			clear(b[at:min(n, at+1+rng.IntN(400))])
			return b
		}),
		change("a part again and again", func(b []byte) []byte {
			at := rng.IntN(n)
			part := b[at:min(n, at+1+rng.IntN(200))]
			return slices.Concat(b[:at], bytes.Repeat(part, 50), b[at:])
		}),
		change("polyglot", func(b []byte) []byte { return append(b, second...) }),
		change("body of another", func(b []byte) []byte {
			head := min(n, 16+rng.IntN(64))
			return append(b[:head:head], second[min(head, len(second)):]...)
		}),
	}
}

func chunk(kind string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

func deflated(n int) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	block := make([]byte, 1<<16)
	for ; n > 0; n -= len(block) {
		w.Write(block)
	}
	w.Close()
	return b.Bytes()
}

func pngOf(width, height uint32, depth, kind, interlace byte, more ...[]byte) []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	h := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	b = append(b, chunk("IHDR", append(h, depth, kind, 0, 0, interlace))...)
	return append(append(b, slices.Concat(more...)...), chunk("IEND", nil)...)
}

func jpegOf(segments ...[]byte) []byte {
	b := []byte{0xff, 0xd8}
	for _, s := range segments {
		b = append(b, s...)
	}
	return append(b, 0xff, 0xd9)
}

func segment(marker byte, data []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(data)+2)), data...)
}

// directories is TIFF's structure with an entry count and a next directory that lead in a
// circle, or far outside.
func directories(order binary.AppendByteOrder, entries int, next uint32, tag uint16, value uint32) []byte {
	b := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		b = []byte("MM\x00*")
	}
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, uint16(entries))
	for range min(entries, 4000) {
		b = order.AppendUint16(order.AppendUint16(b, tag), 4)
		b = order.AppendUint32(order.AppendUint32(b, 1), value)
	}
	return order.AppendUint32(b, next)
}

// crafted are files that no mutation comes by.
func crafted() []file {
	var out []file
	add := func(name string, data []byte) { out = append(out, file{name, data}) }
	for _, size := range []uint32{1 << 15, 22_000, 1 << 20, 1<<31 - 1} {
		for _, interlace := range []byte{0, 1} {
			for _, kind := range []byte{0, 2, 3, 6} {
				add(fmt.Sprintf("png bomb %d %d %d", size, kind, interlace), pngOf(size, size, 8, kind, interlace, chunk("IDAT", deflated(1<<20))))
			}
		}
	}
	laughs := `<!DOCTYPE x [<!ENTITY a "ha">`
	for c := 'b'; c < 'p'; c++ {
		laughs += fmt.Sprintf(`<!ENTITY %c "%s">`, c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 20))
	}
	laughs += `]><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag><rdf:li>&o;</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>`
	deep := strings.Repeat("<a>", 200_000)
	many := `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag>` + strings.Repeat("<rdf:li>k</rdf:li>", 150_000) + `</rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>`
	for name, xmp := range map[string]string{"entities": laughs, "depth": deep, "keywords": many, "text": strings.Repeat("x", 4<<20)} {
		text := append([]byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00"), xmp...)
		add("png with XMP of "+name, pngOf(4, 4, 8, 0, 0, chunk("iTXt", text), chunk("IDAT", deflated(20))))
		add("jpeg with XMP of "+name, jpegOf(segment(0xe1, append([]byte("http://ns.adobe.com/xap/1.0/\x00"), xmp[:min(len(xmp), 65_000)]...))))
	}
	add("png with a profile bomb", pngOf(4, 4, 8, 2, 0, chunk("iCCP", append([]byte("p\x00\x00"), deflated(256<<20)...)), chunk("IDAT", deflated(64))))
	add("png with a text bomb", pngOf(4, 4, 8, 2, 0, chunk("zTXt", append([]byte("Comment\x00\x00"), deflated(256<<20)...)), chunk("IDAT", deflated(64))))
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, next := range []uint32{8, 0xffffffff, 0x7fffffff, 10} {
			for _, tag := range []uint16{0x8769, 0x8825, 0x014a, 0x0100, 0x0111, 0x927c} {
				d := directories(order, 3000, next, tag, 8)
				add(fmt.Sprintf("tiff in a circle %x %x", next, tag), d)
				add(fmt.Sprintf("jpeg with EXIF in a circle %x %x", next, tag), jpegOf(segment(0xe1, append([]byte("Exif\x00\x00"), d...))))
			}
		}
	}
	app := segment(0xe2, append([]byte("ICC_PROFILE\x00\x01\xff"), make([]byte, 65_000)...))
	add("jpeg with 200 pieces of a profile", jpegOf(bytes.Repeat(app, 200)))
	add("jpeg of empty segments", jpegOf(bytes.Repeat(segment(0xfe, nil), 300_000)))
	add("jpeg of fill bytes", append([]byte{0xff, 0xd8}, bytes.Repeat([]byte{0xff}, 4<<20)...))
	frame := "!\xf9\x04\x00\x00\x00\x00\x00,\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02\x44\x01\x00"
	add("gif of 100,000 large frames", []byte("GIF89a\xff\xff\xff\xff\xf0\x00\x00\x00\x00\x00\xff\xff\xff"+strings.Repeat(frame, 100_000)+";"))
	add("webp of lying sizes", []byte("RIFF\xff\xff\xff\xffWEBPVP8L\xff\xff\xff\x7f\x2f\xff\xff\xff\xff"))
	add("bmp of lying sizes", append([]byte("BM\xff\xff\xff\xff\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00\xff\xff\xff\x7f\xff\xff\xff\x7f\x01\x00\x18\x00"), make([]byte, 64)...))
	add("psd of lying sizes", []byte("8BPS\x00\x01\x00\x00\x00\x00\x00\x00\x00\x38\x00\x00\x75\x30\x00\x00\x75\x30\x00\x10\x00\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x01"))
	add("heic of nested boxes", append([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), bytes.Repeat([]byte("\x00\x0f\xff\xffmeta\x00\x00\x00\x00"), 50_000)...))
	add("avif of one endless box", []byte("\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif\x00\x00\x00\x01mdat\xff\xff\xff\xff\xff\xff\xff\xff"))
	return out
}
