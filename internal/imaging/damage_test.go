package imaging

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// pngClaiming is a PNG header that claims a size and brings almost no data.
func pngClaiming(width, height uint32) []byte {
	ihdr := []byte("IHDR\x00\x00\x00\x00\x00\x00\x00\x00\x08\x02\x00\x00\x00")
	binary.BigEndian.PutUint32(ihdr[4:], width)
	binary.BigEndian.PutUint32(ihdr[8:], height)
	out := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	out = append(out, ihdr...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(ihdr))
	return append(out, "\x00\x00\x00\x04IDAT\x78\x9c\x00\x00\x00\x00\x00\x00"...)
}

// claiming patches the size in a real file's header.
func claiming(t *testing.T, file string, find []byte, skip int, size []byte) []byte {
	t.Helper()
	data := slices.Clone(readSource(t, file))
	at := bytes.Index(data, find)
	if at < 0 {
		t.Fatalf("%s: no %q", file, find)
	}
	copy(data[at+skip:], size)
	return data
}

func TestHugeClaimsAllocateNothing(t *testing.T) {
	tests := map[string][]byte{
		"png 60000x60000": pngClaiming(60000, 60000),
		"png 2^31-1":      pngClaiming(1<<31-1, 1<<31-1),
		"jpeg 65500x65500": claiming(t, "420.jpg", []byte("\xff\xc0"), 5,
			[]byte{0xff, 0xdc, 0xff, 0xdc}),
		"gif 65535x65535": claiming(t, "plain.gif", []byte("GIF8"), 6, []byte{0xff, 0xff, 0xff, 0xff}),
		"webp canvas 2^24": claiming(t, "animated.webp", []byte("VP8X"), 12,
			[]byte{0xff, 0xff, 0x7f, 0xff, 0xff, 0x7f}),
		// A lossless picture of one colour needs no more bytes than that.
		"webp 16383x16383": []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0e\x00\x00\x00\x2f\xfe\xbf\xff\x0f\x88\x88\x08\x00\x00\x00\x00\x00\x00"),
		"bmp 10^5x10^5":    claiming(t, "rgb.bmp", []byte("BM"), 18, []byte{0xa0, 0x86, 1, 0, 0xa0, 0x86, 1, 0}),
		"heic 2^29":        claiming(t, "dated.heic", []byte("ispe"), 8, []byte{0x20, 0, 0, 0, 0x20, 0, 0, 0}),
		"avif 2^29":        claiming(t, "dated.avif", []byte("ispe"), 8, []byte{0x20, 0, 0, 0, 0x20, 0, 0, 0}),
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := Decode(data, Options{})
			runtime.ReadMemStats(&after)
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("error %v, want ErrTooLarge", err)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
				t.Errorf("allocated %d bytes", n)
			}
		})
	}
}

// TestClaimsWithoutDataAllocateNothing has sizes below the limits that so few bytes
// cannot be worth.
func TestClaimsWithoutDataAllocateNothing(t *testing.T) {
	side := []byte{0x20, 0x4e} // 20000, the lowest byte first
	tests := map[string][]byte{
		"png":           pngClaiming(20000, 20000),
		"webp lossless": claiming(t, "lossless.webp", []byte("VP8L"), 9, []byte{0xff, 0xff, 0xff}),
		"webp canvas":   claiming(t, "animated.webp", []byte("VP8X"), 12, []byte{0x20, 0x4e, 0, 0x20, 0x4e, 0}),
		"gif screen":    claiming(t, "plain.gif", []byte("GIF8"), 6, append(side, side...)),
		"bmp":           claiming(t, "rgb.bmp", []byte("BM"), 18, []byte{0x20, 0x4e, 0, 0, 0x20, 0x4e, 0, 0}),
		"jpeg":          claiming(t, "420.jpg", []byte("\xff\xc0"), 5, []byte{0x4e, 0x20, 0x4e, 0x20}),
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			img, _, err := Decode(data, Options{})
			runtime.ReadMemStats(&after)
			if img != nil || !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTooLarge) {
				t.Errorf("got %v", err)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
				t.Errorf("allocated %d bytes", n)
			}
		})
	}
}

func TestLimitsAreTheCallers(t *testing.T) {
	data := readSource(t, "rgb.png") // 61x47
	tests := []struct {
		name string
		l    Limits
		want error
	}{
		{"exactly enough pixels", Limits{MaxPixels: 61 * 47}, nil},
		{"one pixel short", Limits{MaxPixels: 61*47 - 1}, ErrTooLarge},
		{"exactly enough bytes", Limits{MaxBytes: int64(len(data))}, nil},
		{"one byte short", Limits{MaxBytes: int64(len(data)) - 1}, ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ReadInfo(data, tt.l); !errors.Is(err, tt.want) {
				t.Errorf("ReadInfo: %v, want %v", err, tt.want)
			}
			if _, _, err := Decode(data, Options{Limits: tt.l}); !errors.Is(err, tt.want) {
				t.Errorf("Decode: %v, want %v", err, tt.want)
			}
		})
	}
}

func TestNotPictures(t *testing.T) {
	tests := map[string]string{
		"empty":            "",
		"one byte":         "\xff",
		"text":             "This is a text that somebody named holiday.jpg.\n",
		"text like a bmp":  "BMW makes cars, and this is a text about them.",
		"html":             "<!DOCTYPE html><title>404</title>",
		"half a signature": "\x89PNG\r\n",
		"mp4":              "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom",
		"riff but no webp": "RIFF\x24\x00\x00\x00WAVEfmt ",
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			img, _, err := Decode([]byte(data), Options{})
			if img != nil || !errors.Is(err, ErrUnknownFormat) {
				t.Errorf("got %v, %v; want ErrUnknownFormat", img, err)
			}
		})
	}
}

// TestTruncatedFiles cuts one file of each kind at many places. No cut may give a
// picture that counts as whole, panic or any other error than ErrCorrupt; and a
// picture is only given if all but a fifth of it is the whole picture's.
func TestTruncatedFiles(t *testing.T) {
	// What a cut leaves intact: pixels that end before the file does, such as those
	// before a JPEG's end marker or a PNG's last chunk.
	spare := map[string]int{
		"420.jpg": 0, "progressive-420.jpg": 0, "restarts.jpg": 0, "grey.jpg": 0, "cmyk.jpg": 0, "rgb.png": 0, "rgba-interlaced.png": 0,
		"plain.gif": 0, "lossy.webp": 0, "lossless.webp": 1, "rgb.bmp": 1, "rgb.tif": 0, "rgb-lzw.tif": 24, "rgb-deflate.tif": 17,
		"clap.heic": 0, "alpha.avif": 0,
	}
	for name, tail := range spare {
		t.Run(name, func(t *testing.T) {
			data := readSource(t, name)
			whole, _, err := Decode(data, Options{})
			if err != nil {
				t.Fatal(err)
			}
			step := max(len(data)/29, 1)
			if strings.HasSuffix(name, ".heic") || strings.HasSuffix(name, ".avif") {
				step = max(len(data)/5, 1) // each costs a WebAssembly instance
			}
			for n := 1; n < len(data)-tail; n += step {
				img, info, err := Decode(data[:n], Options{})
				switch {
				case err == nil && info.Damage == "":
					t.Errorf("%d of %d bytes gave a picture of %dx%d", n, len(data), img.Width, img.Height)
				case err == nil:
					checkMostlyThere(t, name, n, img, whole)
				case !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnknownFormat):
					t.Errorf("%d of %d bytes: %v", n, len(data), err)
				}
			}
		})
	}
}

// checkMostlyThere compares a damaged picture with the whole one: by rows that are
// equal, or where detail comes in scans, by how far the pixels are on average.
func checkMostlyThere(t *testing.T, name string, n int, got, whole *RGB) {
	t.Helper()
	if got.Width != whole.Width || got.Height != whole.Height {
		t.Fatalf("%d bytes: %dx%d, whole %dx%d", n, got.Width, got.Height, whole.Width, whole.Height)
	}
	if strings.Contains(name, "progressive") || strings.Contains(name, "interlaced") {
		if d := meanDifference(got, whole); d > 25 {
			t.Errorf("%d bytes: mean difference %.1f levels", n, d)
		}
		return
	}
	equal, row := 0, 3*got.Width
	for y := range got.Height {
		if string(got.Pix[y*row:(y+1)*row]) == string(whole.Pix[y*row:(y+1)*row]) {
			equal++
		}
	}
	// The filler begins inside a row of blocks, and colours bleed into the row above.
	if slack := 17; equal < got.Height*8/10-slack {
		t.Errorf("%d bytes: %d of %d rows are those of the whole picture", n, equal, got.Height)
	}
}

func TestDamagedAVIFIsNoPicture(t *testing.T) {
	for _, name := range []string{"orientation1.avif", "alpha.avif"} {
		data := slices.Clone(readSource(t, name))
		at := bytes.Index(data, []byte("mdat"))
		clear(data[at+4:])
		if _, _, err := Decode(data, Options{}); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s without its data: %v, want ErrCorrupt", name, err)
		}
	}
}

func TestPanicsBecomeErrors(t *testing.T) {
	c := codec{
		format: FormatBMP,
		header: func([]byte) (header, error) { panic("header") },
		decode: func([]byte, header, Options) (*RGB, error) { panic("pixels") },
	}
	if _, err := c.readHeader(nil); !errors.Is(err, ErrCorrupt) {
		t.Errorf("header: %v", err)
	}
	if img, _, err := c.pixels(nil, header{}, Options{}); img != nil || !errors.Is(err, ErrCorrupt) {
		t.Errorf("pixels: %v, %v", img, err)
	}
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	data := readSource(t, "420.jpg")
	_, _, err := Decode(data[:len(data)/2], Options{})
	if err == nil || err.Error() != "decode jpeg: picture is damaged: the file is truncated: 44.4 % of the rows are missing" &&
		JPEGDecoder == "libjpeg-turbo" {
		t.Errorf("got %v", err)
	}
}

func TestSniff(t *testing.T) {
	files, err := os.ReadDir(filepath.Join("testdata", "src"))
	if err != nil {
		t.Fatal(err)
	}
	byExtension := map[string]Format{
		".jpg": FormatJPEG, ".png": FormatPNG, ".gif": FormatGIF, ".webp": FormatWebP, ".bmp": FormatBMP,
		".tif": FormatTIFF, ".heic": FormatHEIC, ".avif": FormatAVIF,
	}
	for _, f := range files {
		if f.IsDir() {
			continue
		}
		data := readSource(t, f.Name())
		if got, want := Sniff(data[:min(64, len(data))]), byExtension[filepath.Ext(f.Name())]; got != want {
			t.Errorf("%s is %q, want %q", f.Name(), got, want)
		}
		if !KnownExtension(f.Name()) {
			t.Errorf("%s: extension is not known", f.Name())
		}
	}
	for head, want := range map[string]Format{
		"II*\x00\x08\x00\x00\x00": FormatTIFF, "MM\x00*\x00\x00\x00\x08": FormatTIFF,
		"II+\x00\x08\x00\x00\x00": FormatTIFF, "MM\x00+\x00\x08\x00\x00": FormatTIFF,
		"MM*\x00\x00\x00\x00\x08": FormatTIFF, "II\x00*\x08\x00\x00\x00": FormatTIFF,
		"IIU\x00\x08\x00\x00\x00": "rw2", "II*": FormatUnknown, "MMXX\x00\x00\x00\x08": FormatUnknown,
		"BM\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7c\x00\x00\x00": FormatBMP,
		"BM\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00": FormatBMP,
		"BM\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7d\x00\x00\x00": FormatUnknown,
		"GIF87a": FormatGIF, "GIF89a": FormatGIF, "GIF88a": FormatUnknown, "\x89PNG\r\n\x1a\n": FormatPNG, "\xff\xd8\xff": FormatJPEG,
	} {
		if got := Sniff([]byte(head)); got != want {
			t.Errorf("%q is %q, want %q", head, got, want)
		}
	}
	// The codec decides, not the generic brand that may come first.
	brands := map[string]Format{
		"mif1\x00\x00\x00\x00avifmif1": FormatAVIF, "mif1\x00\x00\x00\x00heicmif1": FormatHEIC,
		"msf1\x00\x00\x00\x00hevcmsf1": FormatHEIC, "mif2\x00\x00\x00\x00mif2miaf": FormatHEIC,
		"jpeg\x00\x00\x00\x00jpegmif1": FormatHEIC, "avis\x00\x00\x00\x00msf1avif": FormatAVIF,
		"mif1\x00\x00\x00\x00miafmif1": FormatHEIC, "isom\x00\x00\x00\x00iso2avc1": FormatUnknown,
	}
	for b, want := range brands {
		if got := Sniff([]byte("\x00\x00\x00\x18ftyp" + b)); got != want {
			t.Errorf("brands %q are %q, want %q", b, got, want)
		}
	}
}

func TestKnownExtension(t *testing.T) {
	for name, want := range map[string]bool{
		"a.JPG": true, "a.b.jpeg": true, "x.jpe": true, "x.JfIf": true, "x.TIFF": true, "x.hif": true, "x.heif": true, "x.heics": true,
		"x": false, "jpg": false, "x.jpg.txt": false, "x.": false, "": false, ".png": true, "x.svg": false, "x.mp4": false,
	} {
		if got := KnownExtension(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
