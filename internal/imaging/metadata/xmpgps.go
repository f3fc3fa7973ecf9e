package metadata

import (
	"math"
	"strconv"
	"strings"
)

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
