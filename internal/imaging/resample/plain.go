package resample

import "encoding/binary"

// plainPasses are the two passes in Go, which every processor runs.
type plainPasses struct {
	mid  []byte  // the picture between the passes
	pair []int64 // two source rows, interleaved
	acc  []int64 // one row of sums of the vertical pass
}

// resize writes the outputs of both axes to dst.
func (p *plainPasses) resize(dst, src []byte, horizontal, vertical *axis) {
	// Horizontal first, as Pillow does it, and only the rows that the second pass
	// will read.
	top, bottom := vertical.span()
	width := horizontal.outputs()
	p.mid = grow(p.mid, 3*width*(bottom-top))
	p.acrossRows(src, horizontal, top, bottom)
	p.downColumns(dst, vertical, top, width)
}

// acrossRows fills mid with rows [top, bottom) of src, resized in width.
//
// It takes two rows at a time: their samples are packed into the halves of one
// 64-bit integer, so that one multiplication serves both. Each half holds a sum of
// samples times 22-bit coefficients, which fits in 32 bits with its sign; the
// borrow that a negative lower half takes from the upper one is undone at the end.
func (p *plainPasses) acrossRows(src []byte, ax *axis, top, bottom int) {
	width := ax.outputs()
	if ax.identity {
		for y := top; y < bottom; y++ {
			copy(p.mid[3*width*(y-top):][:3*width], src[3*(y*ax.in+ax.lo):])
		}
		return
	}
	left, right := ax.span()
	p.pair = grow(p.pair, 3*(right-left))
	for y := top; y < bottom; y += 2 {
		// The last of an odd number of rows is its own partner.
		second := min(y+1, bottom-1)
		packRows(p.pair,
			src[3*(y*ax.in+left):3*(y*ax.in+right)],
			src[3*(second*ax.in+left):3*(second*ax.in+right)])
		out := p.mid[3*width*(y-top):][:3*width]
		out2 := p.mid[3*width*(second-top):][:3*width]
		for x := range width {
			taps := ax.taps(x)
			in := p.pair[3*(ax.first[x]-left):][:3*len(taps)]
			red, green, blue := weigh(in, taps)
			o, o2 := out[3*x:3*x+3], out2[3*x:3*x+3]
			o[0], o2[0] = unpack(red)
			o[1], o2[1] = unpack(green)
			o[2], o2[2] = unpack(blue)
		}
	}
}

// weigh sums three channels of packed samples, each times its tap. Four taps at a
// time, with slices of constant length, let the compiler drop all bounds checks.
func weigh(in, taps []int64) (red, green, blue int64) {
	red, green, blue = half2, half2, half2
	for len(taps) >= 4 && len(in) >= 12 {
		k, p := taps[:4:4], in[:12:12]
		red += p[0]*k[0] + p[3]*k[1] + p[6]*k[2] + p[9]*k[3]
		green += p[1]*k[0] + p[4]*k[1] + p[7]*k[2] + p[10]*k[3]
		blue += p[2]*k[0] + p[5]*k[1] + p[8]*k[2] + p[11]*k[3]
		taps, in = taps[4:], in[12:]
	}
	for i, k := range taps {
		p := in[3*i : 3*i+3 : 3*i+3]
		red += p[0] * k
		green += p[1] * k
		blue += p[2] * k
	}
	return red, green, blue
}

// lanes selects the samples that lie in the lowest bytes of both halves.
const lanes = 0x000000ff_000000ff

// packRows writes a[i] into the lower and b[i] into the upper half of dst[i].
func packRows(dst []int64, a, b []byte) {
	for len(a) >= 4 && len(b) >= 4 && len(dst) >= 4 {
		both := uint64(binary.LittleEndian.Uint32(a)) | uint64(binary.LittleEndian.Uint32(b))<<32
		dst[0] = int64(both & lanes)
		dst[1] = int64(both >> 8 & lanes)
		dst[2] = int64(both >> 16 & lanes)
		dst[3] = int64(both >> 24 & lanes)
		dst, a, b = dst[4:], a[4:], b[4:]
	}
	for i, v := range a {
		dst[i] = int64(v) | int64(b[i])<<32
	}
}

// unpack rounds the two sums in s to samples.
func unpack(s int64) (lower, upper byte) {
	low := int32(s)
	return clip(low), clip(int32((s - int64(low)) >> 32))
}

// downColumns resizes mid, whose first row is row top of the source, in height.
// Here the halves of an integer are samples of one row, four apart: of eight bytes
// in a row, shifts and masks make four pairs.
func (p *plainPasses) downColumns(dst []byte, ax *axis, top, width int) {
	n := 3 * width
	if ax.identity {
		copy(dst, p.mid)
		return
	}
	whole := n &^ 7
	p.acc = grow(p.acc, whole/2)
	for y := range ax.outputs() {
		out := dst[n*y : n*(y+1)]
		taps := ax.taps(y)
		rows := p.mid[n*(ax.first[y]-top):][:n*len(taps)]
		for i := range p.acc {
			p.acc[i] = half2
		}
		for t, k := range taps {
			addRow(p.acc, rows[n*t:][:whole], k)
		}
		for i := 0; i < whole; i += 8 {
			o, s := out[i:i+8:i+8], p.acc[i/2:i/2+4:i/2+4]
			o[0], o[4] = unpack(s[0])
			o[1], o[5] = unpack(s[1])
			o[2], o[6] = unpack(s[2])
			o[3], o[7] = unpack(s[3])
		}
		for x := whole; x < n; x++ { // at most seven
			sum := int32(half)
			for t, k := range taps {
				sum += int32(rows[n*t+x]) * int32(k)
			}
			out[x] = clip(sum)
		}
	}
}

// addRow adds k times each pair of samples in row, whose length is a multiple of
// eight, to the sums.
func addRow(acc []int64, row []byte, k int64) {
	for len(row) >= 8 && len(acc) >= 4 {
		v := binary.LittleEndian.Uint64(row)
		acc[0] += int64(v&lanes) * k
		acc[1] += int64(v>>8&lanes) * k
		acc[2] += int64(v>>16&lanes) * k
		acc[3] += int64(v>>24&lanes) * k
		acc, row = acc[4:], row[8:]
	}
}
