//go:build cgo && !nolibjpeg

package imaging

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// TestJPEGWithoutEnd reads files without their last two bytes, which change nothing.
func TestJPEGWithoutEnd(t *testing.T) {
	for _, name := range []string{"420.jpg", "422.jpg", "444.jpg", "grey.jpg", "cmyk.jpg", "restarts.jpg", "progressive-420.jpg", "progressive-444.jpg"} {
		data := readSource(t, name)
		for _, o := range []Options{{}, {Mode: Fast, ShortSide: 8}} {
			whole, info, err := Decode(data, o)
			if err != nil || info.Damage != "" {
				t.Fatalf("%s: %v, %q", name, err, info.Damage)
			}
			for cut := 1; cut <= 2; cut++ {
				img, info, err := Decode(data[:len(data)-cut], o)
				if err != nil {
					t.Errorf("%s without %d bytes: %v", name, cut, err)
					continue
				}
				if info.Damage != "the file has no end marker" || !bytes.Equal(img.Pix, whole.Pix) {
					t.Errorf("%s without %d bytes: %q, mean difference %.2f", name, cut, info.Damage, meanDifference(img, whole))
				}
			}
		}
	}
}

// TestCutJPEG cuts files at every permille. What is shown is at least four fifths
// there, in the order of the file, and says that it is not whole.
func TestCutJPEG(t *testing.T) {
	for _, name := range []string{"420.jpg", "444.jpg", "grey.jpg", "cmyk.jpg", "restarts.jpg"} {
		data := readSource(t, name)
		whole, _, err := Decode(data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		shown, refused, row := 0, 0, 3*whole.Width
		for n := 1; n < 1000; n++ {
			img, info, err := Decode(data[:len(data)*n/1000], Options{})
			if err != nil {
				refused++
				if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnknownFormat) {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			shown++
			right := 0
			for right < whole.Height && bytes.Equal(img.Pix[right*row:(right+1)*row], whole.Pix[right*row:(right+1)*row]) {
				right++
			}
			// A row of blocks is 16 rows, and the row above takes colour from it.
			if right+17 < whole.Height*8/10 || info.Damage == "" {
				t.Errorf("%s, %d permille: %d of %d rows, %q", name, n, right, whole.Height, info.Damage)
			}
		}
		if shown < 50 || refused < 500 {
			t.Errorf("%s: shown %d times, refused %d times", name, shown, refused)
		}
	}
}

// TestEarlyEndIsNoPicture has an end marker in the middle, which libjpeg fills up
// with grey and says nothing.
func TestEarlyEndIsNoPicture(t *testing.T) {
	data := readSource(t, "420.jpg")
	cut := append(slices.Clone(data[:len(data)/2]), 0xff, 0xd9)
	if img, _, err := Decode(cut, Options{}); img != nil || !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "missing") {
		t.Errorf("half a picture: %v", err)
	}
}

// scansOf splits a JPEG into what comes before its first scan, and its scans with
// the tables before each.
func scansOf(t *testing.T, data []byte) (head []byte, scans [][]byte) {
	t.Helper()
	at, from := 2, 0
	for at+4 <= len(data) {
		code := data[at+1]
		if data[at] != 0xff || code == 0xd9 {
			break
		}
		n := 2 + int(binary.BigEndian.Uint16(data[at+2:]))
		if code == 0xc4 && from == 0 || code == 0xda && from == 0 {
			head, from = data[:at], at
		}
		at += n
		if code != 0xda {
			continue
		}
		for at+1 < len(data) && (data[at] != 0xff || data[at+1] == 0) {
			at++
		}
		scans = append(scans, data[from:at])
		from = at
	}
	return head, scans
}

// TestCutProgressive shows a picture as soon as every component has its coarse form.
func TestCutProgressive(t *testing.T) {
	for _, name := range []string{"progressive-420.jpg", "progressive-444.jpg"} {
		data := readSource(t, name)
		whole, _, err := Decode(data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		head, scans := scansOf(t, data)
		if len(scans) < 5 {
			t.Fatalf("%s: %d scans", name, len(scans))
		}
		base := len(head) + len(scans[0])
		for n := range data {
			img, info, err := Decode(data[:n], Options{})
			if (err == nil) != (n >= base) && n != base-1 && n != base-2 {
				t.Errorf("%s, %d bytes, of which %d are the coarse form: %v", name, n, base, err)
			}
			if err == nil && (info.Damage == "" || meanDifference(img, whole) > 30) {
				t.Errorf("%s, %d bytes: damage %q, mean difference %.1f", name, n, info.Damage, meanDifference(img, whole))
			}
		}
		for n := range len(scans) {
			cut := slices.Concat(slices.Concat([][]byte{head}, scans[:n])...)
			img, info, err := Decode(cut, Options{})
			if n == 0 {
				if err == nil {
					t.Errorf("%s: no scan is a picture", name)
				}
				continue
			}
			if err != nil || info.Damage == "" {
				t.Errorf("%s, %d of %d scans: %v, %q", name, n, len(scans), err, info.Damage)
			} else if d := meanDifference(img, whole); d > 30 {
				t.Errorf("%s, %d of %d scans: mean difference %.1f", name, n, len(scans), d)
			}
			// The first scan has the DC coefficients of all components here.
			if n == 1 {
				if _, _, err := Decode(cut[:len(cut)-len(scans[0])/3], Options{}); !errors.Is(err, ErrCorrupt) {
					t.Errorf("%s without a part of the coarse form: %v", name, err)
				}
			}
		}
	}
}

// TestManyScans repeats a scan until nobody needs it.
func TestManyScans(t *testing.T) {
	head, scans := scansOf(t, readSource(t, "progressive-420.jpg"))
	last := scans[len(scans)-1]
	file := func(n int) []byte {
		all := append([][]byte{head}, scans...)
		for len(all)-1 < n {
			all = append(all, last)
		}
		return append(slices.Concat(all...), 0xff, 0xd9)
	}
	if _, _, err := Decode(file(150), Options{}); err != nil {
		t.Errorf("150 scans: %v", err)
	}
	if _, _, err := Decode(file(250), Options{}); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "too many scans") {
		t.Errorf("250 scans: %v", err)
	}
}

// TestScansTimesPixels has fewer scans, of a large picture.
func TestScansTimesPixels(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	head, scans := scansOf(t, readSource(t, "progressive-420.jpg"))
	head = slices.Clone(head)
	at := bytes.Index(head, []byte{0xff, 0xc2})
	binary.BigEndian.PutUint16(head[at+5:], 6000)
	binary.BigEndian.PutUint16(head[at+7:], 6000)
	// The coarse form of all of it: zeros are codes, too.
	all := append([][]byte{head, scans[0], make([]byte, 1<<20)}, scans[1:]...)
	for range 120 {
		all = append(all, scans[len(scans)-1])
	}
	_, _, err := Decode(append(slices.Concat(all...), 0xff, 0xd9), Options{})
	if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "too many scans for 6000x6000 pixels") {
		t.Errorf("got %v", err)
	}
}

func TestJPEGClaims(t *testing.T) {
	for _, tt := range []struct {
		name   string
		marker byte
		fill   int
		want   error
	}{
		{"baseline", 0xc0, 0, ErrCorrupt},
		{"progressive", 0xc2, 0, ErrCorrupt},
		{"progressive with data", 0xc2, 800_000, ErrTooLarge},
		{"lossless", 0xc3, 0, ErrUnsupported},
		{"hierarchical", 0xc5, 0, ErrUnsupported},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := slices.Clone(readSource(t, "444.jpg"))
			at := bytes.Index(data, []byte{0xff, 0xc0})
			data[at+1] = tt.marker
			binary.BigEndian.PutUint16(data[at+5:], 20000)
			binary.BigEndian.PutUint16(data[at+7:], 20000)
			_, _, err := Decode(append(data, make([]byte, tt.fill)...), Options{Limits: Limits{MaxMemory: math.MaxInt64}})
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	data := slices.Clone(readSource(t, "444.jpg"))
	data[bytes.Index(data, []byte{0xff, 0xc0})+4] = 12
	if _, err := ReadInfo(data, Limits{}); !errors.Is(err, ErrUnsupported) || errors.Is(err, ErrCorrupt) {
		t.Errorf("12 bits: %v", err)
	}
}

// TestCorruptCodesAreTold changes bytes in the middle: libjpeg goes on, and says so.
func TestCorruptCodesAreTold(t *testing.T) {
	data := readSource(t, "restarts.jpg")
	told := 0
	for i := range 40 {
		changed := slices.Clone(data)
		at := len(data)/2 + 37*i
		changed[at], changed[at+1] = 0x5a, 0xa5
		_, info, err := Decode(changed, Options{})
		if err == nil && info.Damage != "" {
			told++
		}
	}
	if told == 0 {
		t.Error("no damage was reported in 40 changed files")
	}
}
