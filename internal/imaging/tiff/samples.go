package tiff

import (
	"encoding/binary"
	"math"
)

// unpack brings the samples of a row to 8 bits each, step bytes apart. Indices of a
// palette keep their value, everything else is scaled to the whole range.
func (c *converter) unpack(out []byte, step int, row []byte, n, plane int) {
	l := c.l
	first, samples := plane, 1
	if !l.planar {
		first, samples = 0, len(l.bits)
	}
	switch bits := l.bits[first]; {
	case l.wide():
		c.unpackWide(out, step, row, n*samples, plane)
	case c.unequal:
		c.unpackUnequal(out, row, n)
	case bits == 8:
		if step == 1 {
			copy(out, row[:n*samples])
			return
		}
		for i := range n * samples {
			out[i*step] = row[i]
		}
	case bits == 16:
		high := 0
		if l.dir.order == binary.ByteOrder(binary.LittleEndian) {
			high = 1
		}
		for i := range n * samples {
			out[i*step] = row[2*i+high]
		}
	default:
		b := bitReader{data: row}
		for i := range n * samples {
			out[i*step] = c.scaled(b.read(bits), bits)
		}
	}
}

// unpackUnequal reads samples of different sizes side by side.
func (c *converter) unpackUnequal(out, row []byte, n int) {
	b := bitReader{data: row}
	samples := len(c.l.bits)
	for i := range n * samples {
		bits := c.l.bits[i%samples]
		out[i] = c.scaled(b.read(bits), bits)
	}
}

// scaled brings a sample of 1 to 16 bits to 8.
func (c *converter) scaled(v uint32, bits int) byte {
	switch {
	case bits > 8:
		return byte(v >> (bits - 8))
	case c.l.photometric == palette:
		return byte(v)
	default:
		return byte(v * 255 / (1<<bits - 1))
	}
}

// bitReader reads numbers of up to 16 bits, the most significant bit first.
type bitReader struct {
	data []byte
	have int
	bits uint32
}

func (b *bitReader) read(n int) uint32 {
	for b.have < n {
		b.bits <<= 8
		if len(b.data) > 0 {
			b.bits |= uint32(b.data[0])
			b.data = b.data[1:]
		}
		b.have += 8
	}
	b.have -= n
	return b.bits >> b.have & (1<<n - 1)
}

// mapping brings samples of more than 16 bits, with signs or of floating point to 8
// bits. No range is agreed for them, so it is taken from the values of the picture:
//
//   - within 0 to 255 they are taken as they are, as Pillow's convert does (which
//     clips the rest), but floating point within 0 to 1 has its white at 1;
//   - integers without a sign have their white at the top of 8, 16, 24, 32 or 64
//     bits, whichever is the least that holds them all;
//   - all others are stretched from the least value to the greatest.
//
// What is not a number is black.
type mapping struct {
	l          *layout
	low, high  float64 // of the picture
	seen       bool
	black, per float64 // a value v becomes (v-black)*per
}

// measure is the sink that looks at the values of the colours.
func (m *mapping) measure(_, _, n int, rows [][]byte) {
	samples := len(m.l.bits)
	for p, row := range rows {
		if m.l.planar && p >= m.l.colours {
			break
		}
		count := n
		if !m.l.planar {
			count = n * samples
		}
		for i := range count {
			if !m.l.planar && i%samples >= m.l.colours {
				continue
			}
			v := m.l.value(row, i)
			if math.IsNaN(v) || math.IsInf(v, 0) {
				continue
			}
			if !m.seen {
				m.low, m.high, m.seen = v, v, true
			}
			m.low, m.high = min(m.low, v), max(m.high, v)
		}
	}
}

// settle decides from the values that were seen.
func (m *mapping) settle() {
	m.black, m.per = 0, 1
	switch {
	case m.l.format == float && m.low >= 0 && m.high <= 1:
		m.per = 255
	case m.low >= 0 && m.high <= 255:
	case m.l.format == unsigned:
		top := math.Exp2(64)
		for _, bits := range []float64{32, 24, 16} {
			if t := math.Exp2(bits); m.high < t {
				top = t
			}
		}
		m.per = 256 / top
	case m.high > m.low:
		m.black, m.per = m.low, 255/(m.high-m.low)
	}
}

// byte maps a value.
func (m *mapping) byte(v float64) byte {
	v = (v - m.black) * m.per
	if m.l.format == float || m.l.format == signed {
		if m.per != 1 {
			v += 0.5
		}
	}
	switch {
	case !(v > 0): // also what is not a number
		return 0
	case v >= 255:
		return 255
	}
	return byte(v)
}

// alphaByte maps an alpha, whose range is agreed: to 1, or what its bits can hold.
func (m *mapping) alphaByte(v float64) byte {
	whole := mapping{l: m.l, per: 255}
	switch m.l.format {
	case unsigned:
		whole.per = 256 / math.Exp2(float64(m.l.bits[0]))
	case signed:
		whole.per = 256 / math.Exp2(float64(m.l.bits[0]-1))
	}
	return whole.byte(v)
}

// unpackWide is unpack for samples that mapping is for.
func (c *converter) unpackWide(out []byte, step int, row []byte, count, plane int) {
	l, samples := c.l, len(c.l.bits)
	for i := range count {
		s := plane
		if !l.planar {
			s = i % samples
		}
		v := l.value(row, i)
		if s >= l.colours && l.alpha != opaque {
			out[i*step] = c.mapping.alphaByte(v)
			continue
		}
		out[i*step] = c.mapping.byte(v)
	}
}

// value reads the i-th of a row of samples that are wide.
func (l *layout) value(row []byte, i int) float64 {
	size := l.bits[0] / 8
	if l.bits[0]%8 != 0 { // 9 to 15 bits with a sign
		return l.odd(row, i)
	}
	b := row[i*size:][:size]
	var v uint64
	if l.dir.order == binary.ByteOrder(binary.LittleEndian) {
		for j := size - 1; j >= 0; j-- {
			v = v<<8 | uint64(b[j])
		}
	} else {
		for _, x := range b {
			v = v<<8 | uint64(x)
		}
	}
	switch l.format {
	case signed:
		shift := 64 - l.bits[0]
		return float64(int64(v<<shift) >> shift)
	case float:
		switch l.bits[0] {
		case 16:
			return smallFloat(uint32(v), 5, 10)
		case 24:
			return smallFloat(uint32(v), 7, 16)
		case 32:
			return float64(math.Float32frombits(uint32(v)))
		}
		return math.Float64frombits(v)
	}
	return float64(v)
}

// odd reads a signed sample that is not of whole bytes.
func (l *layout) odd(row []byte, i int) float64 {
	at, bits := i*l.bits[0], l.bits[0]
	b := bitReader{data: row[at/8:]}
	b.read(at % 8)
	shift := 32 - bits
	return float64(int32(b.read(bits)<<shift) >> shift)
}

// smallFloat reads floating point of a sign, an exponent and a mantissa of so many bits.
func smallFloat(v uint32, exponentBits, mantissaBits int) float64 {
	mantissa := float64(v & (1<<mantissaBits - 1))
	exponent := int(v >> mantissaBits & (1<<exponentBits - 1))
	sign := 1.0
	if v>>(mantissaBits+exponentBits)&1 == 1 {
		sign = -1
	}
	bias := 1<<(exponentBits-1) - 1
	switch {
	case exponent == 0:
		return sign * math.Ldexp(mantissa, 1-bias-mantissaBits)
	case exponent == 1<<exponentBits-1 && mantissa != 0:
		return math.NaN()
	case exponent == 1<<exponentBits-1:
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(mantissa+math.Exp2(float64(mantissaBits)), exponent-bias-mantissaBits)
}
