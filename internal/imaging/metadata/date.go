package metadata

import (
	"strings"
	"time"
)

// Date is when a picture was taken, by the clock on the wall there. The zero Date is
// no date.
type Date struct {
	// Time is the wall clock as it was written, put down as if it were UTC: a floating
	// time, which is to be compared with others of its kind and is no instant. Parts
	// that Precision leaves out are the first of their kind: 1965 is 1965-01-01 00:00.
	Time      time.Time
	Precision Precision
	// Zone is seconds east of UTC, where HasZone says that it is known.
	Zone    int
	HasZone bool
	Source  Source

	// created says of a date of XMP that it is of the making of the file (of a scan), not
	// of the photo.
	created bool
}

// Precision says how much of a date was written.
type Precision uint8

// The precisions. The zero one belongs to no date.
const (
	PrecisionYear Precision = iota + 1
	PrecisionMonth
	PrecisionDay
	PrecisionMinute
	PrecisionSecond // with or without a fraction
)

// Source is the kind of a date. Where a file has several, the first of this order
// counts, which is that of exiftool and the Metadata Working Group.
type Source string

// The sources of dates, best first.
const (
	SourceOriginal  Source = "original"  // EXIF DateTimeOriginal
	SourceDigitized Source = "digitized" // EXIF DateTimeDigitized
	SourceIPTC      Source = "iptc"      // IPTC DateCreated and TimeCreated
	SourceXMP       Source = "xmp"       // see the package comment
	SourceModified  Source = "modified"  // EXIF DateTime
	SourceGPS       Source = "gps"       // EXIF GPSDateStamp and GPSTimeStamp: in UTC
	SourceText      Source = "text"      // a PNG's text chunk "Creation Time"
)

var sourceOf = [dateRanks]Source{
	rankOriginal:     SourceOriginal,
	rankDigitized:    SourceDigitized,
	rankIPTC:         SourceIPTC,
	rankXMPOriginal:  SourceXMP,
	rankXMPPhotoshop: SourceXMP,
	rankXMPDigitized: SourceXMP,
	rankXMPCreate:    SourceXMP,
	rankModified:     SourceModified,
	rankGPS:          SourceGPS,
	rankText:         SourceText,
}

// IsZero reports whether there is no date.
func (d Date) IsZero() bool { return d.Precision == 0 }

// String writes the date as ISO 8601 does, as far as it is known: 1965, 1965-07,
// 2021-05-06T01:00:00+09:00. The zero Date is "".
func (d Date) String() string {
	layout := ""
	switch d.Precision {
	case PrecisionYear:
		layout = "2006"
	case PrecisionMonth:
		layout = "2006-01"
	case PrecisionDay:
		layout = "2006-01-02"
	case PrecisionMinute:
		layout = "2006-01-02T15:04"
	case PrecisionSecond:
		layout = "2006-01-02T15:04:05.999999999"
	default:
		return ""
	}
	t := d.Time
	if d.HasZone && d.Precision >= PrecisionMinute {
		t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(),
			time.FixedZone("", d.Zone))
		layout += "Z07:00"
	}
	return t.Format(layout)
}

// The years that a photograph can be of: since the view from Niépce's window.
const (
	firstYear = 1826
	lastYear  = 2099
)

// ParseDate reads a date as cameras and programs write it: "2003:04:05 06:07:08",
// with dashes, slashes or dots, "2003-04-05T06:07:08.5+09:00", "20030405T060708",
// with a zone like +0530 or Z, or less of it down to the year. Parts that are zero or
// blank are unknown. What is no date, or no day of the calendar, gives false.
//
// Hour 24 is hour 0 of the same day: the telephones that write it have turned the
// date over already.
func ParseDate(s string) (Date, bool) {
	p := scanner{s: strings.Trim(s, " \x00\t\r\n")}
	year, ok := p.digits(4, 4)
	if !ok || year < firstYear || year > lastYear {
		return Date{}, false
	}
	d := Date{Precision: PrecisionYear}
	if of, ok := p.dayOfYear(year); ok {
		d.Time, d.Precision = of, PrecisionDay
		p.skip(" T:_,-t")
		d.clock(&p)
		return d, true
	}
	month, day := 0, 0
	if p.separator(":-/. ") || p.runLength() >= 4 || p.runLength() == 2 {
		month, _ = p.digits(1, 2)
	}
	if month > 0 {
		d.Precision = PrecisionMonth
		if p.separator(":-/. ") || p.runLength() >= 2 {
			day, _ = p.digits(1, 2)
		}
	}
	if day > 0 {
		d.Precision = PrecisionDay
	}
	d.Time = time.Date(year, time.Month(max(month, 1)), max(day, 1), 0, 0, 0, 0, time.UTC)
	if month > 12 || day > 31 || day > 0 && d.Time.Day() != day {
		return Date{}, false
	}
	if day > 0 {
		p.skip(" T:_,-t")
		d.clock(&p)
	}
	return d, true
}

// clock adds the time of day that follows, as far as it makes sense.
func (d *Date) clock(p *scanner) {
	hour, ok := p.digits(1, 2)
	if !ok || hour > 24 {
		return
	}
	between := ":."
	if odd := p.oddSeparator(); odd != "" {
		between = odd
	}
	p.separator(between)
	minute, ok := p.digits(1, 2)
	if !ok || minute > 59 {
		return
	}
	second, precision := 0, PrecisionMinute
	nanos := 0
	p.separator(between)
	if n, ok := p.digits(1, 2); ok && n <= 60 {
		second, precision = min(n, 59), PrecisionSecond // a leap second must not turn the day
		if p.separator(".,") {
			nanos = fraction(p.run())
		}
	}
	p.skip(" ")
	hour = p.afternoon(hour)
	d.Precision = precision
	d.Time = d.Time.Add(time.Duration(hour%24)*time.Hour + time.Duration(minute)*time.Minute +
		time.Duration(second)*time.Second + time.Duration(nanos))
	p.skip(" ")
	d.setZone(p.s)
}

// setZone adds the zone that s is, if it is one.
func (d *Date) setZone(s string) {
	if zone, ok := parseZone(s); ok && d.Precision >= PrecisionMinute {
		d.Zone, d.HasZone = zone, true
	}
}

// setFraction adds the digits behind the seconds, where the date has none yet.
func (d *Date) setFraction(digits string) {
	if d.Precision == PrecisionSecond && d.Time.Nanosecond() == 0 {
		p := scanner{s: strings.Trim(digits, " \x00")}
		d.Time = d.Time.Add(time.Duration(fraction(p.run())))
	}
}

// fraction reads the digits behind a decimal point as nanoseconds.
func fraction(digits string) int {
	n, unit := 0, 100_000_000
	for _, c := range digits[:min(len(digits), 9)] {
		n += int(c-'0') * unit
		unit /= 10
	}
	return n
}

// parseZone reads "+09:00", "+0530", "-8", "Z" or "UTC" as seconds east of UTC.
func parseZone(s string) (int, bool) {
	s = strings.Trim(s, " \x00")
	s = strings.Replace(s, "\u2212", "-", 1) // the minus sign of typographers
	for _, utc := range []string{"Z", "UTC", "GMT"} {
		if rest, ok := strings.CutPrefix(strings.ToUpper(s), utc); ok {
			if rest == "" || rest[0] != '+' && rest[0] != '-' {
				return 0, true
			}
			s = rest
		}
	}
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	p := scanner{s: s[1:]}
	hours, ok := p.digits(1, 2)
	if !ok || hours > 15 {
		return 0, false
	}
	p.separator(":.")
	minutes, _ := p.digits(1, 2)
	if minutes > 59 {
		return 0, false
	}
	zone := hours*3600 + minutes*60
	if s[0] == '-' {
		zone = -zone
	}
	return zone, true
}

// scanner takes a text apart from its front.
type scanner struct{ s string }

// runLength is how many digits come next.
func (p *scanner) runLength() int {
	n := 0
	for n < len(p.s) && p.s[n] >= '0' && p.s[n] <= '9' {
		n++
	}
	return n
}

// run takes all digits that come next.
func (p *scanner) run() string {
	n := p.runLength()
	digits := p.s[:n]
	p.s = p.s[n:]
	return digits
}

// digits takes a number of least to most digits. It takes nothing where there are
// fewer.
func (p *scanner) digits(least, most int) (int, bool) {
	n := min(p.runLength(), most)
	if n < least {
		return 0, false
	}
	v := 0
	for _, c := range p.s[:n] {
		v = v*10 + int(c-'0')
	}
	p.s = p.s[n:]
	return v, true
}

// separator takes one byte if it is one of set.
func (p *scanner) separator(set string) bool {
	if p.s == "" || !strings.Contains(set, p.s[:1]) {
		return false
	}
	p.s = p.s[1:]
	return true
}

// oddSeparator returns a dash or a space if two of them part the minutes and seconds that
// come next: "-05-06". One alone would belong to a zone.
func (p *scanner) oddSeparator() string {
	q := *p
	for _, odd := range []string{"-", " "} {
		if !q.separator(odd) {
			continue
		}
		_, minutes := q.digits(2, 2)
		parted := q.separator(odd)
		if _, seconds := q.digits(2, 2); minutes && parted && seconds {
			return odd
		}
		return ""
	}
	return ""
}

// dayOfYear takes a day as ISO 8601 counts them in a year: "-034" is 3 February.
func (p *scanner) dayOfYear(year int) (time.Time, bool) {
	q := *p
	if !q.separator("-") || q.runLength() != 3 {
		return time.Time{}, false
	}
	n, _ := q.digits(3, 3)
	t := time.Date(year, time.January, n, 0, 0, 0, 0, time.UTC)
	if n == 0 || t.Year() != year {
		return time.Time{}, false
	}
	*p = q
	return t, true
}

func (p *scanner) skip(set string) { p.s = strings.TrimLeft(p.s, set) }

// afternoon takes an "AM" or "PM" and returns the hour of the day.
func (p *scanner) afternoon(hour int) int {
	if len(p.s) < 2 || hour > 12 {
		return hour
	}
	switch strings.ToUpper(p.s[:2]) {
	case "AM":
		p.s = p.s[2:]
		return hour % 12
	case "PM":
		p.s = p.s[2:]
		return hour%12 + 12
	}
	return hour
}

// textLayouts are the further ways in which text chunks give a date. The PNG
// specification asks for that of RFC 1123.
var textLayouts = []string{
	time.RFC1123Z, time.RFC1123, time.ANSIC, time.UnixDate, time.RFC850, time.RFC822Z, time.RFC822,
	"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05", "2 Jan 2006",
	"Mon 2 Jan 2006 15:04:05 -0700", "Mon 2 Jan 2006 15:04:05 MST", "Mon 2 Jan 2006 15:04:05",
	"Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 2006 15:04:05",
	"Mon 2 Jan 2006 03:04:05 PM MST", "Mon, Jan 2, 2006 15:04:05", "Jan 2, 2006 15:04:05", "Jan 2, 2006",
	"Mon Jan 2 15:04:05 -0700 2006", "January 2, 2006", "2 January 2006",
}

// parseTextDate reads a date out of a text for people.
func parseTextDate(s string) (Date, bool) {
	if d, ok := ParseDate(s); ok {
		return d, true
	}
	if len(s) > 64 {
		return Date{}, false
	}
	s = strings.Join(strings.Fields(s), " ")
	for _, layout := range textLayouts {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if t.Year() < firstYear || t.Year() > lastYear {
			return Date{}, false
		}
		d := Date{Precision: PrecisionSecond}
		name, zone := t.Zone()
		d.Time = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
		switch {
		case !strings.Contains(layout, "15") && !strings.Contains(layout, "03:04"):
			d.Precision = PrecisionDay
		case strings.Contains(layout, "-0700"), name == "UTC" && strings.Contains(layout, "MST"), name == "GMT":
			d.Zone, d.HasZone = zone, true
		}
		return d, true
	}
	return Date{}, false
}
