package simple

import "errors"

// pcx is what the header of a PCX file says (ZSoft PCX file format).
type pcx struct {
	width, height int
	bits, planes  int
	stride        int // bytes of a row of a plane
	header        []byte
	rest          []byte
}

// SniffPCX reports whether a file begins like a PCX.
func SniffPCX(head []byte) bool {
	if len(head) < 16 || head[0] != 10 || head[1] > 5 || head[1] == 1 || head[2] != 1 {
		return false
	}
	switch head[3] {
	case 1, 2, 4, 8:
		return le16(head[8:]) >= le16(head[4:]) && le16(head[10:]) >= le16(head[6:])
	}
	return false
}

func readPCX(data []byte) (p pcx, err error) {
	const header = 128
	if !SniffPCX(data) || len(data) < header {
		return p, errHeader
	}
	p.width, p.height = le16(data[8:])-le16(data[4:])+1, le16(data[10:])-le16(data[6:])+1
	p.bits, p.planes, p.stride = int(data[3]), int(data[65]), le16(data[66:])
	p.header, p.rest = data[:header], data[header:]
	p.stride = max(p.stride, (p.width*p.bits+7)/8) // some writers forget it
	switch {
	case p.bits == 8 && (p.planes == 1 || p.planes == 3 || p.planes == 4):
	case p.bits == 1 && p.planes >= 1 && p.planes <= 4:
	case (p.bits == 2 || p.bits == 4) && p.planes == 1:
	default:
		return p, unsupported("PCX of %d planes of %d bits", p.planes, p.bits)
	}
	return p, nil
}

// PCXSize reads the size of a PCX.
func PCXSize(data []byte) (width, height int, err error) {
	p, err := readPCX(data)
	return p.width, p.height, err
}

// DecodePCX reads a PCX as RGB, three bytes a pixel, top row first. An error beside the
// pixels says what is missing of them.
func DecodePCX(data []byte) ([]byte, error) {
	p, err := readPCX(data)
	if err != nil {
		return nil, err
	}
	row := make([]byte, p.stride*p.planes)
	pix, err := canvas(p.width, p.height, len(row)*p.height/63, len(p.rest)) // a run has 63 bytes
	if err != nil {
		return nil, err
	}
	palette := p.palette(data)
	rows, count, value := 0, 0, byte(0)
	for ; rows < p.height; rows++ {
		at := 0
		for at < len(row) {
			if count == 0 { // runs go on over the ends of rows
				if len(p.rest) == 0 {
					return judge(pix, rows, p.height)
				}
				count, value, p.rest = 1, p.rest[0], p.rest[1:]
				if value >= 0xc0 && len(p.rest) > 0 {
					count, value, p.rest = int(value&0x3f), p.rest[0], p.rest[1:]
				}
				continue
			}
			n := min(count, len(row)-at)
			for i := range n {
				row[at+i] = value
			}
			at += n
			count -= n
		}
		p.colours(pix[3*p.width*rows:][:3*p.width], row, palette)
	}
	if palette == nil && p.bits == 8 && p.planes == 1 && len(p.rest) > 0 && p.rest[0] == 12 {
		return pix, errors.New("the palette is cut off")
	}
	return pix, nil
}

// palette is that of the header, of 16 colours, or of 256 at the end of the file; nil is
// grey, or black and white.
func (p *pcx) palette(data []byte) []byte {
	const entries = 256 * 3
	switch {
	case p.planes >= 3 && p.bits == 8, p.bits == 1 && p.planes == 1:
		return nil
	case p.bits == 8:
		if at := len(data) - entries; at > 128 && data[at-1] == 12 {
			return data[at:]
		}
		return nil
	}
	return p.header[16:64]
}

func (p *pcx) colours(out, row, palette []byte) {
	for x := range p.width {
		o := out[3*x : 3*x+3]
		if p.bits == 8 && p.planes >= 3 {
			o[0], o[1], o[2] = row[x], row[p.stride+x], row[2*p.stride+x]
			continue
		}
		v := 0
		switch {
		case p.bits == 8:
			v = int(row[x])
		case p.planes == 1:
			per := 8 / p.bits
			v = int(row[x/per]) >> (8 - p.bits - x%per*p.bits) & (1<<p.bits - 1)
		default:
			for plane := range p.planes {
				v |= int(row[plane*p.stride+x/8]>>(7-x%8)&1) << plane
			}
		}
		if palette == nil {
			g := byte(v * 255 / (1<<min(p.bits*p.planes, 8) - 1))
			o[0], o[1], o[2] = g, g, g
			continue
		}
		copy(o, palette[3*v:3*v+3])
	}
}
