// Package raw finds the picture inside a camera's RAW file without developing it.
//
// Cameras store a JPEG of every shot beside the sensor's data, as they would have
// written it to the card: that preview is what a viewer shows and what a person
// knows as the picture. Find tells where the largest one lies, how the RAW's own
// tags say it is to be turned, and where the blocks of metadata are.
//
// Most makers' files are TIFFs: CR2, NEF, NRW, ARW, SR2, DNG, PEF, SRW and others by
// the letter, ORF, RW2 and RWL with a mark of their own. CR3 is an ISO base media
// file, RAF, CRW, MRW and X3F are containers like no other.
//
// Every reader is bounded: directories, entries and candidates are counted, nothing
// is read twice for a loop in the file, and memory does not grow with what a file
// claims.
package raw

import (
	"errors"
	"fmt"
)

// Kind names a family of RAW files by the extension that its makers gave it.
type Kind string

// The kinds that Find knows.
const (
	CR2    Kind = "cr2" // Canon until 2018
	CR3    Kind = "cr3" // Canon since
	CRW    Kind = "crw" // Canon until 2004
	NEF    Kind = "nef" // Nikon
	NRW    Kind = "nrw" // Nikon Coolpix
	ARW    Kind = "arw" // Sony
	SR2    Kind = "sr2" // Sony DSC-R1
	SRF    Kind = "srf" // Sony DSC-F828, DSC-V3
	DNG    Kind = "dng" // Adobe, Apple ProRAW, Leica, Pentax, Ricoh, GoPro and telephones
	RAF    Kind = "raf" // Fujifilm
	ORF    Kind = "orf" // Olympus, OM System
	RW2    Kind = "rw2" // Panasonic
	RWL    Kind = "rwl" // Leica, built by Panasonic
	PEF    Kind = "pef" // Pentax
	SRW    Kind = "srw" // Samsung
	MRW    Kind = "mrw" // Minolta
	X3F    Kind = "x3f" // Sigma
	ERF    Kind = "erf" // Epson
	FFF    Kind = "3fr" // Hasselblad
	IIQ    Kind = "iiq" // Phase One
	DCR    Kind = "dcr" // Kodak, also KDC
	MEF    Kind = "mef" // Mamiya
	MOS    Kind = "mos" // Leaf
	Other  Kind = "raw" // sensor data in a TIFF of any other maker
	NotRaw Kind = ""
)

// Kinds lists all kinds, the commonest first.
func Kinds() []Kind {
	return []Kind{
		CR2, CR3, NEF, ARW, DNG, RAF, ORF, RW2, PEF, SRW, NRW, SR2, SRF, RWL,
		CRW, MRW, X3F, ERF, FFF, IIQ, DCR, MEF, MOS, Other,
	}
}

// Span is a stretch of the file. The zero Span is none.
type Span struct{ Offset, Length int }

// Of returns the bytes of the span.
func (s Span) Of(data []byte) []byte { return data[s.Offset : s.Offset+s.Length] }

// Preview is an embedded JPEG.
type Preview struct {
	Span
	Width, Height int // by its own frame header, as stored
	// Cut says that the file ends, by its own tags, before the preview does.
	Cut bool
}

// JPEG returns the preview's bytes. Minolta spoils the first byte of every preview,
// which is then mended in a copy.
func (p Preview) JPEG(data []byte) []byte {
	b := p.Of(data)
	if len(b) > 0 && b[0] != 0xff {
		b = append([]byte{0xff}, b[1:]...)
	}
	return b
}

// Strips is an uncompressed RGB picture: rows of interleaved samples, top row first.
type Strips struct {
	Width, Height int
	Bits          int  // of a sample: 8 or 16
	BigEndian     bool // of 16-bit samples
	// Linear says that samples grow with light, as in a linear DNG, and not with
	// sRGB's curve.
	Linear bool
	Parts  []Span // one after the other
}

// File is what Find learned of a RAW file.
type File struct {
	Kind        Kind
	Make, Model string
	// Width and Height are those of the whole picture as the file's tags state them,
	// before the orientation; 0 where they say nothing.
	Width, Height int
	// Orientation is the EXIF orientation in the RAW's own tags, 1..8; 0 where they
	// say nothing.
	Orientation int
	// Preview is the largest embedded JPEG that is whole, or else the largest that
	// is cut off; Length is 0 without any.
	Preview Preview
	// Larger is the largest embedded JPEG where it is cut off and a smaller one that
	// is whole stands for it; Length is 0 otherwise.
	Larger Preview
	// Strips is the largest uncompressed RGB picture; nil without one.
	Strips *Strips
	// JPEGXL says that the file holds a preview in JPEG XL.
	JPEGXL bool
	// The blocks of metadata. EXIF blocks have the structure of a TIFF file; the
	// first one is of the picture, and others, as a CR3 has, are of its parts.
	EXIF, XMP, IPTC []Span
}

// ErrNotRaw is returned for a file of any other kind.
var ErrNotRaw = errors.New("not a RAW file of a known kind")

// Find reads a RAW file's directories. A file without any preview is no error. The
// error is ErrNotRaw, or says where a container ends before its directory.
func Find(data []byte) (File, error) {
	s := &search{data: data, entries: maxEntries}
	var err error
	switch kind := Sniff(data); kind {
	case CR3:
		err = s.cr3()
	case RAF:
		err = s.raf()
	case CRW:
		err = s.crw()
	case MRW:
		err = s.mrw()
	case X3F:
		err = s.x3f()
	default:
		err = s.tiff(kind)
	}
	if err != nil {
		return s.file, fmt.Errorf("find the preview: %w", err)
	}
	s.settle()
	return s.file, nil
}

// What one file may make Find do.
const (
	maxEntries     = 1 << 14 // directory entries
	maxDirectories = 128
	maxCandidates  = 256 // previews looked at
	maxBoxes       = 4096
	maxNesting     = 16
)

// search is the state of one Find.
type search struct {
	data       []byte
	file       File
	whole, cut Preview // the largest of each
	entries    int     // directory entries still to be read
	candidates int
	visited    map[int]bool // directories by their place in the file
}

// consider takes a stretch of the file for a preview if it is a JPEG that shows a
// picture: RAW data themselves are often lossless JPEG.
func (s *search) consider(offset, length uint64) {
	s.candidates++
	size := uint64(len(s.data))
	if s.candidates > maxCandidates || length < 4 || offset >= size {
		return
	}
	p := Preview{Cut: length > size-offset}
	p.Span = Span{int(offset), int(min(length, size-offset))}
	var ok bool
	if p.Width, p.Height, ok = jpegSize(p.Of(s.data)); !ok {
		return
	}
	best := &s.whole
	if p.Cut {
		best = &s.cut
	}
	if larger(p, *best) {
		*best = p
	}
}

// larger orders previews by their pixels, then by their bytes.
func larger(a, b Preview) bool {
	if x, y := a.Width*a.Height, b.Width*b.Height; x != y {
		return x > y
	}
	return a.Length > b.Length
}

// enough is the number of pixels from which a preview is more than the thumbnail
// that every file has.
const enough = 640 * 480

// settle chooses the preview. Where the tags lead to no more than a thumbnail, the
// bytes of the file are searched for a JPEG, since every maker has hidden one in
// notes of its own at some time.
func (s *search) settle() {
	if s.file.Kind == NotRaw {
		return
	}
	if s.whole.Width*s.whole.Height < enough && s.cut.Length == 0 {
		s.scan()
	}
	s.file.Preview = s.whole
	if s.whole.Length == 0 {
		s.file.Preview = s.cut
	} else if s.cut.Length > 0 && s.cut.Width*s.cut.Height > s.whole.Width*s.whole.Height {
		s.file.Larger = s.cut
	}
}
