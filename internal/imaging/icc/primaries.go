package icc

import "math"

// Primaries are the chromaticities of red, green, blue and white: x and y of each.
type Primaries [4][2]float64

// The primaries that ITU-T H.273 numbers 1, 9 and 12 (11 with another white).
var (
	BT709     = Primaries{{0.640, 0.330}, {0.300, 0.600}, {0.150, 0.060}, d65}
	BT2020    = Primaries{{0.708, 0.292}, {0.170, 0.797}, {0.131, 0.046}, d65}
	DisplayP3 = Primaries{{0.680, 0.320}, {0.265, 0.690}, {0.150, 0.060}, d65}

	d65 = [2]float64{0.3127, 0.3290}
)

// FromPrimaries is the transform of a space with sRGB's curve, or of a power of gamma
// where that is not 0. It is nil where there is nothing to do, and where the numbers
// describe no colours. White is mapped to white by scaling the primaries, without an
// adaptation of their hues.
func FromPrimaries(p Primaries, gamma float64) *Transform {
	from, ok := p.matrix()
	if !ok || gamma < 0 || gamma > 10 {
		return nil
	}
	to, _ := BT709.matrix()
	inverse, ok := invert(to)
	if !ok {
		return nil
	}
	m := multiply(inverse, from)
	linear := func(v float64) float64 {
		if gamma != 0 {
			return math.Pow(v, gamma)
		}
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return sample(3, func(c []float64) (out [3]float64) {
		l := [3]float64{linear(c[0]), linear(c[1]), linear(c[2])}
		for i := range 3 {
			out[i] = curve(m[i][0]*l[0] + m[i][1]*l[1] + m[i][2]*l[2])
		}
		return out
	})
}

// FromCodes is FromPrimaries by the numbers of ITU-T H.273. Spaces of high dynamic
// range, which would have to be tone-mapped, are left alone, as are unknown numbers.
func FromCodes(primaries, transfer int) *Transform {
	p, ok := map[int]Primaries{1: BT709, 9: BT2020, 12: DisplayP3}[primaries]
	if !ok {
		return nil
	}
	switch transfer {
	case 1, 6, 13, 14, 15: // shown with sRGB's curve everywhere
		return FromPrimaries(p, 0)
	case 4:
		return FromPrimaries(p, 2.2)
	case 5:
		return FromPrimaries(p, 2.8)
	case 8:
		return FromPrimaries(p, 1)
	}
	return nil
}

// curve is the transfer function of sRGB (IEC 61966-2-1).
func curve(v float64) float64 {
	switch {
	case !(v > 0):
		return 0
	case v <= 0.0031308:
		return v * 12.92
	}
	return math.Min(1, 1.055*math.Pow(v, 1/2.4)-0.055)
}

type matrix [3][3]float64

// matrix takes linear samples to XYZ, white to Y = 1 of D65 whatever white is.
func (p Primaries) matrix() (m matrix, ok bool) {
	column := func(c [2]float64) [3]float64 { return [3]float64{c[0] / c[1], 1, (1 - c[0] - c[1]) / c[1]} }
	for i, c := range p {
		if !(c[0] >= 0 && c[0] <= 1 && c[1] > 0.001 && c[1] <= 1) {
			return m, false
		}
		if i < 3 {
			for j, v := range column(c) {
				m[j][i] = v
			}
		}
	}
	inverse, ok := invert(m)
	if !ok {
		return m, false
	}
	white := column(p[3])
	for i := range 3 {
		scale := inverse[i][0]*white[0] + inverse[i][1]*white[1] + inverse[i][2]*white[2]
		for j := range 3 {
			m[j][i] *= scale
		}
	}
	reference := column(d65)
	for j := range 3 { // von Kries in XYZ, which does nothing to D65
		for i := range 3 {
			m[j][i] *= reference[j] / white[j]
		}
	}
	return m, true
}

func multiply(a, b matrix) (m matrix) {
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				m[i][j] += a[i][k] * b[k][j]
			}
		}
	}
	return m
}

func invert(m matrix) (inv matrix, ok bool) {
	minor := func(i, j int) float64 {
		a, b, c, d := (i+1)%3, (i+2)%3, (j+1)%3, (j+2)%3
		return m[a][c]*m[b][d] - m[a][d]*m[b][c]
	}
	det := m[0][0]*minor(0, 0) + m[0][1]*minor(0, 1) + m[0][2]*minor(0, 2)
	if math.Abs(det) < 1e-9 || math.IsNaN(det) {
		return m, false
	}
	for i := range 3 {
		for j := range 3 {
			inv[j][i] = minor(i, j) / det
		}
	}
	return inv, true
}
