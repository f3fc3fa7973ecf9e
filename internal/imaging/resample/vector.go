package resample

// The vector instructions multiply 16-bit numbers and add the products in pairs, so a
// coefficient k is split into two: k = high<<lowBits + low, with low not negative. The
// sums of both are put together at the end. Whatever overflows on the way is cut off
// the upper end of 32 bits, into which the result fits, as it is in plain.go.
const lowBits = 15

func split(k int64) (high, low int16) {
	return int16(k >> lowBits), int16(k & (1<<lowBits - 1))
}

// vectorPasses are the two passes by vector instructions. Between them the picture
// lies as pairs of rows: the samples of an even row and those of the next one take
// turns, so that the second pass finds side by side what it is to add. The second pass
// follows the first at once, so that no more pairs are kept than the cache holds.
type vectorPasses struct {
	across acrossTaps
	down   downTaps
	mid    []byte // a window of the pairs, stride bytes each
	stride int
	edge   []byte // copies of source rows, with room behind them
	line   []byte // an output row, with room behind it
}

const (
	rowsAtOnce  = 4  // source rows that acrossRows takes
	loadBytes   = 16 // what it loads of each for two pairs of taps, or for the last pair
	columnBlock = 32 // samples of a row that downColumns computes at once
)

// resize writes the outputs of both axes, for which across and down are prepared, to
// dst.
func (v *vectorPasses) resize(dst, src []byte, horizontal, vertical *axis) {
	top, bottom := vertical.span()
	n := 3 * horizontal.outputs()
	blocks := (n + columnBlock - 1) / columnBlock
	v.line = grow(v.line, blocks*columnBlock)
	v.edge = grow(v.edge, rowsAtOnce*v.across.reach)
	// The first pass writes two bytes more than a pair of rows has, and the second
	// reads whole blocks.
	v.stride = (2*n + 2 + 2*columnBlock - 1) / (2 * columnBlock) * (2 * columnBlock)
	window := 2*v.down.stride/pairOf + rowsAtOnce/2 // half of it is moved when it is full
	v.mid = grow(v.mid, window*v.stride)

	low, next := 0, 0 // mid holds the pairs from low up to next
	for y := range vertical.outputs() {
		first, pairs, coef := v.down.taps(y)
		for next < first+pairs {
			if next-low+rowsAtOnce/2 > window {
				copy(v.mid, v.mid[(first-low)*v.stride:(next-low)*v.stride])
				low = first
			}
			v.acrossGroup(v.mid[(next-low)*v.stride:], src, 3*horizontal.in, top+2*next, bottom)
			next += rowsAtOnce / 2
		}
		mid := v.mid[(first-low)*v.stride:][:pairs*v.stride]
		// Whole blocks may reach into the next row, which is written later, but not
		// beyond the last.
		if out := dst[n*y:]; len(out) >= len(v.line) {
			downColumns(out[:len(v.line)], mid, v.stride, coef)
		} else {
			downColumns(v.line, mid, v.stride, coef)
			copy(out, v.line[:n])
		}
	}
}

// acrossGroup makes two pairs of rows in mid of the source rows from y on, which are
// width bytes long. Row bottom-1 is the last; it stands for those that the group lacks.
func (v *vectorPasses) acrossGroup(mid, src []byte, width, y, bottom int) {
	var rows [rowsAtOnce]*byte
	for i := range rows {
		rows[i] = v.row(src, width*min(y+i, bottom-1), i)
	}
	acrossRows(mid[:rowsAtOnce/2*v.stride], v.stride, &rows, &v.across)
}

// row returns the source row that begins at start. If loads would reach beyond src,
// it is copied to the i-th place for that.
func (v *vectorPasses) row(src []byte, start, i int) *byte {
	reach := v.across.reach
	if len(src)-start >= reach {
		return &src[start]
	}
	copied := v.edge[i*reach:][:reach]
	copy(copied, src[start:]) // what lies behind is multiplied by 0
	return &copied[0]
}

// Both passes take their coefficients in the same order: for each two taps that are
// added at once, the two high parts and then the two low parts. pairOf is the number of
// these.
const pairOf = 4

// put sets the coefficient of tap j.
func put(coef []int16, j int, k int64) {
	at := j/2*pairOf + j%2
	coef[at], coef[at+2] = split(k)
}

// acrossTaps are the coefficients of the horizontal pass.
type acrossTaps struct {
	offset []int32 // for each output, at which byte of a source row its first tap lies
	coef   []int16 // pairs of taps for each output, filled up with zeros
	pairs  int
	reach  int // how many bytes of a row are loaded
}

func (t *acrossTaps) prepare(ax *axis) {
	n, most := ax.outputs(), 0
	for _, count := range ax.count[:n] {
		most = max(most, count)
	}
	t.pairs = (most + 1) / 2
	t.offset = grow(t.offset, n)
	t.coef = grow(t.coef, n*t.pairs*pairOf)
	clear(t.coef)
	t.reach = 0
	for i := range n {
		coef := t.coef[i*t.pairs*pairOf:]
		for j, k := range ax.taps(i) {
			put(coef, j, k)
		}
		t.offset[i] = int32(3 * ax.first[i])
		lastLoad := 3*ax.first[i] + (t.pairs-1)/2*12
		t.reach = max(t.reach, lastLoad+loadBytes)
	}
}

// downTaps are those of the vertical pass.
type downTaps struct {
	first, count []int   // for each output, which pairs of rows it reads
	coef         []int16 // stride numbers for each output, zeros for a row that is not to be read
	stride       int
}

func (t *downTaps) prepare(ax *axis) {
	n := ax.outputs()
	top, _ := ax.span()
	t.first, t.count = grow(t.first, n), grow(t.count, n)
	t.stride = 0
	for i := range n {
		first := ax.first[i] - top
		t.first[i] = first / 2
		t.count[i] = (first+ax.count[i]+1)/2 - first/2
		t.stride = max(t.stride, pairOf*t.count[i])
	}
	t.coef = grow(t.coef, n*t.stride)
	clear(t.coef)
	for i := range n {
		coef := t.coef[i*t.stride:]
		for j, k := range ax.taps(i) {
			put(coef, (ax.first[i]-top)%2+j, k)
		}
	}
}

// taps returns which pairs of rows output i reads, and their coefficients.
func (t *downTaps) taps(i int) (first, pairs int, coef []int16) {
	return t.first[i], t.count[i], t.coef[i*t.stride:][:pairOf*t.count[i]]
}
