package png

import (
	"errors"
	"fmt"

	"github.com/sightline/sightline/internal/imaging/rgb"
)

// newConverter gives what turns a row of samples into RGB, of as many pixels as out
// has room for.
func newConverter(c Config, f file) (func(out, row []byte), error) {
	step := c.samples() * c.depth / 8
	switch c.colour {
	case palette:
		return paletteRows(c, f)
	case grey:
		if c.depth < 8 {
			return smallGreyRows(c, f), nil
		}
		if key := f.transparency; len(key) >= 2 {
			if c.depth == 8 {
				key = key[1:2]
			}
			return keyed(key, step, func(out, row []byte) { rgb.Grey(out, row, step) }), nil
		}
		return func(out, row []byte) { rgb.Grey(out, row, step) }, nil
	case greyAlpha:
		return func(out, row []byte) { rgb.GreyAlpha(out, row, step) }, nil
	case rgbAlpha:
		return func(out, row []byte) { rgb.Straight(out, row, step) }, nil
	}
	plain := func(out, row []byte) { copy(out, row) }
	if c.depth == 16 {
		plain = func(out, row []byte) {
			for i := range out {
				out[i] = row[2*i]
			}
		}
	}
	if key := f.transparency; len(key) >= 6 {
		if c.depth == 8 {
			key = []byte{key[1], key[3], key[5]}
		}
		return keyed(key[:step], step, plain), nil
	}
	return plain, nil
}

// keyed makes the pixels white whose samples are the one colour that is transparent.
func keyed(key []byte, step int, plain func(out, row []byte)) func(out, row []byte) {
	key = key[:step]
	return func(out, row []byte) {
		plain(out, row)
		for i, j := 0, 0; i < len(out); i, j = i+3, j+step {
			if string(row[j:j+step]) == string(key) {
				out[i], out[i+1], out[i+2] = 255, 255, 255
			}
		}
	}
}

// smallGreyRows reads grey of less than 8 bits, of which the table has all values.
func smallGreyRows(c Config, f file) func(out, row []byte) {
	var table [256][3]byte
	most := 1<<c.depth - 1
	for i := range most + 1 {
		v := byte(i * 255 / most)
		table[i] = [3]byte{v, v, v}
	}
	if key := f.transparency; len(key) >= 2 && key[0] == 0 && int(key[1]) <= most {
		table[key[1]] = [3]byte{255, 255, 255}
	}
	return func(out, row []byte) { lookUp(out, row, c.depth, &table) }
}

// paletteRows reads indices of a palette. One beyond it is black, as in Pillow.
func paletteRows(c Config, f file) (func(out, row []byte), error) {
	n := len(f.palette) / 3
	switch {
	case n == 0:
		return nil, errors.New("no palette")
	case n > 256:
		return nil, fmt.Errorf("palette of %d colours", n)
	}
	var table [256][3]byte
	for i := range n {
		alpha := byte(255)
		if i < len(f.transparency) {
			alpha = f.transparency[i]
		}
		p := f.palette[3*i:]
		rgb.Straight(table[i][:], []byte{p[0], p[1], p[2], alpha}, 4)
	}
	return func(out, row []byte) { lookUp(out, row, c.depth, &table) }, nil
}

// lookUp reads pixels of 1, 2, 4 or 8 bits, the highest bits of a byte first.
func lookUp(out, row []byte, depth int, table *[256][3]byte) {
	if depth == 8 {
		for i, j := 0, 0; i+3 <= len(out); i, j = i+3, j+1 {
			p := &table[row[j]]
			out[i], out[i+1], out[i+2] = p[0], p[1], p[2]
		}
		return
	}
	mask := byte(1<<depth - 1)
	for i, bit := 0, 0; i+3 <= len(out); i, bit = i+3, bit+depth {
		p := &table[row[bit/8]>>(8-depth-bit%8)&mask]
		out[i], out[i+1], out[i+2] = p[0], p[1], p[2]
	}
}
