package imaging

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMetadata(t *testing.T) {
	local := func(y int, m time.Month, d, h, min, s int) time.Time {
		return time.Date(y, m, d, h, min, s, 0, time.Local)
	}
	zoned := func(y int, m time.Month, d, h, min, s, hours int) time.Time {
		return time.Date(y, m, d, h, min, s, 0, time.FixedZone("", 3600*hours))
	}
	subjects := []string{"beach", "Été", "dog"}
	tests := []struct {
		file        string
		orientation int
		taken       time.Time
		keywords    []string
	}{
		{"meta/dated.jpg", 1, zoned(2021, 3, 4, 5, 6, 7, -8), nil},
		{"meta/dated-local.jpg", 1, local(2021, 3, 4, 5, 6, 7), nil},
		{"meta/absurd.jpg", 1, time.Time{}, nil},
		{"meta/absurd-text.jpg", 1, time.Time{}, nil},
		{"meta/future.jpg", 1, time.Time{}, nil},
		{"meta/xmp.jpg", 1, time.Time{}, subjects},
		{"meta/iptc.jpg", 1, time.Time{}, []string{"sunset", "dog"}},
		{"meta/both.jpg", 3, time.Time{}, []string{"dog", "harbour", "beach", "Été"}},
		{"meta/one-subject.jpg", 1, time.Time{}, []string{"alone"}},
		{"meta/broken-xmp.jpg", 6, zoned(2001, 2, 3, 4, 5, 6, 0), nil},
		{"meta/wild-ifd.jpg", 1, time.Time{}, subjects},
		{"meta/both.png", 1, zoned(2021, 3, 4, 5, 6, 7, 1), subjects},
		{"dated.heic", 1, zoned(2019, 6, 7, 8, 9, 10, 2), nil},
		{"dated.avif", 1, zoned(2019, 6, 7, 8, 9, 10, 2), nil},
		{"orientation6.heic", 6, time.Time{}, nil},
		{"orientation7.avif", 7, time.Time{}, nil},
		{"plain.gif", 1, time.Time{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			_, info, err := Decode(readSource(t, tt.file), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if info.Orientation != tt.orientation {
				t.Errorf("orientation %d, want %d", info.Orientation, tt.orientation)
			}
			if !info.TakenAt.Equal(tt.taken) {
				t.Errorf("taken at %v, want %v", info.TakenAt, tt.taken)
			}
			if d := cmp.Diff(tt.keywords, info.Keywords); d != "" {
				t.Errorf("keywords (-want +got):\n%s", d)
			}
		})
	}
}

func TestEXIFTime(t *testing.T) {
	tests := []struct {
		date, offset string
		want         string // RFC 3339; "" for the zero time
	}{
		{"2020:02:29 23:59:59", "+05:30", "2020-02-29T23:59:59+05:30"},
		{"2020:02:29 23:59:59\x00", "Z", "2020-02-29T23:59:59Z"},
		{"1826:07:01 12:00:00", "+00:00", "1826-07-01T12:00:00Z"},
		{"2021:02:29 00:00:00", "+00:00", ""},
		{"0001:01:01 00:00:00", "+00:00", ""},
		{"2020:13:01 00:00:00", "+00:00", ""},
		{"    :  :     :  :  ", "", ""},
		{"", "+01:00", ""},
		{"2100:01:01 00:00:00", "+00:00", ""},
	}
	for _, tt := range tests {
		got := exifTime(tt.date, tt.offset)
		if tt.want == "" {
			if !got.IsZero() {
				t.Errorf("%q is %v, want no time", tt.date, got)
			}
			continue
		}
		want, err := time.Parse(time.RFC3339, tt.want)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Equal(want) {
			t.Errorf("%q %q is %v, want %v", tt.date, tt.offset, got, want)
		}
	}
}

func TestOrientIgnoresNonsense(t *testing.T) {
	src := benchPicture(5, 4)
	for _, o := range []int{-1, 0, 1, 9, 65535} {
		if got := orient(src, o); got != src {
			t.Errorf("orientation %d changed the picture", o)
		}
	}
}

// Pixels of every type that a decoder may return must come out alike.
func TestEveryPictureTypeFlattensAlike(t *testing.T) {
	const w, h = 5, 3
	opaqueNRGBA := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range opaqueNRGBA.Pix {
		opaqueNRGBA.Pix[i] = byte(i * 7)
		if i%4 == 3 {
			opaqueNRGBA.Pix[i] = 255
		}
	}
	want := toRGB(opaqueNRGBA)
	rgba, rgba64, nrgba64 := image.NewRGBA(opaqueNRGBA.Rect), image.NewRGBA64(opaqueNRGBA.Rect), image.NewNRGBA64(opaqueNRGBA.Rect)
	for y := range h {
		for x := range w {
			c := opaqueNRGBA.At(x, y)
			rgba.Set(x, y, c)
			rgba64.Set(x, y, c)
			nrgba64.Set(x, y, c)
		}
	}
	for _, m := range []image.Image{rgba, rgba64, nrgba64, unknownImage{opaqueNRGBA}} {
		t.Run(fmt.Sprintf("%T", m), func(t *testing.T) {
			if d := cmp.Diff(want, toRGB(m)); d != "" {
				t.Error(d)
			}
		})
	}
}

// unknownImage hides the concrete type, as a decoder that we do not know would.
type unknownImage struct{ image.Image }

func TestTransparencyIsWhite(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	copy(m.Pix, []byte{200, 100, 50, 0, 200, 100, 50, 128})
	var file bytes.Buffer
	if err := png.Encode(&file, m); err != nil {
		t.Fatal(err)
	}
	got, _, err := Decode(file.Bytes(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	// The second is Pillow 12.3.0's alpha_composite on (255, 255, 255, 255).
	if want := []byte{255, 255, 255, 227, 177, 152}; !bytes.Equal(got.Pix, want) {
		t.Errorf("got %v, want %v", got.Pix, want)
	}
}
