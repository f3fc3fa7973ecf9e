package psd

import (
	"encoding/binary"
	"math"
	"sync"
)

// converter makes RGB of the samples of a row.
type converter struct {
	header  Header
	options Options
	inks    []byte
}

// sample is the 8-bit value of a sample: 16 bits are rounded, and 32, which are
// floats that grow with light, get sRGB's curve.
func (c *converter) sample(row []byte, x int) byte {
	switch c.header.Depth {
	case 16:
		v := uint32(binary.BigEndian.Uint16(row[2*x:]))
		return byte((v*255 + 32767) / 65535)
	case 32:
		return curve(float64(math.Float32frombits(binary.BigEndian.Uint32(row[4*x:]))))
	default:
		return row[x]
	}
}

func (c *converter) row(out []byte, samples [][]byte) {
	w := c.header.Width
	switch c.header.Mode {
	case Bitmap: // a set bit is black
		for x := range w {
			v := byte(255)
			if samples[0][x/8]>>(7-x%8)&1 == 1 {
				v = 0
			}
			out[3*x], out[3*x+1], out[3*x+2] = v, v, v
		}
	case Indexed:
		p := c.header.palette
		for x := range w {
			i := int(samples[0][x])
			out[3*x], out[3*x+1], out[3*x+2] = p[i], p[256+i], p[512+i]
		}
	case RGB:
		for i, row := range samples {
			for x := range w {
				out[3*x+i] = c.sample(row, x)
			}
		}
	case CMYK: // stored as what the inks leave
		for i, row := range samples {
			for x := range w {
				c.inks[4*x+i] = 255 - c.sample(row, x)
			}
		}
		if c.options.CMYK != nil {
			c.options.CMYK(out, c.inks)
			return
		}
		for x := range w {
			p := c.inks[4*x : 4*x+4]
			for i := range 3 {
				out[3*x+i] = byte((uint32(255-p[i])*uint32(255-p[3]) + 127) / 255)
			}
		}
	case Lab:
		for x := range w {
			labPixel(out[3*x:3*x+3], c.header.Depth, samples, x)
		}
	default: // grey
		for x := range w {
			v := c.sample(samples[0], x)
			out[3*x], out[3*x+1], out[3*x+2] = v, v, v
		}
	}
}

// labPixel converts CIE L*a*b* under D50 to sRGB: by way of XYZ, adapted to D65 with
// Bradford's matrix, which is multiplied into the one below.
func labPixel(out []byte, depth int, samples [][]byte, x int) {
	var l, a, b float64
	if depth == 16 {
		at := func(i int) float64 { return float64(binary.BigEndian.Uint16(samples[i][2*x:])) }
		l, a, b = at(0)*100/65535, (at(1)-32768)/256, (at(2)-32768)/256
	} else {
		l, a, b = float64(samples[0][x])*100/255, float64(samples[1][x])-128, float64(samples[2][x])-128
	}
	fy := (l + 16) / 116
	invert := func(t float64) float64 {
		const delta = 6.0 / 29
		if t > delta {
			return t * t * t
		}
		return 3 * delta * delta * (t - 4.0/29)
	}
	X, Y, Z := 0.96422*invert(fy+a/500), invert(fy), 0.82521*invert(fy-b/200)
	out[0] = curve(3.1338561*X - 1.6168667*Y - 0.4906146*Z)
	out[1] = curve(-0.9787684*X + 1.9161415*Y + 0.0334540*Z)
	out[2] = curve(0.0719453*X - 0.2289914*Y + 1.4052427*Z)
}

// curve is the transfer function of sRGB (IEC 61966-2-1), from a table, to 8 bits.
// What is no number is black.
func curve(v float64) byte {
	if !(v > 0) {
		return 0
	}
	if v >= 1 {
		return 255
	}
	return curveTable()[int(v*float64(curveSteps))]
}

const curveSteps = 1 << 14

var curveTable = sync.OnceValue(func() *[curveSteps]byte {
	var t [curveSteps]byte
	for i := range t {
		v := (float64(i) + 0.5) / curveSteps
		if v <= 0.0031308 {
			v *= 12.92
		} else {
			v = 1.055*math.Pow(v, 1/2.4) - 0.055
		}
		t[i] = byte(v*255 + 0.5)
	}
	return &t
})
