package imaging

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/sightline/sightline/internal/imaging/rgb"
)

// icon is the largest picture of a Windows icon or cursor.
type icon struct {
	width, height int
	header        int    // bytes of a bitmap's
	data          []byte // a PNG, or a bitmap without its file header
}

// sniffICO asks for a plausible first entry, because the mark is nearly nothing.
func sniffICO(b []byte) bool {
	if len(b) < 22 || b[0] != 0 || b[1] != 0 || b[2] != 1 && b[2] != 2 || b[3] != 0 {
		return false
	}
	n := binary.LittleEndian.Uint16(b[4:])
	offset := binary.LittleEndian.Uint32(b[18:])
	return n > 0 && n <= 256 && b[9] == 0 && offset >= 6+16*uint32(n) && offset < 1<<24
}

const dibHeader = 40

// readICO finds the largest picture, and of those the one with the most colours. Sizes
// and colours are those of the pictures themselves, since directories often lie.
func readICO(data []byte) (best icon, err error) {
	err = errors.New("no picture in the directory")
	bestBits := 0
	n := int(binary.LittleEndian.Uint16(data[4:]))
	for i := range n {
		e := data[min(6+16*i, len(data)):]
		if len(e) < 16 {
			break
		}
		at := uint64(binary.LittleEndian.Uint32(e[12:]))
		if at >= uint64(len(data)) {
			continue
		}
		c := icon{data: data[at:]} // its length in the directory is often wrong
		bits := 32
		if sniffPNG(c.data) {
			h, err := pngHeader(c.data)
			if err != nil {
				continue
			}
			c.width, c.height = h.width, h.height
		} else {
			if len(c.data) < dibHeader {
				continue
			}
			switch c.header = int(binary.LittleEndian.Uint32(c.data)); c.header {
			case dibHeader, 52, 56, 108, 124:
			default:
				continue
			}
			// The height counts the mask below the picture.
			c.width, c.height = int(int32(binary.LittleEndian.Uint32(c.data[4:]))), int(int32(binary.LittleEndian.Uint32(c.data[8:])))/2
			bits = int(binary.LittleEndian.Uint16(c.data[14:]))
		}
		if c.width <= 0 || c.height <= 0 || c.width > 1<<15 || c.height > 1<<15 {
			continue
		}
		if area, most := c.width*c.height, best.width*best.height; area > most || area == most && bits > bestBits {
			best, bestBits, err = c, bits, nil
		}
	}
	return best, err
}

func icoHeader(data []byte) (header, error) {
	c, err := readICO(data)
	return header{width: c.width, height: c.height}, err
}

func decodeICO(data []byte, _ header, o Options) (*RGB, error) {
	c, err := readICO(data)
	if err != nil {
		return nil, err
	}
	if sniffPNG(c.data) {
		return decodePNG(c.data, header{width: c.width, height: c.height}, o)
	}
	return c.decode()
}

// decode reads a bitmap with its mask. Where pixels of 32 bits have any alpha, it counts
// in the mask's place.
func (c icon) decode() (*RGB, error) {
	bits := int(binary.LittleEndian.Uint16(c.data[14:]))
	stride := (c.width*bits + 31) / 32 * 4
	at := c.header
	if bits == 0 || bits > 32 {
		return nil, fmt.Errorf("%d bits a pixel", bits)
	}
	if bits <= 8 {
		colours := int(binary.LittleEndian.Uint32(c.data[32:]))
		if colours <= 0 || colours > 1<<bits {
			colours = 1 << bits
		}
		at += 4 * colours
	}
	if len(c.data) < at+stride*c.height {
		return nil, fmt.Errorf("%d bytes of data cannot hold %dx%d pixels", len(c.data), c.width, c.height)
	}
	// As a bitmap file, of the picture alone.
	file := append([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), c.data[:at+stride*c.height]...)
	binary.LittleEndian.PutUint32(file[10:], uint32(14+at))
	binary.LittleEndian.PutUint32(file[14+8:], uint32(c.height))
	img, err := decodeBMP(file, header{}, Options{})
	if img == nil {
		return nil, err
	}
	pixels := c.data[at:]
	if bits == 32 {
		clear := true
		for i := 3; i < stride*c.height; i += 4 {
			clear = clear && pixels[i] == 0
		}
		if !clear {
			for y := range c.height {
				row := pixels[(c.height-1-y)*stride:]
				for x := range c.width {
					p := img.Pix[3*(y*c.width+x):][:3]
					for k := range p {
						p[k] = rgb.OverWhite(p[k], row[4*x+3])
					}
				}
			}
			return img, err
		}
	}
	mask, maskStride := pixels[stride*c.height:], (c.width+31)/32*4
	if len(mask) < maskStride*c.height {
		return img, errors.Join(err, errors.New("the mask is missing"))
	}
	for y := range c.height {
		row := mask[(c.height-1-y)*maskStride:]
		for x := range c.width {
			if row[x/8]>>(7-x%8)&1 == 1 {
				fill(img.Pix[3*(y*c.width+x):][:3], 255)
			}
		}
	}
	return img, err
}
