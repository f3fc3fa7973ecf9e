package query

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// Filters is what a person can narrow a search by, as typed.
type Filters struct {
	Under  []string // paths; a picture must be below any of them
	After  string   // dates: pictures taken on that day and later
	Before string   // pictures taken on the days before it
	// FileDates lets the time of a file stand for the date of a picture that has none.
	FileDates bool
	Tags      []string // a picture must have all of them
	Formats   []string // a picture must have any of them
}

// Compile checks the filters and returns them as one, nil if there are none.
// Dates are days, months or years (2024-05-31, 2024-05, 2024) or times of day
// (2024-05-31T12:00:00). They are compared with the date that the picture gives
// itself, by the clock and the calendar of the place where it was taken: the zone of
// who searches, and one that is written behind a time, do not matter. Only the times
// of files, see FileDates, are taken in the zone of who searches.
//
// Paths and tags are found whatever the case of their letters and however accents are
// composed; but of two folders that differ by that alone, the one as it is typed.
func (f Filters) Compile() (store.Filter, error) {
	var all store.And
	var under store.Or
	for _, p := range f.Under {
		if p == "" { // a variable of a script that is not set: not the folder one is in
			return nil, errors.New("the path to look below is empty")
		}
		abs, err := filepath.Abs(AtHome(p))
		if err != nil {
			return nil, fmt.Errorf("making %s absolute: %w", p, err)
		}
		abs = path.Clean(filepath.ToSlash(abs))
		for _, s := range spellings(abs) {
			under = append(under, store.Under(s))
		}
		if real := walk.Resolve(abs); real != abs { // collections are indexed by their own paths
			for _, s := range spellings(real) {
				under = append(under, store.Under(s))
			}
		}
	}
	if len(under) > 0 {
		all = append(all, under)
	}
	dates, err := f.dates()
	if err != nil {
		return nil, err
	}
	all = append(all, dates...)
	for _, t := range f.Tags {
		if strings.TrimSpace(t) == "" {
			return nil, errors.New("the tag to look for is empty")
		}
		all = append(all, store.HasTag(t))
	}
	var formats store.Or
	for _, name := range f.Formats {
		format := strings.ToLower(strings.TrimPrefix(name, "."))
		if full, ok := formatAlias[format]; ok {
			format = full
		}
		if format == string(imaging.FormatRAW) { // of any maker
			for _, maker := range imaging.RAWFormats() {
				formats = append(formats, store.FormatIs(string(maker)))
			}
			continue
		}
		if known := imaging.Formats(); !slices.Contains(known, imaging.Format(format)) {
			return nil, noSuchFormat(name, format, known)
		}
		formats = append(formats, store.FormatIs(format))
	}
	if len(formats) > 0 {
		all = append(all, formats)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all, nil
}

// dates are the filters by date.
func (f Filters) dates() ([]store.Filter, error) {
	var all []store.Filter
	var after, before date
	var err error
	if f.After != "" {
		if after, err = parseDate(f.After); err != nil {
			return nil, fmt.Errorf("--after: %w", err)
		}
		all = append(all, after.filter(f.FileDates, func(t time.Time) store.Filter { return store.Since(t) }))
	}
	if f.Before != "" {
		if before, err = parseDate(f.Before); err != nil {
			return nil, fmt.Errorf("--before: %w", err)
		}
		all = append(all, before.filter(f.FileDates, func(t time.Time) store.Filter { return store.Until(t) }))
	}
	if len(all) == 2 && !after.floating.Before(before.floating) {
		return nil, emptyRange(f.After, f.Before)
	}
	return all, nil
}

// emptyRange says that there is no date from one on that is before another.
func emptyRange(after, before string) error {
	if after == before {
		return fmt.Errorf("no date is after %s and before %s: before leaves that date itself out, so name a later one", after, before)
	}
	return fmt.Errorf("no date is after %s and before %s: did you mean after %s and before %s?", after, before, before, after)
}

// noSuchFormat says what may be meant by the name of a format that there is not.
func noSuchFormat(typed, folded string, known []imaging.Format) error {
	names := make([]string, len(known))
	for i, f := range known {
		names[i] = string(f)
	}
	if near := spelling.Nearest(folded, names); len(near) > 0 {
		return fmt.Errorf("%q is not a picture format: did you mean %s?", typed, spelling.Or(near))
	}
	return fmt.Errorf("%q is not a picture format; it can be %s", typed, spelling.Or(names))
}

// formatAlias are the extensions that people type for a format's name.
var formatAlias = map[string]string{
	"jpg": "jpeg", "tif": "tiff", "heif": "heic", "kdc": "dcr", "fff": "3fr", "gpr": "dng",
	"ppm": "pnm", "pgm": "pnm", "pbm": "pnm", "pam": "pnm", "cur": "ico",
}

// dateLayouts are the ways to write a date, the most exact first.
var dateLayouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02", "2006-01", "2006"}

// date is a typed date, as pictures have them and as files do.
type date struct {
	floating time.Time // what it says, as if in UTC: see store.Record.TakenAt
	instant  time.Time // what it means here
}

// filter limits the dates of pictures on one side, and with fileDates also the times of
// the files of those that have none.
func (d date) filter(fileDates bool, limit func(time.Time) store.Filter) store.Filter {
	own := store.And{store.Dated{}, limit(d.floating)}
	if !fileDates {
		return own
	}
	return store.Or{own, store.And{store.Not{Part: store.Dated{}}, limit(d.instant)}}
}

func parseDate(s string) (date, error) {
	for _, layout := range dateLayouts {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			floating := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
			if layout != time.RFC3339 { // an hour that a change of clocks skips here is there elsewhere
				floating, _ = time.Parse(layout, s)
			}
			return date{floating: floating, instant: t}, nil
		}
	}
	return date{}, fmt.Errorf("%q is not a date; write it as 2024-05-31, 2024-05 or 2024", s)
}
