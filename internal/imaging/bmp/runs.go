package bmp

// runs undoes the run lengths and says how many rows there are: all, where the data
// says itself that it ends. What it skips has the first colour of the palette; of 24
// bits, black.
func (d *decoder) runs() int {
	d.background()
	r := runReader{decoder: d, in: d.data}
	for r.y < d.Height {
		if len(r.in) < 2 {
			return r.y
		}
		count, code := int(r.in[0]), r.in[1]
		switch {
		case count > 0:
			r.in = r.in[1:]
			if !r.repeat(count) {
				return r.y
			}
		case code == 0: // the end of the row
			r.in = r.in[2:]
			r.x, r.y = 0, r.y+1
		case code == 1: // the end of the picture
			return d.Height
		case code == 2: // so far to the right and on
			if len(r.in) < 4 {
				return r.y
			}
			r.x += int(r.in[2])
			r.y += int(r.in[3])
			r.in = r.in[4:]
		default:
			r.in = r.in[2:]
			if !r.literal(int(code)) {
				return r.y
			}
		}
	}
	return d.Height
}

func (d *decoder) background() {
	c := d.colours[0]
	if d.compression == rle24 || c == [3]byte{} {
		return
	}
	for i := 0; i < len(d.pix); i += 3 {
		d.pix[i], d.pix[i+1], d.pix[i+2] = c[0], c[1], c[2]
	}
}

// runReader is at a pixel of the picture, in the order of the file.
type runReader struct {
	*decoder
	in   []byte
	x, y int
}

// put draws a pixel. What reaches beyond the row is left out.
func (r *runReader) put(red, green, blue byte) {
	if r.x < r.Width && r.y < r.Height {
		p := r.row(r.y)[3*r.x:]
		p[0], p[1], p[2] = red, green, blue
	}
	r.x++
}

func (r *runReader) putIndex(i byte) {
	c := &r.colours[i]
	r.put(c[0], c[1], c[2])
}

// repeat draws a run of one pixel, or of two in turn where a byte has two.
func (r *runReader) repeat(count int) bool {
	if r.compression == rle24 {
		if len(r.in) < 3 {
			return false
		}
		for range count {
			r.put(r.in[2], r.in[1], r.in[0])
		}
		r.in = r.in[3:]
		return true
	}
	v := r.in[0]
	r.in = r.in[1:]
	for i := range count {
		r.putIndex(r.nibble(v, i))
	}
	return true
}

// nibble is the i-th pixel of those that a byte has.
func (r *runReader) nibble(v byte, i int) byte {
	switch {
	case r.compression == rle8:
		return v
	case i%2 == 0:
		return v >> 4
	}
	return v & 15
}

// literal draws pixels that are not repeated, padded to an even number of bytes.
func (r *runReader) literal(count int) bool {
	n := count
	switch r.compression {
	case rle4:
		n = (count + 1) / 2
	case rle24:
		n = 3 * count
	}
	if len(r.in) < n {
		return false
	}
	for i := range count {
		switch r.compression {
		case rle24:
			p := r.in[3*i:]
			r.put(p[2], p[1], p[0])
		case rle8:
			r.putIndex(r.in[i])
		default:
			r.putIndex(r.nibble(r.in[i/2], i))
		}
	}
	r.in = r.in[min(n+n%2, len(r.in)):]
	return true
}
