package heif

import (
	"encoding/binary"
	"fmt"
	"math"
)

// colour says how samples become RGB: the code points of ISO/IEC 23091-2, and
// whether samples use the full range.
type colour struct {
	primaries, transfer, matrix int
	full                        bool
}

// colourOf reads a colr box of type nclx.
func colourOf(properties []box) (colour, bool) {
	for _, p := range properties {
		if p.name == "colr" && len(p.payload) >= 11 && string(p.payload[:4]) == "nclx" {
			r := reader{b: p.payload[4:]}
			return colour{int(r.u16()), int(r.u16()), int(r.u16()), r.u8()&0x80 != 0}, true
		}
	}
	return colour{}, false
}

// The matrix coefficients that need no more than Kr and Kb.
const (
	matrixIdentity    = 0
	matrixYCgCo       = 8
	matrixYCgCoRe     = 16
	matrixYCgCoRo     = 17
	matrixChromatic   = 12
	matrixChromaticCL = 13
)

// lumaWeights are Kr and Kb of ISO/IEC 23091-2, table 4. What is unspecified or
// reserved is taken for BT.601, as all decoders do; BT.2020 with constant luminance
// for the one without.
func (c colour) lumaWeights() (kr, kb float64) {
	switch c.matrix {
	case 1:
		return 0.2126, 0.0722
	case 4:
		return 0.30, 0.11
	case 7:
		return 0.212, 0.087
	case 9, 10:
		return 0.2627, 0.0593
	case matrixChromatic, matrixChromaticCL:
		return c.weightsOfPrimaries()
	}
	return 0.299, 0.114
}

// weightsOfPrimaries derives Kr and Kb from the colours of the primaries and of
// white (ISO/IEC 23091-2, equations 32 to 37).
func (c colour) weightsOfPrimaries() (kr, kb float64) {
	type xy struct{ x, y float64 }
	d65, cWhite := xy{0.3127, 0.3290}, xy{0.310, 0.316}
	r, g, b, w := xy{0.640, 0.330}, xy{0.300, 0.600}, xy{0.150, 0.060}, d65 // BT.709
	switch c.primaries {
	case 4:
		r, g, b, w = xy{0.67, 0.33}, xy{0.21, 0.71}, xy{0.14, 0.08}, cWhite
	case 5:
		g = xy{0.29, 0.60}
	case 6, 7:
		r, g, b = xy{0.630, 0.340}, xy{0.310, 0.595}, xy{0.155, 0.070}
	case 8:
		r, g, b, w = xy{0.681, 0.319}, xy{0.243, 0.692}, xy{0.145, 0.049}, cWhite
	case 9:
		r, g, b = xy{0.708, 0.292}, xy{0.170, 0.797}, xy{0.131, 0.046}
	case 10:
		r, g, b, w = xy{1, 0}, xy{0, 1}, xy{0, 0}, xy{1.0 / 3, 1.0 / 3}
	case 11:
		r, g, b, w = xy{0.680, 0.320}, xy{0.265, 0.690}, xy{0.150, 0.060}, xy{0.314, 0.351}
	case 12:
		r, g, b = xy{0.680, 0.320}, xy{0.265, 0.690}, xy{0.150, 0.060}
	case 22:
		r, g, b = xy{0.630, 0.340}, xy{0.295, 0.605}, xy{0.155, 0.077}
	}
	z := func(p xy) float64 { return 1 - p.x - p.y }
	cross := func(p, q xy) (x, y, zz float64) {
		return p.y*z(q) - q.y*z(p), z(p)*q.x - z(q)*p.x, p.x*q.y - q.x*p.y
	}
	along := func(p, q xy) float64 { x, y, zz := cross(p, q); return w.x*x + w.y*y + z(w)*zz }
	x, y, zz := cross(g, b)
	whole := w.y * (r.x*x + r.y*y + z(r)*zz)
	return r.y * along(g, b) / whole, b.y * along(r, g) / whole
}

// converter turns the rows of a decoded picture into 8-bit RGB. It computes with
// 16 fractional bits and rounds once, at the end, so samples of 10 and 12 bits lose
// nothing on the way.
type converter struct {
	colour             colour
	depth, chromaDepth int
	chroma             int
	interpolate        bool
	// What each sample adds to red, green and blue; the rounding half is in luma.
	luma   [3][]int32
	cb, cr [3][]int32
	// Rows of the planes, at the full width.
	rows      [3][]uint16
	near, far [2][]uint16 // of halved chroma
}

const fractionBits = 16

// newConverter makes the tables for pictures like p. interpolate says what becomes
// of halved chroma: as libavif does, or repeated, as libheif does.
func newConverter(p *planes, c colour, interpolate bool) (*converter, error) {
	switch c.matrix {
	case 11, 14, 15:
		return nil, unsupported(fmt.Sprintf("the colour matrix %d", c.matrix))
	case matrixIdentity, matrixYCgCoRe, matrixYCgCoRo:
		if p.chroma != 3 && p.chroma != 0 {
			return nil, unsupported(fmt.Sprintf("the colour matrix %d with halved chroma", c.matrix))
		}
	}
	v := &converter{colour: c, depth: p.depth, chromaDepth: p.chromaDepth, chroma: p.chroma, interpolate: interpolate}
	if p.chroma == 0 {
		v.tables(p, [3]float64{}, [3]float64{})
		return v, nil
	}
	switch c.matrix {
	case matrixIdentity: // green, blue, red
		v.luma = [3][]int32{nil, v.lumaTable(p.depth), nil}
		v.cb[2], v.cr[0] = v.lumaTable(p.chromaDepth), v.lumaTable(p.chromaDepth)
		v.zeros(p)
	case matrixYCgCo: // Cb is Cg, Cr is Co
		v.tables(p, [3]float64{-1, 1, -1}, [3]float64{1, 0, -1})
	default:
		kr, kb := c.lumaWeights()
		kg := 1 - kr - kb
		v.tables(p, [3]float64{0, -2 * kb * (1 - kb) / kg, 2 * (1 - kb)}, [3]float64{2 * (1 - kr), -2 * kr * (1 - kr) / kg, 0})
	}
	return v, nil
}

// fits reports whether the tables serve p as well.
func (v *converter) fits(p *planes, c colour) bool {
	return v != nil && v.colour == c && v.depth == p.depth && v.chromaDepth == p.chromaDepth && v.chroma == p.chroma
}

func (v *converter) tables(p *planes, cb, cr [3]float64) {
	luma := v.lumaTable(p.depth)
	for i := range 3 {
		v.luma[i] = luma
		v.cb[i] = v.chromaTable(p.chromaDepth, cb[i])
		v.cr[i] = v.chromaTable(p.chromaDepth, cr[i])
	}
}

// zeros fills in the tables of what adds nothing.
func (v *converter) zeros(p *planes) {
	for i := range 3 {
		if v.luma[i] == nil {
			v.luma[i] = make([]int32, 1<<p.depth)
		}
		for _, t := range []*[]int32{&v.cb[i], &v.cr[i]} {
			if *t == nil {
				*t = make([]int32, 1<<p.chromaDepth)
			}
		}
	}
}

// The factors by which libheif widens the range of video, which make pictures up to a
// level brighter than 255/219 and 255/224 of the standard would. Photos of HEIC are held
// to its pixels, so they are ours too, where chroma is repeated as it does.
const (
	libheifLuma   = 1.1689
	libheifChroma = 1.1429
)

// lumaTable scales samples to 0..255, with the range that the colour says.
func (v *converter) lumaTable(depth int) []int32 {
	most := float64(int(1)<<depth - 1)
	black, factor := 0.0, 255/most
	switch {
	case v.colour.full:
	case v.interpolate || v.chroma == 0:
		black, factor = scaled(16, depth), 255/scaled(235-16, depth)
	default:
		black, factor = scaled(16, depth), 255/most*libheifLuma
	}
	t := make([]int32, 1<<depth)
	for i := range t {
		t[i] = fixed(factor*(float64(i)-black)) + 1<<(fractionBits-1)
	}
	return t
}

func (v *converter) chromaTable(depth int, factor float64) []int32 {
	span := float64(int(1)<<depth - 1)
	switch {
	case v.colour.full:
	case v.interpolate:
		span = scaled(224, depth)
	default:
		span /= libheifChroma
	}
	zero := float64(int(1) << (depth - 1))
	t := make([]int32, 1<<depth)
	for i := range t {
		t[i] = fixed(255 * factor * (float64(i) - zero) / span)
	}
	return t
}

// scaled is a number of 8-bit samples at another depth.
func scaled(v float64, depth int) float64 { return v * math.Exp2(float64(depth-8)) }

func fixed(v float64) int32 { return int32(math.Round(v * (1 << fractionBits))) }

// row writes row y of p as RGB. len(out) is three times a width of at most p's.
func (v *converter) row(out []byte, p *planes, y int) {
	w := len(out) / 3
	l := v.samples(0, p, y, w)
	if p.chroma == 0 {
		for x, s := range l {
			g := clip(v.luma[0][s])
			out[3*x], out[3*x+1], out[3*x+2] = g, g, g
		}
		return
	}
	u, r := v.chromaRow(1, p, y, w), v.chromaRow(2, p, y, w)
	if m := v.colour.matrix; m == matrixYCgCoRe || m == matrixYCgCoRo {
		v.reversible(out, l, u, r)
		return
	}
	l0, l1, l2 := v.luma[0], v.luma[1], v.luma[2]
	if v.colour.matrix != matrixIdentity && v.colour.matrix != matrixYCgCo {
		// The common matrices: luma is alike, and two of the factors are nothing.
		cr0, cb1, cr1, cb2 := v.cr[0], v.cb[1], v.cr[1], v.cb[2]
		for x, s := range l {
			light, a, b := l0[s], u[x], r[x]
			o := out[3*x : 3*x+3 : 3*x+3]
			o[0] = clip(light + cr0[b])
			o[1] = clip(light + cb1[a] + cr1[b])
			o[2] = clip(light + cb2[a])
		}
		return
	}
	for x, s := range l {
		a, b := u[x], r[x]
		out[3*x] = clip(l0[s] + v.cb[0][a] + v.cr[0][b])
		out[3*x+1] = clip(l1[s] + v.cb[1][a] + v.cr[1][b])
		out[3*x+2] = clip(l2[s] + v.cb[2][a] + v.cr[2][b])
	}
}

// clip drops the fractional bits.
func clip(v int32) byte {
	v >>= fractionBits
	if uint32(v) <= 255 {
		return byte(v)
	}
	if v < 0 {
		return 0
	}
	return 255
}

// reversible undoes the lossless YCgCo-R transform of ISO/IEC 23091-2, whose chroma
// has one or two bits more than the colours.
func (v *converter) reversible(out []byte, l, cg, co []uint16) {
	bits := v.depth - 2
	if v.colour.matrix == matrixYCgCoRo {
		bits = v.depth - 1
	}
	zero, most := int32(1)<<(v.chromaDepth-1), int32(1)<<max(bits, 1)-1
	to8 := func(s int32) byte { return byte((min(max(s, 0), most)*255*2 + most) / (2 * most)) }
	for x := range l {
		g, o := int32(cg[x])-zero, int32(co[x])-zero
		t := int32(l[x]) - g>>1
		green := g + t
		blue := t - o>>1
		out[3*x], out[3*x+1], out[3*x+2] = to8(blue+o), to8(green), to8(blue)
	}
}

// samples returns the first w samples of row y of a plane.
func (v *converter) samples(plane int, p *planes, y, w int) []uint16 {
	v.rows[plane] = widen(v.rows[plane], p, plane, y, w)
	return v.rows[plane]
}

// widen reads w samples into buf, which it returns, grown if need be. A sample
// beyond its depth, which no table has, is cut.
func widen(buf []uint16, p *planes, plane, y, w int) []uint16 {
	if cap(buf) < w {
		buf = make([]uint16, w)
	}
	buf = buf[:w]
	raw := p.plane[plane][y*p.stride[plane]:]
	if p.bytes == 1 {
		for x, s := range raw[:w] {
			buf[x] = uint16(s)
		}
		return buf
	}
	depth := p.depth
	if plane > 0 {
		depth = p.chromaDepth
	}
	most := uint16(1<<depth - 1)
	for x := range buf {
		buf[x] = min(binary.LittleEndian.Uint16(raw[2*x:]), most)
	}
	return buf
}

// chromaRow returns row y of the second or third plane at the width of the first.
func (v *converter) chromaRow(plane int, p *planes, y, w int) []uint16 {
	if p.chroma == 3 {
		return v.samples(plane, p, y, w)
	}
	rows, columns := p.chromaSize()
	near, far := y, y
	if p.chroma == 1 {
		// A row lies a quarter of the way from its nearest chroma row to the next
		// one, which is above it for even rows and below it for odd ones.
		near, far = y/2, y/2-1+y%2*2
		far = min(max(far, 0), rows-1)
	}
	n := min((w+1)/2+1, columns)
	i := plane - 1
	v.near[i] = widen(v.near[i], p, plane, near, n)
	if cap(v.rows[plane]) < w {
		v.rows[plane] = make([]uint16, w)
	}
	out := v.rows[plane][:w]
	if !v.interpolate {
		for x := range out {
			out[x] = v.near[i][x/2]
		}
		return out
	}
	v.far[i] = widen(v.far[i], p, plane, far, n)
	upsample(out, v.near[i], v.far[i])
	return out
}

// upsample doubles the width of a row, three quarters of which are near and one
// quarter far. In between, the weights of the four neighbours are 9:3:3:1.
func upsample(out, near, far []uint16) {
	for x := range out {
		a := x / 2
		b := min(max(a-1+x%2*2, 0), len(near)-1)
		out[x] = uint16((9*uint32(near[a]) + 3*uint32(near[b]) + 3*uint32(far[a]) + uint32(far[b]) + 8) >> 4)
	}
}

// alphaRow writes row y of a grey picture as alpha of 8 bits. limited is the range
// of video.
func (p *planes) alphaRow(out []byte, y int, scratch []uint16, limited bool) []uint16 {
	scratch = widen(scratch, p, 0, y, len(out))
	clear, span := int32(0), int32(1)<<p.depth-1
	if limited && p.depth >= 8 {
		clear, span = 16<<(p.depth-8), 219<<(p.depth-8)
	}
	for x, s := range scratch {
		v := min(max(int32(s)-clear, 0), span)
		out[x] = byte((v*255*2 + span) / (2 * span))
	}
	return scratch
}
