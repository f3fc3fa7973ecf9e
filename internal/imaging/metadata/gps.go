package metadata

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// gps takes position and time of a GPS directory.
func (c *collector) gps(d directory) {
	lat, ok1 := degrees(d[gpsLatitude], d[gpsLatitudeRef], "S")
	lon, ok2 := degrees(d[gpsLongitude], d[gpsLongitudeRef], "W")
	if ok1 && ok2 && c.positions[fromEXIF] == nil {
		p := position(lat, lon)
		if h, ok := d[gpsAltitude].rational(0); ok && p != nil {
			if below, _ := d[gpsAltitudeRef].integer(); below == 1 {
				h = -h
			}
			p.Altitude, p.HasAltitude = h, true
		}
		c.positions[fromEXIF] = p
	}
	day, ok := ParseDate(ascii(d[gpsDate].text()))
	if !ok || day.Precision < PrecisionDay {
		return
	}
	day.Time, day.Precision = day.Time.Truncate(24*time.Hour), PrecisionDay
	h, ok1 := d[gpsTime].rational(0)
	m, ok2 := d[gpsTime].rational(1)
	s, ok3 := d[gpsTime].rational(2)
	if ok1 && ok2 && ok3 && h >= 0 && h < 24 && m >= 0 && m < 60 && s >= 0 && s < 60 {
		day.Precision = PrecisionSecond
		day.Time = day.Time.Add(time.Duration(math.Round((h*3600 + m*60 + s) * 1e9)))
		day.HasZone = true
	}
	c.date(rankGPS, day)
}

// degrees reads degrees, minutes and seconds. negative is the reference of the other
// half of the globe.
func degrees(v, ref exifValue, negative string) (float64, bool) {
	deg, ok := v.rational(0)
	if !ok {
		return 0, false
	}
	minutes, _ := v.rational(1)
	seconds, _ := v.rational(2)
	deg += minutes/60 + seconds/3600
	if strings.HasPrefix(strings.ToUpper(ascii(ref.text())), negative) {
		deg = -deg
	}
	return deg, true
}

// position is nil for what is no place. The point 0, 0 is where receivers without a
// fix are.
func position(lat, lon float64) *Position {
	if !(math.Abs(lat) <= 90 && math.Abs(lon) <= 180) || lat == 0 && lon == 0 {
		return nil
	}
	return &Position{Latitude: lat, Longitude: lon}
}

// gpsXMP holds the parts of a position as XMP gives them, one property each.
type gpsXMP struct {
	lat, lon, height float64 // NaN where unknown
}

// xmpGPS takes one part of a position and completes it once it has both halves.
func (c *collector) xmpGPS(name, value string) {
	if c.gpsParts == nil {
		c.gpsParts = &gpsXMP{math.NaN(), math.NaN(), math.NaN()}
	}
	g := c.gpsParts
	switch name {
	case "GPSLatitude":
		g.lat = coordinate(value)
	case "GPSLongitude":
		g.lon = coordinate(value)
	case "GPSAltitude":
		g.height = ratio(value)
	}
	p := position(g.lat, g.lon)
	if p != nil && !math.IsNaN(g.height) {
		p.Altitude, p.HasAltitude = g.height, true
	}
	if p != nil {
		c.positions[fromXMP] = p
	}
}

// coordinate reads "57,43,30N", "57,43.5N" or "-57.725" as degrees; NaN is none.
func coordinate(s string) float64 {
	s = strings.TrimSpace(s)
	sign := 1.0
	if s != "" {
		switch s[len(s)-1] {
		case 'S', 's', 'W', 'w':
			sign = -1
			s = s[:len(s)-1]
		case 'N', 'n', 'E', 'e':
			s = s[:len(s)-1]
		}
	}
	parts := strings.SplitN(s, ",", 4)
	total, unit := 0.0, 1.0
	if len(parts) > 3 {
		return math.NaN()
	}
	for _, part := range parts {
		v, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil {
			return math.NaN()
		}
		total += v / unit
		unit *= 60
	}
	return sign * total
}

// ratio reads "1234/10" or "123.4"; NaN is none.
func ratio(s string) float64 {
	above, below, isRatio := strings.Cut(strings.TrimSpace(s), "/")
	n, err := strconv.ParseFloat(above, 64)
	if err != nil || !isRatio {
		if err != nil || n-n != 0 {
			return math.NaN()
		}
		return n
	}
	d, err := strconv.ParseFloat(below, 64)
	if err != nil || d == 0 || n-n != 0 || d-d != 0 {
		return math.NaN()
	}
	return n / d
}
