package metadata

import (
	"bytes"
	"fmt"
	"time"
)

// collector gathers what the blocks of a file say. Of a field that several blocks
// name, the best source counts, and the first block of equal sources.
type collector struct {
	dates       [dateRanks]Date
	orientation [2]int // EXIF's, XMP's
	titles      [titleRanks]string
	captions    [captionRanks]string
	ratings     [ratingRanks]int
	camera      [2][2]string // make and model, EXIF's and XMP's
	positions   [2]*Position // EXIF's, XMP's
	gpsParts    *gpsXMP
	written     time.Time

	// Keywords by kind, in the order in which they are listed.
	iptc, subjects, hierarchies, xp []string
	ourSubjects, ourHierarchies     []string // see ownLabels
	skipped                         int      // keywords beyond what is looked at

	inflated int // bytes, see maxInflated
	nesting  int
	warnings []string
}

// The ranks of dates, best first.
const (
	rankOriginal = iota
	rankDigitized
	rankIPTC
	rankXMPOriginal
	rankXMPPhotoshop
	rankXMPDigitized
	rankXMPCreate
	rankModified
	rankGPS
	rankText
	dateRanks
)

// The ranks of titles, captions and ratings, best first. What a person wrote with a
// program goes before EXIF, where many cameras put their own name.
const (
	titleXMP = iota
	titleIPTC
	titleHeadlineXMP
	titleHeadlineIPTC
	titleXP
	titleText
	titleRanks
)

const (
	captionXMP = iota
	captionIPTC
	captionDescription
	captionUserComment
	captionXP
	captionText
	captionRanks
)

const (
	ratingXMP = iota
	ratingEXIF
	ratingMicrosoft
	ratingPercent
	ratingRanks
)

const (
	fromEXIF = iota
	fromXMP
)

// container hands the blocks of a file to their readers.
func (c *collector) container(data []byte) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8")):
		c.jpeg(data)
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		c.png(data)
	case len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		c.webp(data)
	case bytes.HasPrefix(data, []byte("GIF8")):
		c.gif(data)
	case bytes.HasPrefix(data, []byte("FUJIFILMCCD-RAW")):
		c.raf(data)
	case bytes.HasPrefix(data, []byte("8BPS")):
		c.psd(data)
	case len(data) >= 8 && (string(data[4:8]) == "ftyp" || string(data[4:8]) == "JXL "):
		c.boxes(data)
	case isTIFF(data):
		c.exif(data, ifdMain)
	}
}

// enter counts blocks that lie in blocks, which a hostile file may do without end.
func (c *collector) enter() bool {
	if c.nesting >= maxNesting {
		return false
	}
	c.nesting++
	return true
}

func (c *collector) leave() { c.nesting-- }

func (c *collector) warn(format string, args ...any) {
	if len(c.warnings) < maxWarnings {
		c.warnings = append(c.warnings, fmt.Sprintf(format, args...))
	}
}

// date keeps the first date of a rank.
func (c *collector) date(rank int, d Date) {
	if c.dates[rank].IsZero() {
		d.Source = sourceOf[rank]
		d.created = rank == rankXMPDigitized || rank == rankXMPCreate
		c.dates[rank] = d
	}
}

// keepText keeps the first text of a rank, tidied and cut.
func (c *collector) keepText(into *string, what, s string) {
	if *into != "" {
		return
	}
	s, cut := tidy(s, MaxTextBytes)
	if cut {
		c.warn("the %s is longer than %d bytes and was cut", what, MaxTextBytes)
	}
	*into = s
}

func (c *collector) title(rank int, s string)   { c.keepText(&c.titles[rank], "title", s) }
func (c *collector) caption(rank int, s string) { c.keepText(&c.captions[rank], "caption", s) }

func (c *collector) rating(rank, stars int) {
	if c.ratings[rank] == 0 && stars >= -1 && stars <= 5 {
		c.ratings[rank] = stars
	}
}

func (c *collector) turn(from, orientation int) {
	if c.orientation[from] == 0 && orientation >= 1 && orientation <= 8 {
		c.orientation[from] = orientation
	}
}

func (c *collector) metadata() Metadata {
	m := Metadata{
		Orientation: first(c.orientation[:]),
		Date:        c.bestDate(),
		Title:       first(c.titles[:]),
		Caption:     first(c.captions[:]),
		Rating:      first(c.ratings[:]),
		Position:    first(c.positions[:]),
		Written:     c.written,
	}
	m.Make = first([]string{c.camera[fromEXIF][0], c.camera[fromXMP][0]})
	m.Model = first([]string{c.camera[fromEXIF][1], c.camera[fromXMP][1]})
	m.Keywords = c.keywords()
	m.Warnings = c.warnings
	return m
}

// bestDate is the date of the best source. Where it has no zone, but a lesser source
// tells the same moment with one, the zone is taken from there.
func (c *collector) bestDate() Date {
	var best Date
	for _, d := range c.dates {
		switch {
		case d.IsZero():
		case best.IsZero():
			best = d
		case !best.HasZone && d.HasZone && d.Source != SourceGPS && best.Precision >= PrecisionMinute &&
			best.Time.Truncate(time.Second).Equal(d.Time.Truncate(time.Second)):
			best.HasZone, best.Zone = true, d.Zone
		}
	}
	return best
}

// first returns the first value that is not zero.
func first[T comparable](values []T) T {
	var zero T
	for _, v := range values {
		if v != zero {
			return v
		}
	}
	return zero
}
