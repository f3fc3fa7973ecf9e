package png

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
)

// mostMissing is the share of pixels that a picture may lack and still be given.
const mostMissing = 0.2

// longestRow bounds the memory of the two rows that are at hand.
const longestRow = 1 << 28

// pass is one of the pictures that an interlaced picture consists of (Adam7): its
// first pixel and the steps to the next ones.
type pass struct{ x, y, dx, dy int }

var adam7 = []pass{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}

// size is that of a pass; a side may be 0.
func (p pass) size(c Config) (w, h int) {
	return (c.Width - p.x + p.dx - 1) / p.dx, (c.Height - p.y + p.dy - 1) / p.dy
}

// passes are those that have pixels.
func (c Config) passes() []pass {
	if !c.interlaced {
		return []pass{{0, 0, 1, 1}}
	}
	var all []pass
	for _, p := range adam7 {
		if w, h := p.size(c); w > 0 && h > 0 {
			all = append(all, p)
		}
	}
	return all
}

type decoder struct {
	Config
	source  io.Reader
	convert func(out, row []byte)
	pix     []byte
	read    int64 // pixels that were
}

func (d *decoder) missing() float64 {
	return 1 - float64(d.read)/(float64(d.Width)*float64(d.Height))
}

// checkBacking holds the size against what the data can become at most: deflate
// makes 258 bytes of two bits, which is 1032 of each byte.
func (d *decoder) checkBacking(chunks [][]byte) error {
	if row := d.rowBytes(d.Width); row > longestRow {
		return fmt.Errorf("%w: rows of %d bytes", ErrUnsupported, row)
	}
	have, need := 0.0, 0.0
	for _, c := range chunks {
		have += float64(len(c))
	}
	for _, p := range d.passes() {
		w, h := p.size(d.Config)
		need += float64(h) * (1 + float64(d.rowBytes(w)))
	}
	if have*1032 < need*(1-mostMissing)-1 { // less what rounding adds
		return fmt.Errorf("%.0f bytes of data cannot hold %dx%d pixels", have, d.Width, d.Height)
	}
	return nil
}

// picture reads all passes. After an error, the pixels that were read are right.
func (d *decoder) picture() error {
	// The decompressor has a loop of its own, the fastest, for this type of reader.
	z, err := zlib.NewReader(bufio.NewReaderSize(d.source, 64<<10))
	if err != nil {
		return fmt.Errorf("decompress: %w", err)
	}
	filtered := d.rowBytes(d.Width) + 1
	bpp := max(d.samples()*d.depth/8, 1)
	row, above := make([]byte, filtered), make([]byte, filtered)
	var pixels []byte
	if d.interlaced {
		pixels = make([]byte, 3*d.Width)
	}
	for _, p := range d.passes() {
		w, h := p.size(d.Config)
		n := d.rowBytes(w) + 1
		clear(above[:n])
		for i := range h {
			if _, err := io.ReadFull(z, row[:n]); err != nil {
				d.fill(p, i)
				if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
					return errEnds
				}
				return fmt.Errorf("decompress: %w", err)
			}
			if !unfilter(row[0], row[1:n], above[1:n], bpp) {
				d.fill(p, i)
				return fmt.Errorf("row of an unknown filter %d", row[0])
			}
			if d.pix == nil { // the data has proved to be more than a claim
				d.pix = make([]byte, 3*d.Width*d.Height)
			}
			y := p.y + i*p.dy
			out := d.pix[3*y*d.Width:][:3*d.Width]
			if p.dx == 1 {
				d.convert(out, row[1:n])
			} else {
				d.convert(pixels[:3*w], row[1:n])
				scatter(out[3*p.x:], pixels[:3*w], 3*p.dx)
			}
			d.read += int64(w)
			row, above = above, row
		}
	}
	// Behind the rows comes a checksum of them all. More rows keep it out of reach.
	if n, err := z.Read(row[:1]); n == 0 && err != nil && err != io.EOF {
		return fmt.Errorf("behind the rows: %w", err)
	}
	return nil
}

// scatter puts pixels step bytes apart.
func scatter(out, pixels []byte, step int) {
	for i, j := 0, 0; j < len(pixels); i, j = i+step, j+3 {
		out[i], out[i+1], out[i+2] = pixels[j], pixels[j+1], pixels[j+2]
	}
}

// fill gives the rows of the last pass, from its i-th on, the colours of the rows
// above them, which are of other passes. What else is missing stays black.
func (d *decoder) fill(p pass, i int) {
	if p.dx != 1 || p.dy != 2 || d.pix == nil {
		return
	}
	for y := p.y + i*p.dy; y < d.Height; y += p.dy {
		copy(d.pix[3*y*d.Width:][:3*d.Width], d.pix[3*(y-1)*d.Width:])
	}
}
