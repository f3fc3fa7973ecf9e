package metadata

import (
	"slices"
	"time"
)

// Merge joins what a file and its sidecar say. Where both speak of a thing, the newer
// one counts, as the Metadata Working Group advises: the one with the later
// xmp:MetadataDate, or where one of them has none, the one that was written later by
// more than two seconds, as finely as memory cards keep times; the sidecar where they
// are equally old, as after a copy. Two exceptions keep what a program that
// writes sidecars did not mean to say: a date of a lesser kind (when a scan was made,
// say) does not replace one of when the photo was taken; and orientation is the
// file's, whose pixels it turns, unless it says nothing.
//
// A newer list of keywords replaces an older one and is not added to it: what a person
// took out stays out.
func Merge(file, sidecar Metadata, fileTime, sidecarTime time.Time) Metadata {
	older, newer, step := file, sidecar, 2*time.Second
	if !file.Written.IsZero() && !sidecar.Written.IsZero() {
		fileTime, sidecarTime, step = file.Written, sidecar.Written, 0
	}
	if fileTime.Sub(sidecarTime) > step {
		older, newer = sidecar, file
	}
	m := Metadata{
		Orientation: first([]int{file.Orientation, sidecar.Orientation}),
		Date:        newer.Date,
		Keywords:    newer.Keywords,
		Title:       first([]string{newer.Title, older.Title}),
		Caption:     first([]string{newer.Caption, older.Caption}),
		Rating:      first([]int{newer.Rating, older.Rating}),
		Make:        first([]string{newer.Make, older.Make}),
		Model:       first([]string{newer.Model, older.Model}),
		Position:    first([]*Position{newer.Position, older.Position}),
		Written:     newer.Written,
		Warnings:    slices.Concat(file.Warnings, sidecar.Warnings),
	}
	if newer.Date.IsZero() || !older.Date.IsZero() && newer.Date.grade() > older.Date.grade() {
		m.Date = older.Date
	}
	if len(newer.Keywords) == 0 {
		m.Keywords = older.Keywords
	}
	if m.Written.Before(older.Written) {
		m.Written = older.Written
	}
	if len(m.Warnings) == 0 {
		m.Warnings = nil
	}
	return m
}

// grade sorts dates by what they are of, not by where they stand: 0 when the photo was
// taken, 1 when it was digitized, 2 anything else.
func (d Date) grade() int {
	switch {
	case d.Source == SourceOriginal, d.Source == SourceIPTC, d.Source == SourceXMP && !d.created:
		return 0
	case d.Source == SourceDigitized, d.Source == SourceXMP:
		return 1
	}
	return 2
}
