package icc

import (
	"math"
)

// Transform turns the samples of one colour space into sRGB. It is safe for concurrent
// use.
type Transform struct {
	channels int
	grid     int      // points along each axis of the table
	table    []uint64 // a colour at each point; the last axis varies fastest
}

// A colour of the table is three lanes of a word, blue lowest, so that one
// multiplication weighs all three: 255<<fraction at most, times 256, is just below a
// lane.
const (
	lane     = 21
	fraction = 5
	full     = 255 << fraction
	// half is what rounds a colour times 256 to 8 bits.
	half = (1 << (fraction + 7)) * (1 | 1<<lane | 1<<(2*lane))
)

// unpack writes a colour times 256.
func unpack(out []byte, v uint64) {
	const down, mask = fraction + 8, 0xff
	v += half
	out[0], out[1], out[2] = byte(v>>(2*lane+down)&mask), byte(v>>(lane+down)&mask), byte(v>>down&mask)
}

// Channels is 1 for grey, 3 for RGB and 4 for CMYK.
func (t *Transform) Channels() int { return t.channels }

// sample makes the table of a function from samples of 0..1 to sRGB of 0..1; nil if
// the function changes next to nothing.
func sample(channels int, f func([]float64) [3]float64) *Transform {
	grid := map[int]int{1: 256, 3: 33, 4: 17}[channels]
	if channels != 4 && identity(channels, f) {
		return nil
	}
	t := &Transform{channels: channels, grid: grid}
	t.fill(f)
	if channels == 3 && t.worst(f) > 2.0/255 {
		// A space of linear light bends too much near black for so few points.
		t.grid = 65
		t.fill(f)
	}
	return t
}

func (t *Transform) fill(f func([]float64) [3]float64) {
	n := 1
	for range t.channels {
		n *= t.grid
	}
	t.table = make([]uint64, n)
	at := make([]int, t.channels)
	in := make([]float64, t.channels)
	for i := range n {
		for j, a := range at {
			in[j] = float64(a) / float64(t.grid-1)
		}
		for _, v := range f(in) {
			t.table[i] = t.table[i]<<lane | toTable(v)
		}
		for j := t.channels - 1; j >= 0; j-- {
			if at[j]++; at[j] < t.grid {
				break
			}
			at[j] = 0
		}
	}
}

func toTable(v float64) uint64 {
	if !(v > 0) { // NaN too
		return 0
	}
	return uint64(math.Min(v, 1)*full + 0.5)
}

// identity reports whether f moves no sample by more than a level and a half.
func identity(channels int, f func([]float64) [3]float64) bool {
	const steps, most = 6, 1.5 / 255
	in := make([]float64, channels)
	n := 1
	for range channels {
		n *= steps
	}
	for i := range n {
		for j, rest := 0, i; j < channels; j, rest = j+1, rest/steps {
			in[j] = float64(rest%steps) / (steps - 1)
		}
		for j, v := range f(in) {
			if !(math.Abs(v-in[min(j, channels-1)]) <= most) {
				return false
			}
		}
	}
	return true
}

// worst is how far the table is from f between its points, along the grey axis and at
// the edges of the cube.
func (t *Transform) worst(f func([]float64) [3]float64) float64 {
	var worst float64
	for i := range t.grid - 1 {
		v := (float64(i) + 0.5) / float64(t.grid-1)
		for _, c := range [][]float64{{v, v, v}, {v, 0, 0}, {0, v, 0}, {0, 0, v}} {
			p := [3]byte{byte(c[0]*255 + 0.5), byte(c[1]*255 + 0.5), byte(c[2]*255 + 0.5)}
			want := f([]float64{float64(p[0]) / 255, float64(p[1]) / 255, float64(p[2]) / 255})
			t.RGB(p[:])
			for j, v := range want {
				worst = max(worst, math.Abs(math.Max(0, math.Min(v, 1))-float64(p[j])/255))
			}
		}
	}
	return worst
}

// RGB converts pixels of three bytes in place. A transform of grey reads the first
// byte of each.
func (t *Transform) RGB(pix []byte) {
	switch t.channels {
	case 1:
		for i := 0; i+2 < len(pix); i += 3 {
			unpack(pix[i:i+3], t.table[pix[i]]<<8)
		}
	case 3:
		axis := new([256]point)
		*axis = t.axis()
		for i := 0; i+2 < len(pix); i += 3 {
			p := pix[i : i+3 : i+3]
			t.tetrahedron(p, axis[p[0]], axis[p[1]], axis[p[2]])
		}
	}
}

// point is where an 8-bit sample lies along an axis: the point before it, and the way
// to the next one in 256ths.
type point struct{ at, rest uint32 }

func (t *Transform) axis() (a [256]point) {
	for v := range a {
		scaled := uint32(v*(t.grid-1)*256+127) / 255
		a[v] = point{scaled >> 8, scaled & 255}
		if int(a[v].at) == t.grid-1 {
			a[v] = point{uint32(t.grid - 2), 256}
		}
	}
	return a
}

// tetrahedron interpolates between the four corners of a cell that surround a colour
// most closely: from the cell's low corner along the axes in the order of their rests.
func (t *Transform) tetrahedron(out []byte, r, g, b point) {
	r2, g2 := uint32(t.grid*t.grid), uint32(t.grid)
	low := r.at*r2 + g.at*g2 + b.at
	a, m, z := r.rest, g.rest, b.rest // from the largest to the smallest
	sa, sm, sz := r2, g2, uint32(1)
	if a < m {
		a, m, sa, sm = m, a, sm, sa
	}
	if m < z {
		m, z, sm, sz = z, m, sz, sm
	}
	if a < m {
		a, m, sa, sm = m, a, sm, sa
	}
	i1 := low + sa
	i2 := i1 + sm
	i3 := i2 + sz
	unpack(out, uint64(256-a)*t.table[low]+uint64(a-m)*t.table[i1]+uint64(m-z)*t.table[i2]+uint64(z)*t.table[i3])
}

// CMYK converts inks, four bytes a pixel of which 255 is all of the ink, to RGB.
func (t *Transform) CMYK(rgb, inks []byte) {
	if t.channels != 4 {
		return
	}
	axis := t.axis()
	g := uint32(t.grid)
	strides := [4]uint32{g * g * g, g * g, g, 1}
	for i, o := 0, 0; i+3 < len(inks) && o+2 < len(rgb); i, o = i+4, o+3 {
		var low uint32
		var steps [4]struct{ rest, stride uint32 }
		for j := range 4 {
			p := axis[inks[i+j]]
			low += p.at * strides[j]
			// In order of the rests, as above: insertion into what is sorted.
			k := j
			for ; k > 0 && steps[k-1].rest < p.rest; k-- {
				steps[k] = steps[k-1]
			}
			steps[k].rest, steps[k].stride = p.rest, strides[j]
		}
		var sum uint64
		at, weight := low, 256-steps[0].rest
		for j := range 4 {
			sum += uint64(weight) * t.table[at]
			at += steps[j].stride
			weight = steps[j].rest
			if j < 3 {
				weight -= steps[j+1].rest
			}
		}
		unpack(rgb[o:o+3], sum+uint64(weight)*t.table[at])
	}
}
