package metadata

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestParseDate(t *testing.T) {
	tests := []struct{ in, want string }{
		{"2003:04:05 06:07:08", "2003-04-05T06:07:08"},
		{"2003:04:05 06:07:08\x00", "2003-04-05T06:07:08"},
		{"2014-01-12 13:58:55", "2014-01-12T13:58:55"},
		{"2014/01/12 13:58:55", "2014-01-12T13:58:55"},
		{"2014.01.12 13.58.55", "2014-01-12T13:58:55"},
		{"2014:01:12:13:58:55", "2014-01-12T13:58:55"},
		{"2014:01:12 13-58-55", "2014-01-12T13:58:55"},
		{"2014 01 12 13 58 55", "2014-01-12T13:58:55"},
		{"2014:01:12 13:58-08:00", "2014-01-12T13:58-08:00"},
		{"2014:01:12 8:9:1", "2014-01-12T08:09:01"},
		{"2014:1:2 8:9", "2014-01-02T08:09"},
		{"2014-012T13:58:55", "2014-01-12T13:58:55"},
		{"2014-366", ""},
		{"2014-01-12T13:58:55.125+05:30", "2014-01-12T13:58:55.125+05:30"},
		{"2014-01-12T13:58:55Z", "2014-01-12T13:58:55Z"},
		{"2014:01:12 13:58:55+0530", "2014-01-12T13:58:55+05:30"},
		{"2014:01:12 13:58:55 -08:00", "2014-01-12T13:58:55-08:00"},
		{"2014:01:12 13:58:55\u221208:00", "2014-01-12T13:58:55-08:00"},
		{"2014:01:12 13:58:55 UTC", "2014-01-12T13:58:55Z"},
		{"2014:01:12 13:58:55 GMT+2", "2014-01-12T13:58:55+02:00"},
		{"2014:01:12 13:58:55 CET", "2014-01-12T13:58:55"},
		{"2014:01:12 01:58:55 PM", "2014-01-12T13:58:55"},
		{"2014:01:12 12:58:55 am", "2014-01-12T00:58:55"},
		{"20140112", "2014-01-12"},
		{"20140112T135855", "2014-01-12T13:58:55"},
		{"20140112135855", "2014-01-12T13:58:55"},
		{"2014:1:2 3:04:05", "2014-01-02T03:04:05"},
		{"2014:01:12 13:58", "2014-01-12T13:58"},
		{"2014-01-12", "2014-01-12"},
		{"1965", "1965"},
		{"1965-07", "1965-07"},
		{"196507", "1965-07"},
		{"19980000", "1998"},
		{"2003:00:00 00:00:00", "2003"},
		{"2003:05:00 00:00:00", "2003-05"},
		{"2003:  :     :  :  ", "2003"},
		{"2003:04:05   :  :  ", "2003-04-05"},
		{"2016:01:26 24:48:30", "2016-01-26T00:48:30"},
		{"2016:01:26 24:00:00", "2016-01-26T00:00:00"},
		{"2016:12:31 23:59:60", "2016-12-31T23:59:59"},
		{"2016:12:31 25:00:00", "2016-12-31"},
		{"2017:08:21 15:08:70", "2017-08-21T15:08"},
		{"2020:02:29 23:59:59", "2020-02-29T23:59:59"},
		{"1826:07:01 12:00:00", "1826-07-01T12:00:00"},
		{"2021:02:29 00:00:00", ""},
		{"2021:04:31 00:00:00", ""},
		{"2020:13:01 00:00:00", ""},
		{"0001:01:01 00:00:00", ""},
		{"2100:01:01 00:00:00", ""},
		{"0000:00:00 00:00:00", ""},
		{"    :  :     :  :  ", ""},
		{"\x00\x00\x00\x00", ""},
		{"5.7.2003", ""},
		{"yesterday", ""},
		{"", ""},
	}
	for _, tt := range tests {
		d, ok := ParseDate(tt.in)
		if got := d.String(); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%q is %q (%v), want %q", tt.in, got, ok, tt.want)
		}
		if d.Time.Location() != time.UTC {
			t.Errorf("%q: a floating time in %v", tt.in, d.Time.Location())
		}
	}
}

func TestTextDates(t *testing.T) {
	for in, want := range map[string]string{
		"Sun, 12 Jan 2014 13:58:55 +0100": "2014-01-12T13:58:55+01:00",
		"Sun, 12 Jan 2014 13:58:55 GMT":   "2014-01-12T13:58:55Z",
		"Sun Jan 12 13:58:55 2014":        "2014-01-12T13:58:55",
		"12 Jan 2014 13:58:55 +0000":      "2014-01-12T13:58:55Z",
		"Mon  5 May 2003 01:02:03 +0200":  "2003-05-05T01:02:03+02:00",
		"2 Feb 2003":                      "2003-02-02",
		"2014-01-12T13:58:55":             "2014-01-12T13:58:55",
		"Made with love":                  "",
	} {
		d, _ := parseTextDate(in)
		if got := d.String(); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// TestDateOrder takes one source after another away from a file that has all of them.
func TestDateOrder(t *testing.T) {
	gps := []entry{text(gpsDate, "2010:10:10"), rationals(gpsTime, 11, 1, 12, 1, 135, 10)}
	all := []struct {
		source Source
		want   string
		top    []entry
		sub    []entry
		iptc   []byte
		xmp    string
		gps    []entry
	}{
		{source: SourceOriginal, want: "2001-01-01T01:01:01", sub: []entry{text(tagOriginal, "2001:01:01 01:01:01")}},
		{source: SourceDigitized, want: "2002-02-02T02:02:02", sub: []entry{text(tagDigitized, "2002:02:02 02:02:02")}},
		{source: SourceIPTC, want: "2003-03-03T03:03:03+02:00",
			iptc: append(dataset(iptcDateCreated, "20030303"), dataset(iptcTimeCreated, "030303+0200")...)},
		{source: SourceXMP, want: "2004-04-04T04:04:04", xmp: `<exif:DateTimeOriginal>2004-04-04T04:04:04</exif:DateTimeOriginal>`},
		{source: SourceXMP, want: "2005-05", xmp: `<photoshop:DateCreated>2005-05</photoshop:DateCreated>`},
		{source: SourceXMP, want: "2006-06-06", xmp: `<exif:DateTimeDigitized>2006-06-06</exif:DateTimeDigitized>`},
		{source: SourceXMP, want: "2007-07-07T07:07Z", xmp: `<xmp:CreateDate>2007-07-07T07:07Z</xmp:CreateDate>`},
		{source: SourceModified, want: "2008-08-08T08:08:08", top: []entry{text(tagDateTime, "2008:08:08 08:08:08")}},
		{source: SourceGPS, want: "2010-10-10T11:12:13.5Z", gps: gps},
	}
	for i, first := range all {
		var top, sub, gps []entry
		var iptc []byte
		xmp := ""
		for _, s := range all[i:] {
			top, sub, gps = append(top, s.top...), append(sub, s.sub...), append(gps, s.gps...)
			iptc, xmp = append(iptc, s.iptc...), xmp+s.xmp
		}
		m := Read(jpegOf(exifSegment(tiffBlock(top, sub, gps)), iptcSegment(iptc), xmpSegment(packetOf(xmp))))
		if m.Date.String() != first.want || m.Date.Source != first.source {
			t.Errorf("without the first %d: %s (%s), want %s (%s)", i, m.Date, m.Date.Source, first.want, first.source)
		}
	}
}

func TestZonesAndFractions(t *testing.T) {
	const at = "2021:05:06 01:00:00"
	tests := []struct {
		name string
		sub  []entry
		xmp  string
		want string
	}{
		{"own offset", []entry{text(tagOriginal, at), text(tagOffsetOriginal, "+09:00"), text(tagOffset, "+01:00")}, "",
			"2021-05-06T01:00:00+09:00"},
		{"offset of the file alone", []entry{text(tagOriginal, at), text(tagOffset, "+09:00")}, "", "2021-05-06T01:00:00+09:00"},
		{"offset without a colon", []entry{text(tagOriginal, at), text(tagOffsetOriginal, "+0530")}, "", "2021-05-06T01:00:00+05:30"},
		{"blank offset", []entry{text(tagOriginal, at), text(tagOffsetOriginal, "   :  ")}, "", "2021-05-06T01:00:00"},
		{"zone in the date", []entry{text(tagOriginal, at+"-03:00"), text(tagOffsetOriginal, "+09:00")}, "", "2021-05-06T01:00:00-03:00"},
		{"old tag of whole hours", []entry{text(tagOriginal, at), raw8(tagTimeZoneOffset, -5)}, "", "2021-05-06T01:00:00-05:00"},
		{"fraction", []entry{text(tagOriginal, at), text(tagSubSecOriginal, "067  ")}, "", "2021-05-06T01:00:00.067"},
		{"fraction of no digits", []entry{text(tagOriginal, at), text(tagSubSecOriginal, "  ")}, "", "2021-05-06T01:00:00"},
		{"zone of the same moment in XMP", []entry{text(tagOriginal, at), text(tagSubSecOriginal, "5")},
			`<photoshop:DateCreated>2021-05-06T01:00:00+02:00</photoshop:DateCreated>`, "2021-05-06T01:00:00.5+02:00"},
		{"zone of another moment in XMP", []entry{text(tagOriginal, at)},
			`<photoshop:DateCreated>2021-05-06T01:00:01+02:00</photoshop:DateCreated>`, "2021-05-06T01:00:00"},
		{"a zero original", []entry{text(tagOriginal, "0000:00:00 00:00:00"), text(tagDigitized, at)}, "", "2021-05-06T01:00:00"},
	}
	for _, tt := range tests {
		m := Read(jpegOf(exifSegment(tiffBlock(nil, tt.sub, nil)), xmpSegment(packetOf(tt.xmp))))
		if got := m.Date.String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func raw8(tag uint16, hours int8) entry {
	return entry{tag, 8, 1, []byte{byte(hours), byte(hours >> 7)}}
}

func TestDatesOfFiles(t *testing.T) {
	for name, want := range map[string]struct {
		date   string
		source Source
	}{
		"date_digitized.jpg":     {"2003-04-05T06:07:08", SourceDigitized},
		"date_modify.jpg":        {"2003-04-05T06:07:08", SourceModified},
		"date_xmp_photoshop.jpg": {"1965-07-08T00:00:00", SourceXMP},
		"date_iptc.jpg":          {"1998-07-08T10:00:00+02:00", SourceIPTC},
		"date_dashes.jpg":        {"2014-01-12T13:58:55", SourceOriginal},
		"date_other_zone.jpg":    {"2021-05-06T01:00:00+09:00", SourceOriginal},
		"date_offsettime.jpg":    {"2021-05-06T01:00:00+09:00", SourceOriginal},
	} {
		m := readFile(t, name)
		if m.Date.String() != want.date || m.Date.Source != want.source {
			t.Errorf("%s: %s (%s), want %s (%s)", name, m.Date, m.Date.Source, want.date, want.source)
		}
	}
}

func readFile(t *testing.T, name string) Metadata {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return Read(data)
}
