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
	"github.com/sightline/sightline/internal/store"
)

// Filters is what a person can narrow a search by, as typed.
type Filters struct {
	Under   []string // paths; a picture must be below any of them
	After   string   // dates: pictures of that day and later
	Before  string   // pictures of the days before it
	Tags    []string // a picture must have all of them
	Formats []string // a picture must have any of them
}

// Compile checks the filters and returns them as one, nil if there are none.
// Dates are days, months or years in local time (2024-05-31, 2024-05, 2024) or
// exact times (2024-05-31T12:00:00Z).
func (f Filters) Compile() (store.Filter, error) {
	var all store.And
	var under store.Or
	for _, p := range f.Under {
		if p == "" { // a variable of a script that is not set: not the folder one is in
			return nil, errors.New("the path to look below is empty")
		}
		abs, err := filepath.Abs(p)
		if err != nil {
			return nil, fmt.Errorf("making %s absolute: %w", p, err)
		}
		under = append(under, store.Under(path.Clean(filepath.ToSlash(abs))))
	}
	if len(under) > 0 {
		all = append(all, under)
	}
	if f.After != "" {
		t, err := parseDate(f.After)
		if err != nil {
			return nil, err
		}
		all = append(all, store.Since(t))
	}
	if f.Before != "" {
		t, err := parseDate(f.Before)
		if err != nil {
			return nil, err
		}
		all = append(all, store.Until(t))
	}
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
			return nil, fmt.Errorf("%q is not a picture format; it can be one of %s", name, known)
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

// formatAlias are the extensions that people type for a format's name.
var formatAlias = map[string]string{
	"jpg": "jpeg", "tif": "tiff", "heif": "heic", "kdc": "dcr", "fff": "3fr", "gpr": "dng",
}

// dateLayouts are the ways to write a date, the most exact first.
var dateLayouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02", "2006-01", "2006"}

func parseDate(s string) (time.Time, error) {
	for _, layout := range dateLayouts {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a date; write it as 2024-05-31, 2024-05 or 2024", s)
}
