package draft

import "math"

// The inverse cosine transforms are libjpeg's reduced ones (jidctred.c): a block's low frequencies
// decide, with the higher ones folded in so that no energy is lost. Columns come first and keep
// two bits of fraction.
//
// Constants are fixed-point numbers of 13 bits, and the names say which sums of cosines they are
// in the paper of Loeffler, Ligtenberg and Moschytz, times the square root of two.
const (
	c7c5 = 1730  // 0.211164243
	c5c7 = 4176  // 0.509795579
	c1c5 = 4926  // 0.601344887
	odd7 = 5906  // 0.720959822
	c6   = 6270  // 0.765366865
	odd5 = 6967  // 0.850430095
	c3c7 = 7373  // 0.899976223
	c5p7 = 8697  // 1.061594337
	odd3 = 10426 // 1.272758580
	c3p7 = 11893 // 1.451774981
	c2   = 15137 // 1.847759065
	c1p5 = 17799 // 2.172734803
	c1p3 = 20995 // 2.562915447
	odd1 = 29692 // 3.624509785

	constBits = 13
	passBits  = 2
)

// needs reports whether a transform to side samples each way reads the coefficient at a place.
func needs(side, place int) bool {
	x, y := place%8, place/8
	switch side {
	case 1:
		return place == 0
	case 2:
		return (x == 0 || x%2 == 1) && (y == 0 || y%2 == 1)
	default:
		return x != 4 && y != 4
	}
}

// columns says, by how many coefficients were coded, how many of the block's columns they reach.
var columns = [65]uint8{
	0,
	1,
	2, 2, 2, 2,
	3,
	4, 4, 4, 4, 4, 4, 4, 4,
	5,
	6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
	7,
	8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
}

// samples transforms a block into side samples each way, the first of which is out[0].
func (c *coefficients) samples(out []byte, stride, side int) {
	switch {
	case side == 1 || c.coded == 1:
		c.flat(out, stride, side)
	case side == 2:
		two(&c.value, out, stride)
	default:
		c.four(out, stride)
	}
}

// flat fills the block with its mean.
func (c *coefficients) flat(out []byte, stride, side int) {
	v := clip((int32(c.value[0]) + 4) >> 3)
	for y := range side {
		row := out[y*stride:][:side]
		for x := range row {
			row[x] = v
		}
	}
}

// twoPlain gives 2 by 2 samples (jpeg_idct_2x2).
func twoPlain(value *[128]int16, out []byte, stride int) {
	upper, lower := column2(value, 0)
	// The second pass is the same sum along the rows: the columns' shares of it add up.
	var odd, odd2 int32
	for x, factor := range [...]int32{1: odd1, 3: -odd3, 5: odd5, 7: -odd7} {
		if factor != 0 {
			a, b := column2(value, x)
			odd += a * factor
			odd2 += b * factor
		}
	}
	const shift = constBits + passBits + 3 + 2
	const half = 1 << (shift - 1)
	even, even2 := upper<<(constBits+2)+half, lower<<(constBits+2)+half
	row, row2 := out[:2], out[stride:stride+2]
	row[0], row[1] = clip((even+odd)>>shift), clip((even-odd)>>shift)
	row2[0], row2[1] = clip((even2+odd2)>>shift), clip((even2-odd2)>>shift)
}

// column2 reduces column x to two values, which fit in 16 bits in any sound picture and are cut to
// them in others, as vector instructions do.
func column2(value *[128]int16, x int) (upper, lower int32) {
	v := value[x&7:][:64]
	odd := odd1*int32(v[8]) - odd3*int32(v[24]) + odd5*int32(v[40]) - odd7*int32(v[56])
	const shift = constBits - passBits + 2
	even := int32(v[0])<<(constBits+2) + 1<<(shift-1)
	return cut16((even + odd) >> shift), cut16((even - odd) >> shift)
}

func cut16(v int32) int32 { return min(max(v, math.MinInt16), math.MaxInt16) }

// four gives 4 by 4 samples (jpeg_idct_4x4).
func (c *coefficients) four(out []byte, stride int) {
	var rows [4][8]int32
	for x := range int(columns[c.coded]) {
		if x == 4 {
			continue
		}
		v := c.value[x&7:][:64]
		a, b, e, f := transform4(int32(v[0]), int32(v[8]), int32(v[16]), int32(v[24]), int32(v[40]), int32(v[48]), int32(v[56]),
			constBits-passBits+1)
		rows[0][x&7], rows[1][x&7], rows[2][x&7], rows[3][x&7] = a, b, e, f
	}
	for y := range rows {
		r := &rows[y]
		a, b, e, f := transform4(r[0], r[1], r[2], r[3], r[5], r[6], r[7], constBits+passBits+3+1)
		row := out[y*stride:][:4]
		row[0], row[1], row[2], row[3] = clip(a), clip(b), clip(e), clip(f)
	}
}

// transform4 reduces the frequencies 0 to 7 but the fourth to four values, rounded to shift bits
// less.
func transform4(z0, z1, z2, z3, z5, z6, z7 int32, shift uint) (a, b, c, d int32) {
	even := z0<<(constBits+1) + 1<<(shift-1)
	turn := c2*z2 - c6*z6
	inner := c5p7*z1 - c1p5*z3 + c3p7*z5 - c7c5*z7
	outer := c1p3*z1 + c3c7*z3 - c1c5*z5 - c5c7*z7
	return (even + turn + outer) >> shift, (even - turn + inner) >> shift, (even - turn - inner) >> shift, (even + turn - outer) >> shift
}

// clip makes a sample of a value around zero.
func clip(v int32) byte {
	v += 128
	if uint32(v) > 255 {
		return byte(^v >> 31) // 0 below, 255 above
	}
	return byte(v)
}
