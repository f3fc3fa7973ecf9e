package draft

import "encoding/binary"

// bitReader reads the coded data between two markers, in which a zero follows each byte of 0xff.
// After the end, which is a marker or that of the file, it reads zeros.
type bitReader struct {
	data []byte
	pos  int    // of the first byte that is not counted in n
	acc  uint64 // the next bits, the first at the top; what follows the n bits is right or zero
	n    int    // how many bits of acc count
	past int    // how many of them lie after the end
}

// enough is how many bits a coefficient takes at most: 16 of a code and 15 of a value.
const enough = 31

// fill takes bytes until there are enough bits for any coefficient, where there are not.
func (r *bitReader) fill() {
	// Eight at once, if none of them is 0xff: then no byte of the complement is zero. The bits of
	// the last byte that are not counted come again.
	if r.pos+8 <= len(r.data) {
		next := binary.BigEndian.Uint64(r.data[r.pos:])
		if (^next-0x0101010101010101)&next&0x8080808080808080 == 0 {
			r.acc |= next >> (r.n & 63)
			r.pos += (63 - r.n) >> 3
			r.n |= 56
			return
		}
	}
	for r.n <= 56 {
		if r.pos < len(r.data) && r.data[r.pos] != 0xff {
			r.acc |= uint64(r.data[r.pos]) << (56 - r.n)
			r.pos++
		} else if r.pos+1 < len(r.data) && r.data[r.pos+1] == 0 {
			r.acc |= 0xff << (56 - r.n)
			r.pos += 2
		} else {
			r.past += 8
		}
		r.n += 8
	}
}

// cut reports whether more bits were taken than there are.
func (r *bitReader) cut() bool { return r.n < r.past }

// restart goes past restart marker number count and reports whether it was next: up to seven bits
// may fill a byte before it.
func (r *bitReader) restart(count int) bool {
	if r.n-r.past >= 8 || r.pos+1 >= len(r.data) || r.data[r.pos] != 0xff || r.data[r.pos+1] != markerRST0+byte(count%8) {
		return false
	}
	*r = bitReader{data: r.data, pos: r.pos + 2}
	return true
}

// steps says for each position in zigzag order what a coefficient is multiplied by (the upper
// bits) and where in the block it goes (the lowest seven).
type steps [256]uint32

// nowhere is the place of coefficients that the reduced block does not need, and of those past
// its end.
const nowhere = 64

// newSteps returns the steps of blocks that become side samples each way.
func newSteps(quant *[64]uint8, side int) (s steps) {
	for k := range s {
		s[k] = nowhere
		if k < len(zigzag) && needs(side, int(zigzag[k])) {
			s[k] = uint32(quant[k])<<8 | uint32(zigzag[k])
		}
	}
	return s
}

// zigzag lists the places of a block, eight to a row, in the order in which they are coded.
var zigzag = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10,
	17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34,
	27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36,
	29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46,
	53, 60, 61, 54, 47, 55, 62, 63,
}

// coefficients are a block's, dequantised, eight to a row; what is after them is of no account.
type coefficients struct {
	value [128]int16
	coded int // how many were coded, in zigzag order
}

// readBlock reads a block's coefficients and reports whether they were all there.
func (r *bitReader) readBlock(dc, ac *huffman, steps *steps, out *coefficients) bool {
	clear(out.value[:64])
	k := readShort(r, &dc.short, &ac.short, steps, &out.value, 0)
	for k < 64 { // it came upon a long code
		e, ok := r.next(dc, ac, k)
		if !ok {
			return false
		}
		k += e.zeros()
		step := steps[uint8(k)]
		out.value[step&127] = int16(e.value() * int32(step>>8))
		k = readShort(r, &dc.short, &ac.short, steps, &out.value, k+1)
	}
	coded, ok := codedBefore(k)
	out.coded = coded
	return ok && !r.cut()
}

// codedBefore says how many coefficients a block had whose reading ended at position k: at its 64th,
// or as far after them as the end of a block leads from one of them. Anything else is more than a
// block has.
func codedBefore(k uint32) (int, bool) {
	if k > 64 {
		k -= endOfBlock + 1
	}
	return int(k), k <= 64
}

// next takes the kth coefficient of a block alone, whatever its code, and reports whether it is one.
func (r *bitReader) next(dc, ac *huffman, k uint32) (entry, bool) {
	if r.n < enough {
		r.fill()
	}
	table := ac
	if k == 0 {
		table = dc
	}
	e := table.long(r.acc, k > 0)
	r.acc <<= e.bits()
	r.n -= int(e.bits())
	return e, e != 0
}

// readShortPlain takes coefficients from the kth on while their codes are short, and returns how
// far it came.
func readShortPlain(r *bitReader, dc, ac *lookup, steps *steps, value *[128]int16, k uint32) uint32 {
	for k < 64 {
		if r.n < shortBits {
			r.fill()
		}
		table := ac
		if k == 0 {
			table = dc
		}
		e := table[r.acc>>(64-shortBits)]
		if e == 0 {
			break
		}
		bits := int(e >> 48 & 15)
		r.acc <<= bits
		r.n -= bits
		k += e.zeros()
		step := steps[uint8(k)]
		value[step&127] = int16(e.value() * int32(step>>8))
		k++
	}
	return k
}
