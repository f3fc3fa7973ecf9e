package syntax

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Field is what a filter looks at.
type Field string

// The fields. Those that are compared as numbers take >=, <=, >, < and =, the others
// a colon.
const (
	Under   Field = "under"   // a folder or file: whole path elements, relative to where one is
	Name    Field = "name"    // the file's name, a glob in which * and ? stand for characters
	Tag     Field = "tag"     // a label, whatever its source and case
	Format  Field = "format"  // jpeg, heic, ...
	Camera  Field = "camera"  // a part of maker and model
	Caption Field = "caption" // a part of title or caption
	Has     Field = "has"     // see Things
	Near    Field = "near"    // latitude,longitude,radius: 35.0,135.7,10km
	Cluster Field = "cluster" // the id of a cluster, such as 3.1
	After   Field = "after"   // a date: that day and later
	Before  Field = "before"  // a date: the days before it
	Width   Field = "width"   // pixels
	Height  Field = "height"  // pixels
	Rating  Field = "rating"  // stars, 0 to 5
)

// fields lists the fields that take a colon, and numbers those that are compared.
var (
	fields  = []Field{Under, Name, Tag, Format, Camera, Caption, Has, Near, Cluster, After, Before}
	numbers = []Field{Width, Height, Rating}
)

// Things are the values of Has.
func Things() []string {
	return []string{"gps", "date", "tag", "caption", "rating", "camera", "damage"}
}

// fieldOf finds the field that a word names, whatever its case.
func fieldOf(word string, among []Field) (Field, bool) {
	f := Field(strings.ToLower(word))
	return f, slices.Contains(among, f)
}

// newCondition checks a value against its field.
func newCondition(field Field, how Comparison, value string) (Condition, *Error) {
	c := Condition{Field: field, How: how, Value: value}
	fail := func(advice, format string, args ...any) (Condition, *Error) {
		return c, &Error{Message: fmt.Sprintf(format, args...), Advice: advice}
	}
	if strings.TrimSpace(value) == "" {
		return fail("", "%s%s needs a value", field, how)
	}
	switch field {
	case After, Before:
		if _, err := ParseDate(value); err != nil {
			return fail("write it as 2024-05-31, 2024-05 or 2024", "%q is not a date", value)
		}
	case Near:
		if _, err := ParseArea(value); err != nil {
			return fail(`write it as near:"35.0,135.7,10km"`, "%s", err)
		}
	case Has:
		c.Value = strings.ToLower(value)
		if !slices.Contains(Things(), c.Value) {
			return fail("it can be one of "+strings.Join(Things(), ", "), "has:%s asks for something that is not known", value)
		}
	case Width, Height, Rating:
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || n < 0 {
			return fail(fmt.Sprintf("for example: %s>=%d", field, map[Field]int{Width: 2000, Height: 2000, Rating: 3}[field]),
				"%q is not a number that %s can be compared with", value, field)
		}
		c.Number = n
	}
	return c, nil
}

// dateLayouts are the ways to write a date, the most exact first.
var dateLayouts = []string{"2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02", "2006-01", "2006"}

// ParseDate reads a calendar date as a filter writes it: a day, a month, a year, or a
// moment. It is the clock on the wall where the picture was taken, and so in no zone;
// the result is in UTC. A moment with a zone (RFC 3339) is read as what its own clock
// shows.
func ParseDate(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC), nil
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a date", s)
}

// Area is a circle on the earth.
type Area struct {
	Latitude, Longitude float64 // degrees, north and east positive
	Radius              float64 // metres
}

// ParseArea reads the value of Near: latitude, longitude and a radius in m, km or mi.
func ParseArea(s string) (Area, error) {
	parts := strings.Split(s, ",")
	if len(parts) != 3 {
		return Area{}, fmt.Errorf("%q is not a latitude, a longitude and a radius", s)
	}
	var a Area
	var err error
	if a.Latitude, err = degrees(parts[0], 90); err != nil {
		return Area{}, err
	}
	if a.Longitude, err = degrees(parts[1], 180); err != nil {
		return Area{}, err
	}
	number, unit := strings.ToLower(strings.TrimSpace(parts[2])), 0.0
	for _, u := range []struct {
		suffix string
		metres float64
	}{{"km", 1000}, {"mi", 1609.344}, {"m", 1}} {
		if rest, ok := strings.CutSuffix(number, u.suffix); ok {
			number, unit = strings.TrimSpace(rest), u.metres
			break
		}
	}
	r, err := strconv.ParseFloat(number, 64)
	if err != nil || unit == 0 || !(r > 0) || math.IsInf(r, 0) {
		return Area{}, fmt.Errorf("%q is not a radius such as 500m, 10km or 5mi", strings.TrimSpace(parts[2]))
	}
	a.Radius = r * unit
	return a, nil
}

func degrees(s string, limit float64) (float64, error) {
	d, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(d >= -limit && d <= limit) {
		return 0, fmt.Errorf("%q is not a number of degrees between %g and %g", strings.TrimSpace(s), -limit, limit)
	}
	return d, nil
}
