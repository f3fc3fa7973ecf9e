package tiff

import (
	"errors"
	"fmt"
	"slices"
)

// decoder reads one picture.
type decoder struct {
	layout
	data []byte
	jpeg JPEG
	inks func(rgb, inks []byte)     // nil for the naive way
	kept [mostSamples]decompressors // of each plane that is read at once

	sorted []uint64 // the offsets, where the ends of blocks must be guessed
	lost   int64    // pixels that could not be read
	cause  error    // why the first of them could not, or what is wrong with some that were
}

// sink takes a row of n pixels at (x, y), as one slice a plane, valid for the call.
type sink func(x, y, n int, rows [][]byte)

// longestRow bounds the memory of a row of a block, which is more than its pixels' where
// there are many samples of many bits.
const longestRow = 1 << 28

// jpegPixels is how many pixels a byte of JPEG can be: the least code is a bit for the
// DC coefficient of 64 samples.
const jpegPixels = 8 * 64

// mostLost is the share of pixels that a picture may lack and still be given.
const mostLost = 0.2

// picture reads all blocks into a picture.
func (d *decoder) picture() ([]byte, error) {
	if err := d.checkBacking(); err != nil {
		return nil, err
	}
	c := newConverter(&d.layout)
	if d.inks != nil {
		c.inks = d.inks
	}
	if d.wide() {
		// The first pass over the file finds the range of values, the second has pixels.
		if err := d.each(c.mapping.measure); err != nil {
			return nil, err
		}
		if err := d.tooMuchLost(); err != nil {
			return nil, err
		}
		c.mapping.settle()
		d.lost, d.cause = 0, nil
	}
	var pix []byte
	err := d.each(func(x, y, n int, rows [][]byte) {
		if pix == nil { // the data has proved to be more than a claim
			pix = make([]byte, 3*d.width*d.height)
		}
		c.row(pix[3*(y*d.width+x):][:3*n], rows)
	})
	if err != nil {
		return nil, err
	}
	if err := d.tooMuchLost(); err != nil {
		return nil, err
	}
	if d.lost > 0 {
		return pix, fmt.Errorf("%.1f %% of the picture cannot be read: %w", d.lostPercent(), d.cause)
	}
	return pix, d.cause
}

func (d *decoder) lostPercent() float64 {
	return 100 * float64(d.lost) / (float64(d.width) * float64(d.height))
}

func (d *decoder) tooMuchLost() error {
	if d.lostPercent() > 100*mostLost+1e-9 {
		return fmt.Errorf("%.0f %% of the picture cannot be read: %w", d.lostPercent(), d.cause)
	}
	return nil
}

// checkBacking holds the size of the picture against what the data in the file can
// become at the very most, so that nothing is allocated for a mere claim.
func (d *decoder) checkBacking() error {
	if row := d.rowBytes(); row > longestRow || d.blockRow()*len(d.bits) > longestRow {
		return unsupported("rows of %d bytes", row)
	}
	if d.compression == oldJPEG && d.dir.has(tagJPEGStream) {
		// Its own header says its size, and comes later.
		if int64(d.width)*int64(d.height) > jpegPixels*int64(len(d.data)) {
			return fmt.Errorf("%d bytes cannot hold %dx%d pixels", len(d.data), d.width, d.height)
		}
		return nil
	}
	if err := d.checkOffsets(); err != nil {
		return err
	}
	blocks := d.blocks()
	rowBytes := float64(d.rowBytes())
	rows := float64(d.blockHeight) // of data rows, in a whole block
	if d.subsampled {
		rows = float64((d.blockHeight + d.subY - 1) / d.subY)
	}
	backed := 0.0
	for i := range min(len(d.offsets), int(blocks)) {
		segment, err := d.segment(i, d.blockHeight)
		if err != nil {
			continue
		}
		most := d.mostBytes(len(segment))
		if !d.tiled && (i+1)%d.down == 0 { // the last strip may be lower
			last := float64(d.height-(d.down-1)*d.blockHeight) / float64(d.blockHeight)
			if most >= last*rows*rowBytes {
				most = rows * rowBytes
			}
		}
		backed += min(most, rows*rowBytes)
	}
	if total := blocks * rows * rowBytes; backed < (1-mostLost)*total-1 { // less what rounding adds
		return fmt.Errorf("the data of %d strips or tiles makes %.0f bytes of pixels at most, the picture has %.0f", len(d.offsets), backed, total)
	}
	return nil
}

// blocks is the number of strips or tiles that the picture is to have.
func (d *decoder) blocks() float64 {
	return float64(d.across) * float64(d.down) * float64(d.planes())
}

func (d *decoder) checkOffsets() error {
	if float64(len(d.offsets)) < (1-mostLost)*d.blocks() {
		return fmt.Errorf("%d strips or tiles of %.0f", len(d.offsets), d.blocks())
	}
	return nil
}

// mostBytes is what n bytes of compressed data can become at most.
func (d *decoder) mostBytes(n int) float64 {
	// What each byte becomes, from the format: the longest run by the shortest code.
	var each float64
	switch d.compression {
	case uncompressed:
		each = 1
	case packBits:
		each = 64 // 128 bytes by two
	case thunderScan:
		each = 32 // 63 pixels of half a byte by one
	case lzwCompressed:
		each = 4096.0 * 8 / 9
	case deflate, deflateOld:
		each = 1032
	case ccittRLE, ccittG3, ccittG4, ccittRLEW:
		each = 8 * float64(d.rowBytes()) // a row takes a bit at least
	case oldJPEG, newJPEG:
		each = jpegPixels * float64(len(d.bits))
	default:
		each = 65536
	}
	return each * float64(n)
}

// each reads all blocks in their order and hands their rows to to. What is lost is
// counted; only what is unsupported is an error.
func (d *decoder) each(to sink) error {
	if d.compression == oldJPEG {
		if done, err := d.wholeStream(to); done {
			return err
		}
		if err := d.checkOffsets(); err != nil {
			return err
		}
	}
	for by := range d.down {
		for bx := range d.across {
			good, err := d.block(bx, by, to)
			if err == nil {
				continue
			}
			if errors.Is(err, ErrUnsupported) {
				return err
			}
			d.lose(min(d.blockHeight, d.height-by*d.blockHeight)-good, bx, fmt.Errorf("%s %d: %w", d.blockName(), by*d.across+bx, err))
		}
	}
	return nil
}

// lose counts rows of a block as lost.
func (d *decoder) lose(rows, bx int, cause error) {
	d.lost += int64(rows) * int64(min(d.blockWidth, d.width-bx*d.blockWidth))
	if d.cause == nil {
		d.cause = cause
	}
}

func (d *decoder) blockName() string {
	if d.tiled {
		return "tile"
	}
	return "strip"
}

// block reads one strip or tile. good is how many of its rows are right.
func (d *decoder) block(bx, by int, to sink) (good int, err error) {
	x, y := bx*d.blockWidth, by*d.blockHeight
	n, height := min(d.blockWidth, d.width-x), min(d.blockHeight, d.height-y)
	planes := d.planes()
	sources := make([]rowSource, planes)
	for p := range planes {
		i := p*d.across*d.down + by*d.across + bx
		if sources[p], err = d.open(i, p, height); err != nil {
			return 0, err
		}
	}
	rows := make([][]byte, planes)
	var spread []byte
	bad := 0
	for r := 0; r < height; {
		for p, s := range sources {
			row, err := s.next()
			if err != nil && !errors.Is(err, errBadRow) {
				return r - bad, err
			}
			if err != nil {
				bad++
				if d.cause == nil {
					d.cause = err
				}
			}
			rows[p] = row
		}
		if !d.subsampled {
			to(x, y+r, n, rows)
			r++
			continue
		}
		unit := rows[0]
		if spread == nil {
			spread = make([]byte, 3*(n+d.subX))
		}
		for sub := 0; sub < d.subY && r < height; sub++ {
			d.spread(spread, unit, sub)
			rows[0] = spread
			to(x, y+r, n, rows)
			r++
		}
	}
	if bad > 0 {
		return height - bad, errBadRow
	}
	return height, nil
}

// spread gives each pixel of a row of units its own three samples. A unit is the
// lightness of subX by subY pixels, row by row, and the chroma of them all.
func (d *decoder) spread(out, units []byte, row int) {
	size := d.subX*d.subY + 2
	for i := 0; len(units) >= size && i < len(out); units = units[size:] {
		blue, red := units[size-2], units[size-1]
		for _, light := range units[row*d.subX:][:d.subX] {
			if i+3 > len(out) {
				break
			}
			out[i], out[i+1], out[i+2] = light, blue, red
			i += 3
		}
	}
}

// segment gives the bytes of a strip or tile. A count that is missing or reaches
// beyond the file is replaced by what can be known.
func (d *decoder) segment(i, rows int) ([]byte, error) {
	if i >= len(d.offsets) {
		return nil, errors.New("it has no offset")
	}
	offset, size := d.offsets[i], uint64(len(d.data))
	count := uint64(0)
	if i < len(d.counts) {
		count = d.counts[i]
	}
	if offset == 0 && count == 0 {
		return nil, errors.New("it is not in the file")
	}
	if offset >= size {
		return nil, fmt.Errorf("it begins at byte %d of %d", offset, size)
	}
	left := size - offset
	switch {
	case d.compression == uncompressed:
		// Counts that are too small are common, and not needed.
		if d.subsampled {
			rows = (rows + d.subY - 1) / d.subY
		}
		count = uint64(rows) * uint64(d.rowBytes())
	case count == 0:
		count = left
		if d.sorted == nil {
			d.sorted = slices.Sorted(slices.Values(d.offsets))
		}
		if next, _ := slices.BinarySearch(d.sorted, offset+1); next < len(d.sorted) {
			count = d.sorted[next] - offset
		}
	}
	return d.data[offset:][:min(count, left)], nil
}
