// Package imaging turns the bytes of a picture file into 8-bit RGB pixels, and
// resizes them exactly as Pillow does.
//
// The reference for every pixel is Pillow, because that is what the models were
// trained behind: a picture that goes through Decode and Resize must come out
// bit for bit as it does there. Where we differ on purpose (EXIF orientation is
// applied, transparency is composited on white, 16-bit grey is scaled and not
// clipped), the difference is stated at the place where it is made. A picture that is
// damaged but at least four fifths there is shown, with Info.Damage.
//
// The package knows nothing of models, tensors or stores.
package imaging

import (
	"context"
	"errors"

	"github.com/sightline/sightline/internal/imaging/metadata"
)

// RGB is an 8-bit picture, top row first, tightly packed: the pixel at (x, y) is
// the three bytes Pix[3*(y*Width+x):].
type RGB struct {
	Pix    []byte
	Width  int
	Height int
}

// NewRGB allocates a black picture.
func NewRGB(width, height int) *RGB {
	return &RGB{Pix: make([]byte, 3*width*height), Width: width, Height: height}
}

// Format names a file format by its content, never by its extension.
type Format string

// The formats that Decode reads.
const (
	FormatUnknown Format = ""
	FormatJPEG    Format = "jpeg"
	FormatPNG     Format = "png"
	FormatGIF     Format = "gif"
	FormatWebP    Format = "webp"
	FormatBMP     Format = "bmp"
	FormatTIFF    Format = "tiff"
	FormatHEIC    Format = "heic"
	FormatAVIF    Format = "avif"
	FormatJXL     Format = "jxl"
	FormatPSD     Format = "psd" // and PSB
	FormatPNM     Format = "pnm" // PBM, PGM, PPM and PAM
	FormatTGA     Format = "tga"
	FormatPCX     Format = "pcx"
	FormatQOI     Format = "qoi"
	FormatICO     Format = "ico" // and CUR
)

// Mode says how far a decoder may shorten its work.
type Mode string

// The two modes. The mode changes pixels by a hair, so it is part of a model's
// fingerprint.
const (
	// Fast lets a JPEG be decoded at a reduced scale (DCT scaling), never below
	// twice the side that is asked for. Right for nearly everyone.
	Fast Mode = "fast"
	// Exact always decodes at full size: equal to Pillow's plain open and resize.
	Exact Mode = "exact"
)

// Colour says what becomes of a picture's own colour space. Like Mode, it is part of
// a model's fingerprint.
type Colour string

// The ways with colour spaces.
const (
	// ColourSRGB converts what an embedded profile, or numbers in its place, say to be
	// of another space. A picture that is sRGB, or says nothing, keeps every bit.
	ColourSRGB Colour = "srgb"
	// ColourIgnore takes the samples as they are, as Pillow's open does.
	ColourIgnore Colour = "ignore"
)

// Options says how Decode reads a picture. The zero value decodes at full size,
// applies the EXIF orientation and has the default limits.
type Options struct {
	Mode Mode // "" means Exact
	// ShortSide is the length, in pixels, that the shorter side will be resized
	// to; Fast uses it to choose the scale. 0 means full size.
	ShortSide int
	// IgnoreOrientation leaves the pixels as stored, as openai/CLIP does. Only
	// parity tests want this.
	IgnoreOrientation bool
	Colour            Colour // "" means ColourIgnore
	Limits            Limits
	// ctx is DecodeContext's, for the decoders that can be stopped.
	ctx context.Context
}

// Limits bounds what a file may make us allocate. All are checked from the
// header, before any pixel memory exists. Zero fields mean the defaults.
type Limits struct {
	MaxPixels int64 // width*height; default 500 million
	MaxBytes  int64 // size of the file; default 2 GiB
	// MaxMemory is what decoding one picture may take at its peak, by the estimate
	// of Info.DecodeBytes; default 800 MiB.
	MaxMemory int64
}

// WithDefaults returns the limits with the defaults in the place of zeros.
func (l Limits) WithDefaults() Limits {
	if l.MaxPixels <= 0 {
		l.MaxPixels = defaultMaxPixels
	}
	if l.MaxBytes <= 0 {
		l.MaxBytes = defaultMaxBytes
	}
	if l.MaxMemory <= 0 {
		l.MaxMemory = defaultMaxMemory
	}
	return l
}

// Info is what Decode learned about a picture besides its pixels.
type Info struct {
	Format Format
	// Width and Height are those of the whole picture as it is looked at: after
	// the EXIF orientation, before any reduced-scale decoding.
	Width, Height int
	Orientation   int // EXIF orientation, 1..8; 1 where the file says nothing
	// Metadata is what the file says about itself: date, keywords, captions. Its
	// Orientation is EXIF's or XMP's, which HEIF files overrule.
	Metadata metadata.Metadata
	// Damage says what is wrong with a picture that could be shown all the same:
	// an end that is missing, say. "" where nothing is.
	Damage string

	// See DecodeBytes.
	decode, decodePixel int64
	turns               bool
}

// Errors that callers tell apart with errors.Is. Each is wrapped with what was
// found and where.
var (
	ErrUnknownFormat = errors.New("not a picture in a known format")
	ErrTooLarge      = errors.New("picture exceeds the limit")
	ErrCorrupt       = errors.New("picture is damaged")
	// ErrUnsupported is a sound file that uses what no decoder here knows.
	ErrUnsupported = errors.New("unsupported kind of picture")
)

// context is the one that Decode was called with.
func (o Options) context() context.Context {
	if o.ctx == nil {
		return context.Background()
	}
	return o.ctx
}
