// Package heif reads HEIF files: HEIC, AVIF and their relatives, stills, grids,
// overlays and the first picture of a sequence.
//
// The container and the colours are Go, and only the two codecs are not: libde265
// (HEVC) and dav1d (AV1), compiled to WebAssembly and run by wazero. Whole decoders
// (libheif, libavif) in WebAssembly were tried before and are no match: what they
// packaged refused the brand mif1, dropped alpha planes, ignored the colour matrix,
// truncated 10 bits and took 60 bytes of memory a pixel, none of which can be
// mended from outside. A codec alone has an interface of three functions, is fed
// one tile at a time, and can be given a memory limit that its picture justifies.
// A bug in it stays in its sandbox.
//
// The modules are built by scripts/codecs/build.sh from pinned sources. dav1d is
// under the 2-clause BSD licence. libde265 is under the LGPL 3: its module is a
// file of its own (hevc.wasm.gz), which anyone can replace and rebuild with that
// script. The texts are in the folder licences.
package heif

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
)

// ErrUnsupported is what a sound file meets that uses what is not read here.
var ErrUnsupported = errors.New("unsupported")

// ErrDamaged comes with a picture, parts of which a codec had to make up.
var ErrDamaged = errors.New("parts of the coded picture are damaged")

// ErrCut is what a file meets that ends before the picture does.
var ErrCut = errors.New("the file is cut off")

// unsupported names what is not read.
func unsupported(what string) error { return fmt.Errorf("%w: %s", ErrUnsupported, what) }

// File is a HEIF file whose boxes are read, and whose pixels are not.
type File struct {
	meta    *meta
	primary *item
	size    image.Point // of the primary item, before the crop
	shape   transform
}

// Open reads the boxes. The primary item is the picture; a sequence without one
// shows its first. data must not change as long as the file is in use.
func Open(data []byte) (*File, error) {
	f, err := openStill(data)
	if err == nil {
		return f, nil
	}
	moov, moovErr := findBox(data, "moov")
	if _, miniErr := findBox(data, "mini"); moovErr != nil && miniErr == nil {
		return nil, unsupported("a box mini in the place of meta")
	}
	if moovErr != nil {
		return nil, err // which tells more than the lack of a sequence
	}
	return openSequence(data, moov)
}

func openStill(data []byte) (*File, error) {
	b, err := findBox(data, "meta")
	if err != nil {
		return nil, err
	}
	m, err := parseMeta(data, b)
	if err != nil {
		return nil, err
	}
	return open(m)
}

func openSequence(data []byte, moov box) (*File, error) {
	tracks, err := parseTracks(moov)
	if err != nil {
		return nil, err
	}
	m, orientation, err := metaOfTracks(data, tracks)
	if err != nil {
		return nil, err
	}
	f, err := open(m)
	if err == nil && orientation != 1 && !f.shape.said {
		f.shape.orientation, f.shape.said = orientation, true
	}
	return f, err
}

func open(m *meta) (*File, error) {
	primary := m.items[m.primary]
	if primary == nil {
		return nil, errors.New("no primary item")
	}
	// A tone map is shown by what it maps, for those who do not know it.
	if primary.kind == "tmap" {
		if to := m.targets("dimg", primary.id); len(to) > 0 && m.items[to[0]] != nil {
			primary = m.items[to[0]]
		}
	}
	// Some files name a thumbnail as their picture; what it is of is meant.
	if to := m.targets("thmb", primary.id); len(to) > 0 && m.items[to[0]] != nil {
		primary = m.items[to[0]]
	}
	size, err := primary.size()
	if err != nil {
		return nil, err
	}
	shape, err := transformOf(primary.properties, size)
	if err != nil {
		return nil, err
	}
	return &File{meta: m, primary: primary, size: size, shape: shape}, nil
}

// Size is that of the stored pixels, cropped and not yet turned.
func (f *File) Size() (width, height int) {
	s := f.shape.crop.Size()
	return s.X, s.Y
}

// Orientation is what is to be done to the pixels before they are shown, as an EXIF
// value. It is 0 if no box says anything, and the EXIF block may then.
func (f *File) Orientation() int {
	if !f.shape.said {
		return 0
	}
	return f.shape.orientation
}

// mayLose is the share, as 1/n, of a picture that may be missing.
const mayLose = 5

func (f *File) pixels() int64 { return int64(f.size.X) * int64(f.size.Y) }

// Missing is how many bytes the coded picture reaches beyond the end of the file; 0 where
// it is whole, or put together of several items.
func (f *File) Missing() int64 {
	if f.primary.method != 0 {
		return 0
	}
	end := uint64(0)
	for _, e := range f.primary.extents {
		if e.offset > math.MaxInt64/2 || e.length > math.MaxInt64/2 {
			return 0
		}
		end = max(end, e.offset+e.length)
	}
	return max(0, int64(end)-int64(len(f.meta.file)))
}

// Still decodes a JPEG that is an item of a file to tightly packed RGB. It refuses
// one of another size before it takes memory for it.
type Still func(data []byte, width, height int) (pix []byte, err error)

// Decode returns tightly packed 8-bit RGB, cropped, and turned by an orientation,
// which is an EXIF value: the file's own or another. Alpha is composited on white.
// jpeg may be nil. The error wraps ErrUnsupported where the file is sound, is the
// context's cause where that is over, and is ErrDamaged beside pixels.
func (f *File) Decode(ctx context.Context, orientation int, jpeg Still) ([]byte, error) {
	d := &decoding{ctx: ctx, meta: f.meta, jpeg: jpeg, budget: maxItems, mayLose: f.pixels() / mayLose}
	defer d.close()
	c, err := d.picture(f.primary, transform{crop: f.shape.crop, orientation: max(orientation, 1)})
	if err != nil {
		return nil, err
	}
	c.overWhite()
	switch {
	case d.lost > 0:
		return c.pix, fmt.Errorf("%w: %.1f %% of the picture is missing", ErrCut, 100*float64(d.lost)/float64(f.pixels()))
	case d.damaged:
		return c.pix, ErrDamaged
	}
	return c.pix, nil
}
