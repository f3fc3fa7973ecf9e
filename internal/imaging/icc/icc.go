// Package icc converts pictures to sRGB from the colour space that their ICC profile,
// or their primaries, describe.
//
// Profiles are evaluated by github.com/kovidgoyal/imaging (MIT), which is held against
// Little CMS: matrices with curves, grey, and the tables of CMYK. What it makes of a
// profile is sampled once into a table, from which pixels are interpolated; the intent
// is relative colorimetric with black point compensation, as viewers have it.
//
// The package also finds the profile in the containers of the common formats.
package icc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/kovidgoyal/imaging/prism/meta/icc"
)

// MaxProfile is the size in bytes from which on a profile is not read. CMYK profiles
// have half a megabyte to two.
const MaxProfile = 8 << 20

// Parse reads a profile of 1, 3 or 4 channels. The transform is nil, without an error,
// where the profile is sRGB's or so near to it that nobody could tell.
func Parse(profile []byte) (t *Transform, err error) {
	// The library recovers from panics only while it reads the list of tags.
	defer func() {
		if r := recover(); r != nil {
			t, err = nil, fmt.Errorf("the profile cannot be evaluated: %v", r)
		}
	}()
	channels, err := validate(profile)
	if err != nil {
		return nil, err
	}
	p, err := icc.DecodeProfile(bytes.NewReader(profile))
	if err != nil {
		return nil, firstLine(err)
	}
	const compensateBlack, clamp, mapGamut, optimize = true, true, false, true
	pipeline, err := p.CreateTransformerToSRGB(icc.RelativeColorimetricRenderingIntent, compensateBlack, channels, clamp, mapGamut, optimize)
	if err != nil {
		return nil, firstLine(err)
	}
	in, out := make([]float64, 4), make([]float64, 4)
	return sample(channels, func(c []float64) [3]float64 {
		if channels == 3 {
			r, g, b := pipeline.Transform(c[0], c[1], c[2])
			return [3]float64{r, g, b}
		}
		copy(in, c)
		pipeline.TransformGeneral(out, in)
		return [3]float64(out[:3])
	}), nil
}

// firstLine leaves out the stack trace that the library puts into some errors.
func firstLine(err error) error {
	line, _, _ := bytes.Cut([]byte(err.Error()), []byte("\n"))
	return errors.New(string(line))
}

// validate holds a profile against its own sizes before the library, which trusts
// them, allocates by them. It returns the number of channels.
func validate(b []byte) (channels int, err error) {
	const header, entry, mostTags = 128, 12, 200
	if len(b) < header+4 || string(b[36:40]) != "acsp" {
		return 0, errors.New("no ICC profile")
	}
	if len(b) > MaxProfile {
		return 0, fmt.Errorf("profile of %d bytes", len(b))
	}
	switch space := string(b[16:20]); space {
	case "GRAY":
		channels = 1
	case "RGB ":
		channels = 3
	case "CMYK":
		channels = 4
	default:
		return 0, fmt.Errorf("profile of colour space %q", space)
	}
	be := binary.BigEndian
	n := uint64(be.Uint32(b[header:]))
	start := header + 4 + n*entry
	if n > mostTags || start > uint64(len(b)) {
		return 0, errors.New("the profile ends inside its list of tags")
	}
	for i := range n {
		e := b[header+4+i*entry:]
		at, size := uint64(be.Uint32(e[4:])), uint64(be.Uint32(e[8:]))
		if at < start || at+size > uint64(len(b)) {
			return 0, fmt.Errorf("tag %q lies outside of the profile", e[:4])
		}
		if err := validateTable(b[at : at+size]); err != nil {
			return 0, fmt.Errorf("tag %q: %w", e[:4], err)
		}
	}
	return channels, nil
}

// validateTable looks at the tags that hold tables of several dimensions.
func validateTable(b []byte) error {
	const mostValues = 4 << 20
	errSize := errors.New("a table larger than its tag")
	values := func(grid []byte, outputs int) int {
		n := outputs
		for _, g := range grid {
			if n *= int(g); n > mostValues {
				return n
			}
		}
		return n
	}
	if len(b) < 32 {
		return nil
	}
	inputs, outputs := int(b[8]), int(b[9])
	switch string(b[:4]) {
	case "mft1", "mft2":
		if inputs > 4 || outputs > 4 || values(bytes.Repeat(b[10:11], inputs), outputs) > len(b) {
			return errSize
		}
	case "mAB ", "mBA ":
		if inputs > 4 || outputs > 4 {
			return errSize
		}
		at := uint64(binary.BigEndian.Uint32(b[24:]))
		if at == 0 {
			return nil
		}
		if at+20 > uint64(len(b)) {
			return errSize
		}
		clut := b[at:]
		if n := values(clut[:inputs], outputs); clut[16] != 1 && clut[16] != 2 || n > mostValues || n*int(clut[16]) > len(clut)-20 {
			return errSize
		}
	}
	return nil
}
