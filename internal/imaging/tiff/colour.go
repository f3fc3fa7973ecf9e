package tiff

import (
	"math"

	rows8 "github.com/sightline/sightline/internal/imaging/rgb"
)

// converter turns rows of samples into RGB.
type converter struct {
	l       *layout
	mapping mapping
	unequal bool   // the samples are of different sizes
	samples []byte // of a row, 8 bits each, side by side
	pixels  []byte // of a row: colours and alpha as rgb.Straight wants them
	palette [256][3]byte
	lab     *labTable
	luma    *lumaTable
	inks    func(out, in []byte)
	isRGB   bool // YCbCr that was converted by the JPEG decoder
}

func newConverter(l *layout) *converter {
	c := &converter{l: l, mapping: mapping{l: l}, inks: rows8.CMYK}
	for _, b := range l.bits {
		c.unequal = c.unequal || b != l.bits[0]
	}
	c.samples = make([]byte, l.blockRow()*max(len(l.bits), 3))
	if l.alpha != opaque {
		c.pixels = make([]byte, 4*l.blockRow())
	}
	switch l.photometric {
	case palette:
		c.readPalette()
	case cieLab, iccLab:
		c.lab = newLabTable()
	case ycbcr:
		c.luma = newLumaTable(l.dir)
		c.isRGB = l.compression == newJPEG && !l.planar
	}
	return c
}

// blockRow is the most pixels that a row of a block has inside of the picture.
func (l *layout) blockRow() int { return min(l.blockWidth, l.width) }

// readPalette keeps the high bytes of the colours. Some writers give 8 bits instead
// of 16, which is seen from none being more.
func (c *converter) readPalette() {
	values := c.l.dir.uints(tagColorMap)
	n := 1 << c.l.bits[0]
	shift := 0
	for _, v := range values {
		if v > 255 {
			shift = 8
		}
	}
	for i := range n {
		for s := range 3 {
			c.palette[i][s] = byte(values[s*n+i] >> shift)
		}
	}
}

// row converts the pixels that out has room for.
func (c *converter) row(out []byte, rows [][]byte) {
	n, l := len(out)/3, c.l
	samples := c.samples
	switch {
	case len(rows) == 1 && l.bits[0] == 8 && !c.unequal && !l.wide():
		samples = rows[0]
	case len(rows) == 1:
		c.unpack(samples, 1, rows[0], n, 0)
	default:
		for p, row := range rows {
			c.unpack(samples[p:], len(rows), row, n, p)
		}
	}
	step := len(l.bits)
	if l.planar {
		step = len(rows)
	}
	if l.alpha == opaque {
		c.colours(out, samples, step)
		return
	}
	if l.photometric == rgb && step == 4 {
		c.composite(out, samples)
		return
	}
	// The colours go where the alpha's arithmetic wants them.
	c.colours(out, samples, step)
	for i := range n {
		p := c.pixels[4*i:][:4]
		p[0], p[1], p[2] = out[3*i], out[3*i+1], out[3*i+2]
		p[3] = samples[i*step+l.colours]
	}
	c.composite(out, c.pixels)
}

// composite lays pixels of red, green, blue and alpha on white.
func (c *converter) composite(out, pixels []byte) {
	if c.l.alpha == premultiplied {
		rows8.Premultiplied(out, pixels, 4)
		return
	}
	rows8.Straight(out, pixels, 4)
}

// colours converts without regard to alpha. Pixels are step bytes apart.
func (c *converter) colours(out, in []byte, step int) {
	switch c.l.photometric {
	case blackIsZero:
		rows8.Grey(out, in, step)
	case whiteIsZero:
		rows8.Grey(out, in, step)
		// Photographs of floating point hardly ever mean it, and Pillow does not heed it.
		if c.l.format != float {
			for i := range out {
				out[i] = ^out[i]
			}
		}
	case rgb:
		threes(out, in, step)
	case palette:
		for i, j := 0, 0; i < len(out); i, j = i+3, j+step {
			p := &c.palette[in[j]]
			out[i], out[i+1], out[i+2] = p[0], p[1], p[2]
		}
	case cmyk:
		if step == 4 {
			c.inks(out, in)
			return
		}
		for i, j := 0, 0; i < len(out); i, j = i+3, j+step {
			c.inks(out[i:i+3], in[j:j+4])
		}
	case ycbcr:
		if c.isRGB {
			threes(out, in, step)
			return
		}
		for i, j := 0, 0; i < len(out); i, j = i+3, j+step {
			c.luma.convert(out[i:i+3], in[j], in[j+1], in[j+2])
		}
	case cieLab:
		for i, j := 0, 0; i < len(out); i, j = i+3, j+step {
			c.lab.convert(out[i:i+3], in[j], int(int8(in[j+1])), int(int8(in[j+2])))
		}
	case iccLab:
		for i, j := 0, 0; i < len(out); i, j = i+3, j+step {
			c.lab.convert(out[i:i+3], in[j], int(in[j+1])-128, int(in[j+2])-128)
		}
	}
}

func threes(out, in []byte, step int) {
	if step == 3 {
		copy(out, in)
		return
	}
	for i, j := 0, 0; i < len(out); i, j = i+3, j+step {
		out[i], out[i+1], out[i+2] = in[j], in[j+1], in[j+2]
	}
}

// lumaTable converts YCbCr by the file's own coefficients and ranges.
type lumaTable struct {
	light, redOfRed, blueOfBlue, greenOfRed, greenOfBlue [256]float32
}

func newLumaTable(dir directory) *lumaTable {
	// The defaults are CCIR 601-1 and the full range.
	k := []float64{0.299, 0.587, 0.114}
	if v := dir.rationals(tagYCbCrCoeffs); len(v) >= 3 && v[1] > 0 {
		k = v
	}
	ranges := []float64{0, 255, 128, 255, 128, 255}
	if v := dir.rationals(tagReferenceBW); len(v) >= 6 {
		ranges = v
	} else if u := dir.uints(tagReferenceBW); len(u) >= 6 {
		for i := range ranges {
			ranges[i] = float64(u[i])
		}
	}
	span := func(i int) float64 {
		if s := ranges[2*i+1] - ranges[2*i]; s != 0 {
			return s
		}
		return 1
	}
	t := new(lumaTable)
	for i := range 256 {
		v := float64(i)
		blue, red := (v-ranges[2])*127/span(1), (v-ranges[4])*127/span(2)
		t.light[i] = float32((v - ranges[0]) * 255 / span(0))
		t.redOfRed[i] = float32(red * (2 - 2*k[0]))
		t.blueOfBlue[i] = float32(blue * (2 - 2*k[2]))
		t.greenOfRed[i] = float32(-red * k[0] * (2 - 2*k[0]) / k[1])
		t.greenOfBlue[i] = float32(-blue * k[2] * (2 - 2*k[2]) / k[1])
	}
	return t
}

func (t *lumaTable) convert(out []byte, y, cb, cr byte) {
	light := t.light[y]
	out[0] = clamp(light + t.redOfRed[cr])
	out[1] = clamp(light + t.greenOfRed[cr] + t.greenOfBlue[cb])
	out[2] = clamp(light + t.blueOfBlue[cb])
}

func clamp(v float32) byte { return byte(min(max(v+0.5, 0), 255)) }

// labTable converts CIE L*a*b* under D50 to sRGB.
type labTable struct {
	encoded [4096]byte // linear light to sRGB
}

func newLabTable() *labTable {
	t := new(labTable)
	for i := range t.encoded {
		v := float64(i) / float64(len(t.encoded)-1)
		if v <= 0.0031308 {
			v *= 12.92
		} else {
			v = 1.055*math.Pow(v, 1/2.4) - 0.055
		}
		t.encoded[i] = byte(255*v + 0.5)
	}
	return t
}

func (t *labTable) convert(out []byte, l byte, a, b int) {
	fy := (float64(l)*100/255 + 16) / 116
	// CIE 15: the inverse of the cube root with its linear toe; white is D50.
	x := 0.9642 * cube(fy+float64(a)/500)
	y := cube(fy)
	z := 0.8249 * cube(fy-float64(b)/200)
	// XYZ under D50 to linear sRGB: the primaries adapted by Bradford (IEC 61966-2-1).
	out[0] = t.encode(3.1338561*x - 1.6168667*y - 0.4906146*z)
	out[1] = t.encode(-0.9787684*x + 1.9161415*y + 0.0334540*z)
	out[2] = t.encode(0.0719453*x - 0.2289914*y + 1.4052427*z)
}

func cube(f float64) float64 {
	if f > 6.0/29 {
		return f * f * f
	}
	return 3 * (6.0 / 29) * (6.0 / 29) * (f - 4.0/29)
}

func (t *labTable) encode(v float64) byte {
	return t.encoded[int(min(max(v, 0), 1)*float64(len(t.encoded)-1)+0.5)]
}
