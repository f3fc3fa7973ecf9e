package imaging

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/imaging/metadata"
)

func TestMetadata(t *testing.T) {
	subjects := []string{"beach", "Été", "dog"}
	tests := []struct {
		file        string
		orientation int
		taken       string
		keywords    []string
	}{
		{"meta/dated.jpg", 1, "2021-03-04T05:06:07-08:00", nil},
		{"meta/dated-local.jpg", 1, "2021-03-04T05:06:07", nil},
		{"meta/absurd.jpg", 1, "", nil},
		{"meta/absurd-text.jpg", 1, "", nil},
		{"meta/future.jpg", 1, "", nil},
		{"meta/xmp.jpg", 1, "", subjects},
		{"meta/iptc.jpg", 1, "", []string{"sunset", "dog"}},
		{"meta/both.jpg", 3, "", []string{"dog", "harbour", "beach", "Été"}},
		{"meta/one-subject.jpg", 1, "", []string{"alone"}},
		{"meta/broken-xmp.jpg", 6, "2001-02-03T04:05:06Z", nil},
		{"meta/wild-ifd.jpg", 1, "", subjects},
		{"meta/both.png", 1, "2021-03-04T05:06:07+01:00", subjects},
		{"dated.heic", 1, "2019-06-07T08:09:10+02:00", nil},
		{"dated.avif", 1, "2019-06-07T08:09:10+02:00", nil},
		{"orientation6.heic", 6, "", nil},
		{"orientation7.avif", 7, "", nil},
		{"plain.gif", 1, "", nil},
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
			if got := info.Metadata.Date.String(); got != tt.taken {
				t.Errorf("taken at %q, want %q", got, tt.taken)
			}
			if d := cmp.Diff(tt.keywords, info.Metadata.Keywords); d != "" {
				t.Errorf("keywords (-want +got):\n%s", d)
			}
		})
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

// TestOrientationIsAppliedOnce puts an orientation where it stands in files that other
// programs wrote, twice in some of them, and looks at a corner of the pixels.
func TestOrientationIsAppliedOnce(t *testing.T) {
	exif := "II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x04\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00" // LONG, 6
	xmp := `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
		`<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>`
	eXIf := pngChunk("eXIf", exif)
	profile := pngChunk("tEXt", fmt.Sprintf("Raw profile type exif\x00\nexif\n%8d\n%x\n", len(exif)+6, "Exif\x00\x00"+exif))
	packet := pngChunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00"+xmp)
	src := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	for i := range src.Pix {
		src.Pix[i] = 255
	}
	copy(src.Pix[src.PixOffset(0, 1):], []byte{1, 2, 3}) // bottom left goes to top left
	var file bytes.Buffer
	if err := png.Encode(&file, src); err != nil {
		t.Fatal(err)
	}
	const header = 33 // signature and IHDR
	for name, chunks := range map[string]string{
		"eXIf": eXIf, "raw profile": profile, "XMP": packet, "all of them": eXIf + profile + packet,
	} {
		data := file.String()[:header] + chunks + file.String()[header:]
		img, info, err := Decode([]byte(data), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if info.Orientation != 6 || info.Width != 2 || info.Height != 3 || img.Width != 2 || img.Height != 3 {
			t.Errorf("%s: orientation %d, %dx%d, pixels %dx%d", name, info.Orientation, info.Width, info.Height, img.Width, img.Height)
		}
		if got := img.Pix[:3]; !bytes.Equal(got, []byte{1, 2, 3}) {
			t.Errorf("%s: the top left is %v", name, got)
		}
	}
}

func pngChunk(name, payload string) string {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))
	out = append(append(out, name...), payload...)
	return string(binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:])))
}

// TestMetadataAreReadOnce counts what reading many keywords allocates: a picture that
// was opened to learn its size may not be read for its keywords again.
func TestMetadataAreReadOnce(t *testing.T) {
	var keywords strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&keywords, "<rdf:li>keyword %d</rdf:li>", i)
	}
	xmp := `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
		`<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag>` + keywords.String() +
		`</rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>`
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewNRGBA(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	const header = 33
	data := []byte(file.String()[:header] + pngChunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00"+xmp) + file.String()[header:])
	opening := testing.AllocsPerRun(2, func() { _, _ = Open(data, Limits{}) })
	all := testing.AllocsPerRun(2, func() {
		p, err := Open(data, Limits{})
		if err != nil || len(p.Info.Metadata.Keywords) != metadata.MaxKeywords {
			t.Fatal(err, len(p.Info.Metadata.Keywords))
		}
		if _, _, err := p.Decode(t.Context(), Options{}); err != nil {
			t.Fatal(err)
		}
	})
	if opening < 5000 || all > 1.2*opening {
		t.Errorf("%v allocations to open, %v to decode too", opening, all)
	}
}
