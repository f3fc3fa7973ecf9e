package draft

// shortBits is how many bits are looked at together. Nearly all codes and the bits of the value
// after them are shorter, most are half as long, and the tables of a picture stay in the first
// cache.
const shortBits = 11

// huffman is a table of codes for DC or AC coefficients.
type huffman struct {
	// short holds, by the next bits, the coefficients that they begin with; 0 where the first has
	// more bits than that, or none begins so.
	short lookup
	// limit holds, by the length of a code, the first 16 bits after all codes of that length
	// and less; offset what to add to a code for its place among the symbols.
	limit   [17]uint32
	offset  [17]int32
	symbols []byte
}

type lookup [1 << shortBits]entry

// entry is one or two coefficients as they are coded. From the lowest bit:
//
//	 8 bits  how many bits both take
//	 8 bits  zeros before the first, or endOfBlock
//	16 bits  value of the first, signed
//	 8 bits  zeros before the second; endOfBlock also where there is none, which leads nowhere
//	 8 bits  how many coefficients the second stands for with its zeros; 0 where there is none
//	 4 bits  how many bits the first takes, if it is short
//	12 bits  value of the second, signed
type entry uint64

// endOfBlock is as many zeros as lead out of any block.
const endOfBlock = 128

// single returns the entry of one coefficient of length bits.
func single(length int, zeros uint32, value int32) entry {
	e := entry(length&15)<<48 | entry(uint32(value))<<16&0xffff0000 | entry(zeros)<<8 | entry(length)
	if zeros != endOfBlock {
		e |= endOfBlock << 32
	}
	return e
}

// both returns the entry of coefficient e and second after it.
func (e entry) both(second entry) entry {
	const first = 15<<48 | 1<<32 - 1<<8 // what is kept
	zeros, value := second.zeros(), entry(second.value())
	return value<<52 | entry(zeros+1)<<40 | entry(zeros)<<32 | e&first | entry(e.bits()+second.bits())
}

func (e entry) bits() uint32  { return uint32(e & 63) }
func (e entry) zeros() uint32 { return uint32(e >> 8 & 0xff) }
func (e entry) value() int32  { return int32(e) >> 16 }

// newHuffman builds the table from the number of codes of each length, 1 to 16, and the symbols
// in the order of their codes. It returns nil if there is no such code.
func newHuffman(counts *[16]uint8, symbols []byte, ac bool) *huffman {
	t := &huffman{symbols: symbols}
	code, n := uint32(0), 0
	for length := 1; length <= 16; length++ {
		t.offset[length] = int32(n) - int32(code)
		for range counts[length-1] {
			symbol := symbols[n]
			if !ac && symbol > 11 { // a difference has at most 11 bits
				return nil
			}
			t.fill(code, length, symbol, ac)
			code++
			n++
		}
		if counts[length-1] > 0 && code >= 1<<length { // no code may be all ones
			return nil
		}
		t.limit[length] = code << (16 - length)
		code <<= 1
	}
	if ac {
		t.pairUp()
	}
	return t
}

// fill writes the entries of all bits that begin with a code and hold its value too.
func (t *huffman) fill(code uint32, length int, symbol byte, ac bool) {
	size := int(symbol & 15)
	rest := shortBits - length - size
	if rest < 0 || code >= 1<<length {
		return
	}
	for amplitude := range uint32(1) << size {
		zeros := uint32(0)
		if ac {
			zeros = zerosOf(symbol)
		}
		e := single(length+size, zeros, extend(amplitude, size))
		first := (code<<size | amplitude) << rest
		for i := range uint32(1) << rest {
			t.short[first+i] = e
		}
	}
}

// pairUp adds to each entry the coefficient after it, where the bits hold that too.
func (t *huffman) pairUp() {
	singles := t.short
	for i, e := range singles {
		if e == 0 || e.zeros() == endOfBlock {
			continue
		}
		// The bits after the first; the zeros behind them are not there, so that only what is
		// short enough counts.
		second := singles[uint32(i)<<e.bits()&(1<<shortBits-1)]
		if second != 0 && e.bits()+second.bits() <= shortBits {
			t.short[i] = e.both(second)
		}
	}
}

// long finds the coefficient at the top of acc whatever its length, 0 if there is none.
func (t *huffman) long(acc uint64, ac bool) entry {
	next := uint32(acc >> 48)
	for length := 1; length <= 16; length++ {
		if next >= t.limit[length] {
			continue
		}
		at := int32(next>>(16-length)) + t.offset[length]
		if at < 0 || int(at) >= len(t.symbols) {
			return 0
		}
		symbol := t.symbols[at]
		size := int(symbol & 15)
		zeros := uint32(0)
		if ac {
			zeros = zerosOf(symbol)
		}
		return single(length+size, zeros, extend(uint32(acc<<length>>32>>(32-size)), size))
	}
	return 0
}

// zerosOf reads an AC symbol: the zeros before the value, whose size is in the lower half. No
// value after less than fifteen zeros is the block's end.
func zerosOf(symbol byte) uint32 {
	if symbol&15 == 0 && symbol != 0xf0 {
		return endOfBlock
	}
	return uint32(symbol >> 4)
}

// extend gives the value that size bits stand for: those that begin with 0 are negative
// (ITU-T T.81, table F.1).
func extend(amplitude uint32, size int) int32 {
	if size > 0 && amplitude < 1<<(size-1) {
		return int32(amplitude) - 1<<size + 1
	}
	return int32(amplitude)
}
