package raw_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/imaging/raw"
	"github.com/sightline/sightline/internal/imaging/raw/rawtest"
)

// shot makes a JPEG of one grey.
func shot(t testing.TB, w, h int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = color.Gray{Y: byte(i)}.Y
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func picture(t testing.TB) rawtest.Picture {
	return rawtest.Picture{
		Width: 90, Height: 60, Orientation: 6, Date: "2021:05:06 07:08:09",
		Preview: shot(t, 84, 56), Thumbnail: shot(t, 16, 12),
	}
}

// makers are all containers that rawtest makes.
var makers = map[string]struct {
	build func(rawtest.Picture) []byte
	kind  raw.Kind
}{
	"CR2": {rawtest.CR2, raw.CR2}, "CR3": {rawtest.CR3, raw.CR3}, "CRW": {rawtest.CRW, raw.CRW},
	"NEF": {rawtest.NEF, raw.NEF}, "old NEF": {rawtest.OldNEF, raw.NEF}, "NRW": {rawtest.NRW, raw.NRW},
	"ARW": {rawtest.ARW, raw.ARW}, "old ARW": {rawtest.OldARW, raw.ARW}, "SR2": {rawtest.SR2, raw.SR2},
	"DNG": {rawtest.DNG, raw.DNG}, "PEF": {rawtest.PEF, raw.PEF}, "SRW": {rawtest.SRW, raw.SRW},
	"ORF": {rawtest.ORF, raw.ORF}, "RW2": {rawtest.RW2, raw.RW2}, "RWL": {rawtest.RWL, raw.RWL},
	"RAF": {rawtest.RAF, raw.RAF}, "MRW": {rawtest.MRW, raw.MRW}, "X3F": {rawtest.X3F, raw.X3F},
}

func TestFindsTheLargestPreview(t *testing.T) {
	for name, m := range makers {
		t.Run(name, func(t *testing.T) {
			p := picture(t)
			data := m.build(p)
			if dir := os.Getenv("RAWTEST_DIR"); dir != "" { // to look at them with other programs
				file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+"."+string(m.kind))
				if err := os.WriteFile(file, data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			f, err := raw.Find(data)
			if err != nil {
				t.Fatal(err)
			}
			if f.Kind != m.kind || f.Orientation != 6 || f.Width != 90 || f.Height != 60 {
				t.Errorf("got %s, orientation %d, %dx%d", f.Kind, f.Orientation, f.Width, f.Height)
			}
			want := p.Preview
			if m.kind == raw.RAF {
				want = rawtest.RAFPreview(p)
			}
			if !bytes.Equal(f.Preview.JPEG(data), want) {
				t.Errorf("the preview is %+v of %d bytes, want one of %d", f.Preview, len(data), len(want))
			}
			if m.kind != raw.CRW && m.kind != raw.X3F && len(f.EXIF) == 0 {
				t.Error("no EXIF block")
			}
		})
	}
}

func TestMarks(t *testing.T) {
	for name, m := range makers {
		data := m.build(picture(t))
		mark, whole := raw.Mark(data[:64]), raw.Sniff(data)
		if want := m.kind; whole != want && !(want == raw.RWL && whole == raw.RW2) {
			t.Errorf("%s is %q", name, whole)
		}
		if mark != raw.NotRaw && mark != whole {
			t.Errorf("%s: 64 bytes are %q, the whole %q", name, mark, whole)
		}
	}
}

// TestOrdinaryTIFFStaysOne: a photo that was developed keeps its camera's name.
func TestOrdinaryTIFFStaysOne(t *testing.T) {
	for _, maker := range []string{"NIKON CORPORATION", "SONY", "Canon", "PENTAX", "SAMSUNG", "Apple"} {
		data := rawtest.TIFF("II*\x00\x00\x00\x00\x00", rawtest.Dir{
			{ID: 256, Value: uint16(2)}, {ID: 257, Value: uint16(1)}, {ID: 258, Value: []uint16{8, 8, 8}}, {ID: 259, Value: uint16(1)},
			{ID: 262, Value: uint16(2)}, {ID: 271, Value: maker}, {ID: 273, Value: rawtest.Blob("abcdef")}, {ID: 277, Value: uint16(3)},
			{ID: 279, Value: uint32(6)}, {ID: 330, Value: rawtest.Dir{{ID: 259, Value: uint16(6)}}},
		})
		if k := raw.Sniff(data); k != raw.NotRaw {
			t.Errorf("%s: %q", maker, k)
		}
		if _, err := raw.Find(data); err == nil {
			t.Errorf("%s: found", maker)
		}
	}
}

func TestNotes(t *testing.T) {
	p := picture(t)
	data := rawtest.CR3(p)
	// A preview that the file cuts off gives way to a whole one, and is reported.
	f, err := raw.Find(data[:len(data)-30])
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(f.Preview.JPEG(data), p.Thumbnail) || f.Larger.Width != 84 {
		t.Errorf("preview %+v, larger %+v", f.Preview, f.Larger)
	}
	// One that no tag leads to is found all the same.
	hidden := append(rawtest.SRW(rawtest.Picture{Width: 90, Height: 60, Preview: p.Thumbnail}), p.Preview...)
	if f, _ = raw.Find(append(hidden, "rest"...)); !bytes.Equal(f.Preview.JPEG(hidden), p.Preview) {
		t.Errorf("preview %+v", f.Preview)
	}
}

// TestLoops: directories that lead to themselves and to each other end.
func TestLoops(t *testing.T) {
	data := rawtest.NEF(picture(t))
	for at := 8; at+4 < len(data); at++ {
		bad := bytes.Clone(data)
		copy(bad[at:], "\x00\x00\x00\x08")
		if _, err := raw.Find(bad); err != nil && raw.Sniff(bad) != raw.NotRaw {
			t.Errorf("at %d: %v", at, err)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, m := range makers {
		f.Add(m.build(picture(f)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := raw.Find(data)
		if (err != nil) != (file.Kind == raw.NotRaw) && err == nil {
			t.Errorf("kind %q, error %v", file.Kind, err)
		}
		check := func(s raw.Span) {
			if s.Offset < 0 || s.Length < 0 || s.Offset+s.Length > len(data) {
				t.Errorf("span %+v of %d bytes", s, len(data))
			}
		}
		check(file.Preview.Span)
		check(file.Larger.Span)
		for _, list := range [][]raw.Span{file.EXIF, file.XMP, file.IPTC} {
			for _, s := range list {
				check(s)
			}
		}
		if file.Strips != nil {
			total := 0
			for _, s := range file.Strips.Parts {
				check(s)
				total += s.Length
			}
			if total > len(data)*len(file.Strips.Parts) {
				t.Errorf("%d bytes of strips", total)
			}
		}
		if file.Orientation < 0 || file.Orientation > 8 {
			t.Errorf("orientation %d", file.Orientation)
		}
	})
}
