package imaging

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// The fuzz targets allow pictures of a few thousand pixels: larger ones cost time
// and find nothing new.
var fuzzLimits = Limits{MaxPixels: 1 << 14, MaxBytes: 1 << 20}

// addSources seeds a target with the small files of every kind.
func addSources(f *testing.F) {
	f.Helper()
	for _, pattern := range []string{"*", filepath.Join("meta", "*")} {
		files, err := filepath.Glob(filepath.Join("testdata", "src", pattern))
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err == nil && len(data) < 6000 { // folders cannot be read
				f.Add(data)
			}
		}
	}
}

func FuzzSniff(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00avifmif1"))
	f.Add([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x28\x00\x00\x00"))
	addSources(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		whole := Sniff(data)
		if head := Sniff(data[:min(len(data), 64)]); head != whole {
			t.Errorf("64 bytes are %q, all of it %q", head, whole)
		}
	})
}

func FuzzReadInfo(f *testing.F) {
	addSources(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := ReadInfo(data, fuzzLimits)
		checkOutcome(t, info, err)
	})
}

func FuzzDecode(f *testing.F) {
	addSources(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if Sniff(data) == FormatJXL {
			// It takes a large WebAssembly instance; its boxes are FuzzReadInfo's.
			return
		}
		img, info, err := Decode(data, Options{Mode: Fast, ShortSide: 8, Limits: fuzzLimits})
		checkOutcome(t, info, err)
		if err == nil && (len(img.Pix) != 3*img.Width*img.Height || img.Width < 1 || img.Height < 1) {
			t.Errorf("%dx%d in %d bytes", img.Width, img.Height, len(img.Pix))
		}
	})
}

// checkOutcome holds what Decode and ReadInfo promise for any bytes at all.
func checkOutcome(t *testing.T, info Info, err error) {
	t.Helper()
	if err != nil {
		if !errors.Is(err, ErrUnknownFormat) && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTooLarge) &&
			!errors.Is(err, ErrUnsupported) {
			t.Errorf("unclassified error: %v", err)
		}
		return
	}
	if info.Width < 1 || info.Height < 1 || int64(info.Width)*int64(info.Height) > fuzzLimits.MaxPixels {
		t.Errorf("size %dx%d", info.Width, info.Height)
	}
	if info.Orientation < 1 || info.Orientation > 8 {
		t.Errorf("orientation %d", info.Orientation)
	}
	if y := info.Metadata.Date.Time.Year(); !info.Metadata.Date.IsZero() && (y < 1826 || y > 2099) {
		t.Errorf("taken at %v", info.Metadata.Date)
	}
}

// FuzzEXIF puts any bytes where a JPEG's EXIF block is. The picture must decode
// whatever they are.
func FuzzEXIF(f *testing.F) {
	for _, name := range []string{"dated.jpg", "absurd.jpg", "wild-ifd.jpg", "both.jpg"} {
		data, err := os.ReadFile(filepath.Join("testdata", "src", "meta", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[12:min(len(data), 200)])
	}
	f.Add([]byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"))
	plain, err := os.ReadFile(filepath.Join("testdata", "src", "size-16x16.jpg"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, block []byte) {
		if len(block) > 60000 {
			return
		}
		payload := append([]byte("Exif\x00\x00"), block...)
		data := append([]byte{0xff, 0xd8, 0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(payload)+2))...)
		data = append(append(data, payload...), plain[2:]...)
		_, info, err := Decode(data, Options{Limits: fuzzLimits})
		if err != nil {
			t.Fatalf("the EXIF block failed the picture: %v", err)
		}
		checkOutcome(t, info, err)
	})
}
