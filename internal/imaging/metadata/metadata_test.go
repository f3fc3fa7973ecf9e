package metadata

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestEveryContainer puts the same blocks into each container.
func TestEveryContainer(t *testing.T) {
	exif := tiffBlock([]entry{text(tagMake, "Maker"), short(tagOrientation, 6)}, []entry{text(tagOriginal, "2003:04:05 06:07:08")}, nil)
	packet := packetOf(bag("dc:subject", "beach"))
	iptc := dataset(iptcKeywords, "dog")
	want := Metadata{Orientation: 6, Make: "Maker", Keywords: []string{"beach"}}
	withIPTC := want
	withIPTC.Keywords = []string{"dog", "beach"}
	tiff := tiffBlock([]entry{text(tagMake, "Maker"), short(tagOrientation, 6), raw(tagXMP, 1, []byte(packet)...),
		raw(tagIPTC, 7, iptc...)}, []entry{text(tagOriginal, "2003:04:05 06:07:08")}, nil)
	extended := fmt.Appendf(nil, "%032d", 7)
	extended = binary.BigEndian.AppendUint32(extended, uint32(len(packet)))
	extended = append(append(extended, 0, 0, 0, 0), packet...)
	raf := make([]byte, 100)
	copy(raf, "FUJIFILMCCD-RAW 0201")
	raf[87] = 100
	inner := jpegOf(exifSegment(exif), xmpSegment(packet))
	raf[90], raf[91] = byte(len(inner)>>8), byte(len(inner))
	gif := "GIF89a\x01\x00\x01\x00\x80\x00\x00aaabbb!\xf9\x04\x00\x00\x00\x00\x00!\xff\x0bXMP DataXMP" + packet
	gif += "\x01"
	for i := 255; i >= 0; i-- {
		gif += string([]byte{byte(i)})
	}
	gif += "\x00;"
	psd := slices.Concat([]byte("8BPS\x00\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x01\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00\x00"),
		[]byte{0, 0, 0, 0}, resource(resourceEXIF, exif), resource(resourceXMP, []byte(packet)), resource(resourceIPTC, iptc))
	n := len(psd) - 34
	psd[32], psd[33] = byte(n>>8), byte(n)

	tests := []struct {
		name string
		data []byte
		want Metadata
	}{
		{"jpeg", jpegOf(exifSegment(exif), xmpSegment(packet), iptcSegment(iptc)), withIPTC},
		{"jpeg, extended XMP", jpegOf(exifSegment(exif), append(slices.Clone(headExtendedXMP), extended...)), want},
		{"jpeg, resources in two segments", jpegOf(exifSegment(exif), xmpSegment(packet),
			append(slices.Clone(headPhotoshop), resource(resourceIPTC, iptc)[:14]...),
			append(slices.Clone(headPhotoshop), resource(resourceIPTC, iptc)[14:]...)), withIPTC},
		{"png", pngOf(chunk("eXIf", exif), iTXt(keyXMP, packet, false), chunk("IDAT", []byte("x")), tEXt("Raw profile type iptc",
			profileOf("iptc", resource(resourceIPTC, iptc)))), withIPTC},
		{"png, raw profiles", pngOf(zTXt("Raw profile type APP1", profileOf("generic profile", exifSegment(exif))),
			tEXt("Raw profile type xmp", profileOf("xmp", []byte(packet))), zTXt("Raw profile type iptc", profileOf("iptc", iptc))), withIPTC},
		{"png, profile type exif", pngOf(tEXt("Raw profile type exif", profileOf("exif", exifSegment(exif))),
			zTXt("Raw profile type APP1", profileOf("APP1", xmpSegment(packet)))), want},
		{"png, packed XMP", pngOf(chunk("eXIf", exifSegment(exif)), iTXt(keyXMP, packet, true)), want},
		{"png without an end", pngOf(chunk("eXIf", exif), iTXt(keyXMP, packet, true))[:len(pngOf(chunk("eXIf", exif), iTXt(keyXMP, packet, true)))-12], want},
		{"webp", riff("VP8X", "0123456789", "ODD ", "x", "EXIF", string(exif), "XMP ", packet), want},
		{"webp, named block", riff("EXIF", string(exifSegment(exif)), "XMP ", packet), want},
		{"tiff", tiff, withIPTC},
		{"heic", heif(exif, []byte(packet)), want},
		{"jpeg xl", slices.Concat(boxOf("JXL ", []byte("\r\n\x87\n")), boxOf("ftyp", []byte("jxl ")), boxOf("Exif", []byte{0, 0, 0, 0}, exif),
			boxOf("xml ", []byte(packet))), want},
		{"cr3", slices.Concat(boxOf("ftyp", []byte("crx ")), boxOf("moov", boxOf("uuid", []byte(uuidCanon),
			boxOf("CMT1", tiffBlock([]entry{text(tagMake, "Maker"), short(tagOrientation, 6)}, nil, nil)),
			boxOf("CMT2", tiffBlock([]entry{text(tagOriginal, "2003:04:05 06:07:08")}, nil, nil)))),
			boxOf("uuid", []byte(uuidXMP), []byte(packet))), want},
		{"raf", slices.Concat(raf, inner), want},
		{"psd", psd, withIPTC},
		{"gif", []byte(gif), Metadata{Keywords: []string{"beach"}}},
		{"bmp", []byte("BM\x00\x00"), Metadata{}},
		{"nothing", nil, Metadata{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Read(tt.data)
			if d := cmp.Diff(tt.want, m, cmpopts.IgnoreFields(Metadata{}, "Date")); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if want := "2003-04-05T06:07:08"; tt.want.Make != "" && m.Date.String() != want {
				t.Errorf("date %s, want %s", m.Date, want)
			}
		})
	}
}

// TestBadEntries spoils one entry of a block, and all others must count.
func TestBadEntries(t *testing.T) {
	bad := map[string]entry{
		"type 0":           {0x010d, 0, 1, []byte{1, 2, 3, 4}},
		"type 13":          {0x010d, 13, 1, []byte{8, 0, 0, 0}},
		"type 14":          {0x010d, 14, 1, []byte{1, 2, 3, 4}},
		"type 65535":       {0x010d, 65535, 1, []byte{1, 2, 3, 4}},
		"no values":        {0x010d, 2, 0, nil},
		"2^32-1 values":    {0x010d, 2, 1<<32 - 1, []byte{8, 0, 0, 0}},
		"2^31 rationals":   {0x010d, 5, 1 << 31, []byte{8, 0, 0, 0}},
		"behind the end":   {0x010d, 2, 100, []byte{0xff, 0xff, 0xff, 0x7f}},
		"offset of itself": {0x010d, 4, 2, []byte{8, 0, 0, 0}},
		"wrong make":       {tagMake, 5, 1, []byte{0xff, 0xff, 0xff, 0xff}},
		"GPS to itself":    {tagGPSIFD, 4, 1, []byte{8, 0, 0, 0}},
		"GPS nowhere":      {tagGPSIFD, 4, 1, []byte{0xff, 0xff, 0xff, 0xff}},
		"rating of text":   {tagRating, 2, 4, []byte("****")},
	}
	for name, e := range bad {
		top := []entry{e, short(tagOrientation, 3), text(tagModel, "Model"), text(tagDateTime, "2003:04:05 06:07:08")}
		sub := []entry{e, text(tagOriginal, "2001:02:03 04:05:06")}
		m := Read(jpegOf(exifSegment(tiffBlock(top, sub, nil)), xmpSegment(packetOf(bag("dc:subject", "beach")))))
		if m.Orientation != 3 || m.Model != "Model" || m.Date.String() != "2001-02-03T04:05:06" || len(m.Keywords) != 1 {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func TestOrientation(t *testing.T) {
	xmp := xmpSegment(packetOf(`<tiff:Orientation>8</tiff:Orientation>`))
	exif := func(e entry) []byte { return exifSegment(tiffBlock([]entry{e}, nil, nil)) }
	tests := []struct {
		name     string
		segments [][]byte
		want     int
	}{
		{"SHORT", [][]byte{exif(short(tagOrientation, 6))}, 6},
		{"LONG", [][]byte{exif(long(tagOrientation, 6))}, 6},
		{"BYTE", [][]byte{exif(raw(tagOrientation, 1, 6))}, 6},
		{"two values", [][]byte{exif(short(tagOrientation, 6, 1))}, 6},
		{"four values", [][]byte{exif(short(tagOrientation, 6, 1, 1, 1))}, 6},
		{"0", [][]byte{exif(short(tagOrientation, 0))}, 0},
		{"9", [][]byte{exif(short(tagOrientation, 9))}, 0},
		{"2^31", [][]byte{exif(long(tagOrientation, 1<<31))}, 0},
		{"only XMP", [][]byte{xmp}, 8},
		{"XMP and EXIF", [][]byte{xmp, exif(short(tagOrientation, 6))}, 6},
		{"XMP and a wrong one", [][]byte{xmp, exif(short(tagOrientation, 99))}, 8},
	}
	for _, tt := range tests {
		if got := Read(jpegOf(tt.segments...)).Orientation; got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestTexts(t *testing.T) {
	top := func(e ...entry) []byte { return exifSegment(tiffBlock(e, nil, nil)) }
	comment := func(charset, s string) []byte {
		return exifSegment(tiffBlock(nil, []entry{raw(tagUserComment, 7, []byte(charset+s)...)}, nil))
	}
	xmp := func(s string) []byte { return xmpSegment(packetOf(s)) }
	iptc := iptcSegment(slices.Concat(dataset(iptcObjectName, "object"), dataset(iptcHeadline, "headline"), dataset(iptcCaption, "d\xe4")))
	tests := []struct {
		name           string
		segments       [][]byte
		title, caption string
	}{
		{"default language", [][]byte{xmp(`<dc:title><rdf:Alt><rdf:li xml:lang="de">Titel</rdf:li><rdf:li xml:lang="x-default">Title</rdf:li></rdf:Alt></dc:title>`)}, "Title", ""},
		{"no default language", [][]byte{xmp(`<dc:description><rdf:Alt><rdf:li xml:lang="de">Text</rdf:li><rdf:li xml:lang="fr">Texte</rdf:li></rdf:Alt></dc:description>`)}, "", "Text"},
		{"plain element", [][]byte{xmp(`<dc:description>Text &lt;3</dc:description>`)}, "", "Text <3"},
		{"IPTC", [][]byte{iptc}, "object", "dä"},
		{"XMP before IPTC before EXIF", [][]byte{top(text(tagDescription, "description")), iptc, xmp(`<photoshop:Headline>head</photoshop:Headline><dc:description>xmp</dc:description>`)}, "object", "xmp"},
		{"description", [][]byte{top(text(tagDescription, "d\xe4\n b\x07 "))}, "", "dä\n b"},
		{"description of spaces", [][]byte{top(text(tagDescription, "      ")), comment("ASCII\x00\x00\x00", "comment")}, "", "comment"},
		{"comment in ASCII", [][]byte{comment("ASCII\x00\x00\x00", "comment\x00   ")}, "", "comment"},
		{"comment of no charset", [][]byte{comment("\x00\x00\x00\x00\x00\x00\x00\x00", "d\xc3\xa4")}, "", "dä"},
		{"comment in Unicode", [][]byte{comment("UNICODE\x00", "d\x00\xe4\x00")}, "", "dä"},
		{"comment in Unicode of the other order", [][]byte{comment("UNICODE\x00", "\x00d\x00\xe4")}, "", "dä"},
		{"comment in Unicode with a mark", [][]byte{comment("UNICODE\x00", "\xfe\xff\x30\x42")}, "", "あ"},
		{"comment in JIS", [][]byte{comment("JIS\x00\x00\x00\x00\x00", "\x1b$B$\"\x1b(B")}, "", "あ"},
		{"empty comment", [][]byte{comment("ASCII\x00\x00\x00", "")}, "", ""},
		{"Windows", [][]byte{top(raw(tagXPTitle, 1, utf16LE("Tïtle")...), raw(tagXPComment, 1, utf16LE("Cömment")...))}, "Tïtle", "Cömment"},
	}
	for _, tt := range tests {
		m := Read(jpegOf(tt.segments...))
		if m.Title != tt.title || m.Caption != tt.caption {
			t.Errorf("%s: %q, %q; want %q, %q", tt.name, m.Title, m.Caption, tt.title, tt.caption)
		}
	}
	png := Read(pngOf(tEXt("Title", "T\xeftle"), iTXt("Description", "あ", true), tEXt("Creation Time", "Sun, 12 Jan 2014 13:58:55 +0100"),
		tEXt("date:create", "2020-01-01T00:00:00+00:00"), chunk("tIME", []byte{7, 230, 1, 1, 0, 0, 0})))
	if png.Title != "Tïtle" || png.Caption != "あ" || png.Date.String() != "2014-01-12T13:58:55+01:00" || png.Date.Source != SourceText {
		t.Errorf("png: %+v", png)
	}
	if m := Read(pngOf(tEXt("date:create", "2020-01-01T00:00:00+00:00"))); !m.Date.IsZero() {
		t.Errorf("the date of a file became that of the photo: %v", m.Date)
	}
	long := Read(jpegOf(xmp("<dc:title>" + strings.Repeat("ä", MaxTextBytes) + "</dc:title>")))
	if len(long.Title) != MaxTextBytes || len(long.Warnings) != 1 {
		t.Errorf("a long title has %d bytes, warnings %q", len(long.Title), long.Warnings)
	}
}

func TestRatings(t *testing.T) {
	for xmp, want := range map[string]int{
		`<xmp:Rating>3</xmp:Rating>`:                                                  3,
		`<xmp:Rating>5.0</xmp:Rating>`:                                                5,
		`<xmp:Rating>-1</xmp:Rating>`:                                                 -1,
		`<xmp:Rating>0</xmp:Rating>`:                                                  0,
		`<xmp:Rating>99</xmp:Rating>`:                                                 0,
		`<xmp:Rating>NaN</xmp:Rating>`:                                                0,
		`<MicrosoftPhoto:Rating>1</MicrosoftPhoto:Rating>`:                            1,
		`<MicrosoftPhoto:Rating>25</MicrosoftPhoto:Rating>`:                           2,
		`<MicrosoftPhoto:Rating>50</MicrosoftPhoto:Rating>`:                           3,
		`<MicrosoftPhoto:Rating>75</MicrosoftPhoto:Rating>`:                           4,
		`<MicrosoftPhoto:Rating>99</MicrosoftPhoto:Rating>`:                           5,
		`<xmp:Rating>2</xmp:Rating><MicrosoftPhoto:Rating>99</MicrosoftPhoto:Rating>`: 2,
	} {
		if got := mustXMP(t, packetOf(xmp)).Rating; got != want {
			t.Errorf("%s: %d, want %d", xmp, got, want)
		}
	}
	if m := Read(tiffBlock([]entry{short(tagRating, 4), short(tagRatingPercent, 99)}, nil, nil)); m.Rating != 4 {
		t.Errorf("EXIF: %d, want 4", m.Rating)
	}
}

func TestPositions(t *testing.T) {
	dms := func(latRef, lonRef string) []byte {
		return tiffBlock(nil, nil, []entry{
			text(gpsLatitudeRef, latRef), rationals(gpsLatitude, 57, 1, 43, 1, 30, 1),
			text(gpsLongitudeRef, lonRef), rationals(gpsLongitude, 10, 1, 3630, 100, 0, 0),
			raw(gpsAltitudeRef, 1, 1), rationals(gpsAltitude, 25, 2),
		})
	}
	xmp := func(lat, lon string) []byte {
		return jpegOf(xmpSegment(packetOf("<exif:GPSLatitude>" + lat + "</exif:GPSLatitude><exif:GPSLongitude>" + lon + "</exif:GPSLongitude>")))
	}
	tests := []struct {
		name     string
		data     []byte
		lat, lon float64 // 0, 0 for no position
	}{
		{"north east", dms("N", "E"), 57.725, 10.605},
		{"south west", dms("S", "W"), -57.725, -10.605},
		{"no zero division", tiffBlock(nil, nil, []entry{rationals(gpsLatitude, 1, 0, 0, 0, 0, 0), rationals(gpsLongitude, 1, 1)}), 0, 0},
		{"no place", tiffBlock(nil, nil, []entry{rationals(gpsLatitude, 95, 1), rationals(gpsLongitude, 1, 1)}), 0, 0},
		{"no fix", tiffBlock(nil, nil, []entry{rationals(gpsLatitude, 0, 1), rationals(gpsLongitude, 0, 1)}), 0, 0},
		{"XMP", xmp("57,43.5N", "10,36,18W"), 57.725, -10.605},
		{"XMP in decimals", xmp("-57.725", "10.605"), -57.725, 10.605},
		{"XMP nonsense", xmp("NaN", "1E"), 0, 0},
	}
	for _, tt := range tests {
		p := Read(tt.data).Position
		switch {
		case tt.lat == 0:
			if p != nil {
				t.Errorf("%s: %+v", tt.name, p)
			}
		case p == nil || !near(p.Latitude, tt.lat) || !near(p.Longitude, tt.lon):
			t.Errorf("%s: %+v, want %v, %v", tt.name, p, tt.lat, tt.lon)
		}
	}
	if p := Read(dms("N", "E")).Position; !p.HasAltitude || p.Altitude != -12.5 {
		t.Errorf("altitude %+v, want -12.5", p)
	}
}

func TestUnusualXMP(t *testing.T) {
	plain := packetOf(bag("dc:subject", "dänemark") + `<xmp:CreateDate>2003-04-05</xmp:CreateDate>`)
	wide := func(mark, order string) []byte {
		b := []byte(mark)
		for _, r := range strings.TrimPrefix(plain, "\ufeff") {
			if order == "be" {
				b = append(b, byte(r>>8), byte(r))
			} else {
				b = append(b, byte(r), byte(r>>8))
			}
		}
		return b
	}
	bomb := `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>` +
		strings.ReplaceAll(plain, "dänemark", "dänemark</rdf:li><rdf:li>&c;")
	for name, data := range map[string][]byte{
		"UTF-8":                  []byte(plain),
		"with a mark":            []byte("\xef\xbb\xbf" + plain),
		"big-endian UTF-16":      wide("\xfe\xff", "be"),
		"little-endian UTF-16":   wide("\xff\xfe", "le"),
		"UTF-16 without a mark":  wide("", "le"),
		"a stray Latin-1 letter": []byte(strings.ReplaceAll(plain, "ä", "\xe4")),
		"an encoding's name":     []byte(`<?xml version="1.0" encoding="ISO-8859-1"?>` + plain),
		"zeros behind":           []byte(plain + strings.Repeat("\x00", 100)),
		"an entity bomb":         []byte(bomb),
		"undeclared prefixes":    []byte(strings.ReplaceAll(strings.ReplaceAll(plain, `xmlns:dc="http://purl.org/dc/elements/1.1/"`, ""), `xmlns:xmp="http://ns.adobe.com/xap/1.0/"`, "")),
	} {
		m := Read(riff("XMP ", string(data)))
		if len(m.Keywords) == 0 || m.Keywords[0] != "dänemark" {
			t.Errorf("%s: keywords %.80q", name, m.Keywords)
		}
		for _, k := range m.Keywords {
			if len(k) > 20 {
				t.Errorf("%s: an entity grew to %d bytes", name, len(k))
			}
		}
		if m.Date.String() != "2003-04-05" {
			t.Errorf("%s: date %s", name, m.Date)
		}
	}
	attributes := `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="` + nsRDF + `"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4" dc:subject="one" xmp:CreateDate="1965-07"/></rdf:RDF></x:xmpmeta>`
	m := mustXMP(t, attributes)
	if m.Rating != 4 || m.Date.String() != "1965-07" || !slices.Equal(m.Keywords, []string{"one"}) {
		t.Errorf("attributes: %+v", m)
	}
	for name, data := range map[string]string{
		"empty": "", "text": "hello", "other XML": "<a><b/></a>", "html": "<html><br></html>",
		"deep": strings.Repeat("<a>", 100_000),
		"cut":  plain[:len(plain)/2] + "<!-",
	} {
		if _, err := ReadSidecar([]byte(data)); !errors.Is(err, ErrNotXMP) {
			t.Errorf("%s: error %v, want ErrNotXMP", name, err)
		}
	}
}

func TestInflationIsBounded(t *testing.T) {
	bomb := string(bytes.Repeat([]byte{' '}, maxInflated))
	one := zTXt("Description", bomb)
	m := Read(pngOf(one, one, one, one, zTXt("Title", "late")))
	if m.Title != "" || len(m.Warnings) == 0 {
		t.Errorf("read on beyond the limit: %.40q, %q", m.Title, m.Warnings)
	}
	var c collector
	c.container(pngOf(one, one, one, one))
	if c.inflated > maxInflated {
		t.Errorf("%d bytes inflated, at most %d allowed", c.inflated, maxInflated)
	}
}

// TestNestingIsBounded hides EXIF in resources in EXIF, twenty times.
func TestNestingIsBounded(t *testing.T) {
	block := tiffBlock([]entry{text(tagModel, "innermost")}, nil, nil)
	for range 20 {
		block = tiffBlock([]entry{raw(tagPhotoshop, 7, resource(resourceEXIF, block)...)}, nil, nil)
	}
	if m := Read(block); m.Model != "" {
		t.Errorf("read at a depth of 20: %q", m.Model)
	}
}

func TestMerge(t *testing.T) {
	early, late := time.Unix(1000, 0), time.Unix(2000, 0)
	date := func(s string, source Source, created bool) Date {
		d, _ := ParseDate(s)
		d.Source, d.created = source, created
		return d
	}
	file := Metadata{Orientation: 6, Title: "file", Keywords: []string{"a"}, Date: date("2001:01:01", SourceOriginal, false)}
	side := Metadata{Orientation: 3, Title: "side", Keywords: []string{"b"}, Date: date("2002:02:02", SourceXMP, false), Rating: 5}
	tests := []struct {
		name              string
		file, side        Metadata
		fileTime          time.Time
		sideTime          time.Time
		title, date, tags string
	}{
		{"the sidecar is newer", file, side, early, late, "side", "2002-02-02", "b"},
		{"the file is newer", file, side, late, early, "file", "2001-01-01", "a"},
		{"copied one after the other", file, side, late.Add(2 * time.Second), late, "side", "2002-02-02", "b"},
		{"equally old", file, side, late, late, "side", "2002-02-02", "b"},
		{"metadata dates go before the files'", with(file, func(m *Metadata) { m.Written = late }),
			with(side, func(m *Metadata) { m.Written = early }), early, late, "file", "2001-01-01", "a"},
		{"one metadata date says nothing", with(file, func(m *Metadata) { m.Written = late }), side, early, late, "side", "2002-02-02", "b"},
		{"the newer is silent", file, Metadata{}, early, late, "file", "2001-01-01", "a"},
		{"a date of a lesser kind", file, with(side, func(m *Metadata) { m.Date.created = true }), early, late, "side", "2001-01-01", "b"},
		{"a better kind of date", with(file, func(m *Metadata) { m.Date.Source = SourceModified }),
			with(side, func(m *Metadata) { m.Date.created = true }), early, late, "side", "2002-02-02", "b"},
	}
	for _, tt := range tests {
		m := Merge(tt.file, tt.side, tt.fileTime, tt.sideTime)
		if m.Title != tt.title || m.Date.String() != tt.date || strings.Join(m.Keywords, ",") != tt.tags || m.Orientation != 6 {
			t.Errorf("%s: %q %s %q %d", tt.name, m.Title, m.Date, m.Keywords, m.Orientation)
		}
	}
	m := Merge(Metadata{}, readSidecarFile(t), early, late)
	if m.Date.String() != "2005-06-07T08:09:10" || !slices.Equal(m.Keywords, []string{"sidecarkw"}) {
		t.Errorf("a sidecar alone: %+v", m)
	}
}

func with(m Metadata, change func(*Metadata)) Metadata {
	change(&m)
	return m
}
