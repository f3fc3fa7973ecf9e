// Package metadata reads what a picture file says about itself: its date, keywords,
// title and caption, rating, camera, position and orientation.
//
// The sources are the EXIF, IPTC-IIM and XMP blocks of a file, a PNG's text chunks,
// and XMP sidecars. Every reader is forgiving by the entry: what is wrong with one
// entry of a block loses that entry and no other. Every reader is bounded: work and
// memory grow with the size of the file and never faster, and what a limit left out
// is reported in Metadata.Warnings.
//
// # Dates
//
// A photo's date is what the clock on the wall showed. Cameras write it without a
// zone, so it is kept without one (see Date), and a picture taken on the evening of
// 5 May is of 5 May wherever its searcher lives. Of several dates the first counts,
// in the order of the constants of Source; inside XMP exif:DateTimeOriginal comes
// before photoshop:DateCreated, exif:DateTimeDigitized and xmp:CreateDate. A date
// that no calendar has, or outside of 1826..2099, counts as none.
//
// When a file was last written (PNG's tIME and date:modify, xmp:ModifyDate) says
// nothing of the photo and is not used; nor is date:create, in which ImageMagick
// notes the time of the file that it read. EXIF's DateTime is used, because old
// scanners and telephones write no other.
//
// # Keywords
//
// IPTC keywords, dc:subject, acdsee:keywords and XPKeywords are flat: one entry is
// one keyword, commas and bars included (XPKeywords separates by semicolons).
// Hierarchies are lr:hierarchicalSubject and mediapro:CatalogSets (with bars),
// digiKam:TagsList and MicrosoftPhoto:LastKeywordXMP (with slashes), and
// acdsee:categories. Each of their
// levels is a keyword, and so is the whole path, written with bars: Places|Denmark|
// Skagen gives Places, Denmark, Skagen and Places|Denmark|Skagen. Keywords are
// composed (NFC), and of those that differ in case or composition alone the first
// stays.
package metadata

import "time"

// Limits of what is kept of one picture. They are far beyond what people write, and
// keep one hostile file from filling an index.
const (
	MaxKeywords      = 512      // keywords of a picture, levels of hierarchies included
	MaxKeywordBytes  = 512      // of one; a longer one is left out
	MaxKeywordsBytes = 32 << 10 // of all together
	MaxTextBytes     = 16 << 10 // of a title or a caption; a longer one is cut
)

// MaxSidecarBytes is how much of a sidecar is read: darktable's with every mask drawn by
// hand are a few megabytes.
const MaxSidecarBytes = 16 << 20

// Limits of what is read.
const (
	maxXMPBytes   = MaxSidecarBytes // of one packet
	maxInflated   = 16 << 20        // of all compressed chunks of a file, inflated
	maxXMPDepth   = 64              // nesting of elements
	maxXMPTokens  = 2 << 20         // of one packet
	maxIFDEntries = 1 << 16         // of all directories of an EXIF block
	maxNesting    = 4               // blocks inside blocks
	maxWarnings   = 8
)

// Metadata is what a picture says about itself. A zero field says nothing.
type Metadata struct {
	Orientation int // EXIF orientation, 1..8
	Date        Date
	Keywords    []string // IPTC first, then XMP, then EXIF; without repeats
	Title       string
	Caption     string
	Rating      int // stars 1..5; -1 is a rejected picture
	Make, Model string
	Position    *Position // nil where unknown
	// Written is xmp:MetadataDate, when a program last changed the metadata.
	Written time.Time
	// Warnings tell what a limit left out.
	Warnings []string
}

// Position is a place on Earth in degrees of WGS 84, north and east positive.
type Position struct {
	Latitude, Longitude float64
	// Altitude is in metres above the sea; HasAltitude says that it is known.
	Altitude    float64
	HasAltitude bool
}

// Read reads the metadata of a picture file. The container is known by its first
// bytes: JPEG, PNG, WebP, GIF, TIFF and the RAW formats built on it, HEIC, AVIF, CR3,
// JPEG XL, RAF, PSD. Anything else says nothing. Damage is no error: what can be
// read counts.
func Read(data []byte) Metadata {
	var c collector
	c.container(data)
	return c.metadata()
}
