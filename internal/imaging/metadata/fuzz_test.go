package metadata

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func readSidecarFile(t testing.TB) Metadata {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "a.jpg.xmp"))
	if err != nil {
		t.Fatal(err)
	}
	return mustXMP(t, string(data))
}

// checkSane holds what Read promises for any bytes at all.
func checkSane(t *testing.T, m Metadata) {
	t.Helper()
	if m.Orientation < 0 || m.Orientation > 8 || m.Rating < -1 || m.Rating > 5 {
		t.Errorf("orientation %d, rating %d", m.Orientation, m.Rating)
	}
	if y := m.Date.Time.Year(); !m.Date.IsZero() && (y < firstYear || y > lastYear) {
		t.Errorf("date %v", m.Date)
	}
	if m.Date.IsZero() != (m.Date.String() == "") || !m.Date.IsZero() && m.Date.Source == "" {
		t.Errorf("date %+v", m.Date)
	}
	if len(m.Keywords) > MaxKeywords || len(m.Warnings) > maxWarnings {
		t.Errorf("%d keywords, %d warnings", len(m.Keywords), len(m.Warnings))
	}
	seen := make(map[string]bool)
	for _, k := range m.Keywords {
		if k == "" || len(k) > MaxKeywordBytes || !utf8.ValidString(k) || strings.ContainsAny(k, "\x00\n") || seen[fold(k)] {
			t.Errorf("keyword %.80q", k)
		}
		seen[fold(k)] = true
	}
	for _, s := range []string{m.Title, m.Caption, m.Make, m.Model} {
		if len(s) > MaxTextBytes || !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			t.Errorf("text %.80q", s)
		}
	}
	if p := m.Position; p != nil && position(p.Latitude, p.Longitude) == nil {
		t.Errorf("position %+v", p)
	}
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*"))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		if data, err := os.ReadFile(name); err == nil { // folders of found inputs cannot be read
			f.Add(data)
		}
	}
	exif := tiffBlock([]entry{short(tagOrientation, 6)}, []entry{text(tagOriginal, "2003:04:05 06:07:08")},
		[]entry{text(gpsDate, "2003:04:05"), rationals(gpsTime, 1, 1, 2, 1, 3, 1)})
	packet := packetOf(bag("dc:subject", "beach"))
	f.Add(exif)
	f.Add(pngOf(chunk("eXIf", exif), iTXt(keyXMP, packet, true), tEXt("Raw profile type exif", profileOf("exif", exif))))
	f.Add(riff("EXIF", string(exif), "XMP ", packet))
	f.Add(heif(exif, []byte(packet)))
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00aaabbb!\xff\x0bXMP DataXMP" + packet + strings.Repeat("\x01", 300) + "\x00;"))
	f.Add(append([]byte("8BPS"), make([]byte, 60)...))
	f.Fuzz(func(t *testing.T, data []byte) { checkSane(t, Read(data)) })
}

func FuzzEXIF(f *testing.F) {
	f.Add(tiffBlock([]entry{short(tagOrientation, 6), raw(tagXPKeywords, 1, utf16LE("a;b")...)},
		[]entry{text(tagOriginal, "2003:04:05 06:07:08"), raw(tagUserComment, 7, []byte("UNICODE\x00a\x00")...)},
		[]entry{rationals(gpsLatitude, 1, 1, 2, 1, 3, 1), rationals(gpsLongitude, 1, 1, 2, 1, 3, 1)}))
	f.Add([]byte("II+\x00\x08\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x12\x01\x03\x00\x01\x00\x00\x00\x00\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, block []byte) {
		for _, kind := range []ifdKind{ifdMain, ifdExif, ifdGPS} {
			var c collector
			c.exif(block, kind)
			checkSane(t, c.metadata())
		}
	})
}

func FuzzIPTC(f *testing.F) {
	f.Add(append(dataset(iptcCharset, "\x1b%G"), dataset(iptcKeywords, "dänemark")...))
	f.Add(append(dataset(iptcDateCreated, "20030303"), dataset(iptcTimeCreated, "030303+0200")...))
	f.Fuzz(func(t *testing.T, block []byte) {
		var c collector
		c.iptcBlock(block)
		c.photoshop(block)
		c.photoshop(resource(resourceIPTC, block))
		checkSane(t, c.metadata())
	})
}

func FuzzXMP(f *testing.F) {
	f.Add(packetOf(bag("dc:subject", "beach") + bag("lr:hierarchicalSubject", "a|b") + `<xmp:Rating>3</xmp:Rating>`))
	f.Add(packetOf(`<exif:GPSLatitude>57,43.5N</exif:GPSLatitude><exif:GPSLongitude>10,36,18W</exif:GPSLongitude>`))
	f.Add("&#xd800;<a b='&#0;'>\xff")
	f.Fuzz(func(t *testing.T, packet string) {
		m, _ := ReadSidecar([]byte(packet))
		checkSane(t, m)
	})
}

func FuzzDate(f *testing.F) {
	for _, s := range []string{"2003:04:05 06:07:08.25+09:00", "1965-07", "20140112T135855Z", "Sun, 12 Jan 2014 13:58:55 +0100"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := parseTextDate(s)
		if ok != (d.Precision != 0) {
			t.Fatalf("%q: %v %+v", s, ok, d)
		}
		if !ok {
			return
		}
		again, ok := ParseDate(d.String()) // what is written must read as it is
		again.Source = d.Source
		if !ok || again != d {
			t.Errorf("%q: %+v reads back as %+v", s, d, again)
		}
	})
}
