package draft

import "encoding/binary"

// Marker codes of a JPEG, the second byte after 0xff (ITU-T T.81, table B.1).
const (
	markerSOF0 = 0xc0 // baseline frame
	markerSOF1 = 0xc1 // extended sequential frame
	markerDHT  = 0xc4
	markerRST0 = 0xd0
	markerSOI  = 0xd8
	markerSOS  = 0xda
	markerDQT  = 0xdb
	markerDRI  = 0xdd
	markerAPP0 = 0xe0
	markerAPPE = 0xee // where Adobe says how colours are coded
	markerCOM  = 0xfe
)

// readHeaders reads everything up to the coded data of the first scan.
func (d *decoder) readHeaders(data []byte) error {
	if len(data) < 4 || data[0] != 0xff || data[1] != markerSOI {
		return unsupported("no start of image")
	}
	colour := colourSpace{}
	for at := 2; ; {
		if at+4 > len(data) || data[at] != 0xff {
			return unsupported("no marker at byte %d", at)
		}
		code := data[at+1]
		if code == 0xff { // fills up
			at++
			continue
		}
		length := int(binary.BigEndian.Uint16(data[at+2:]))
		if length < 2 || at+2+length > len(data) {
			return unsupported("marker %#x of %d bytes", code, length)
		}
		segment := data[at+4 : at+2+length]
		at += 2 + length
		ok := true
		switch {
		case code == markerSOF0, code == markerSOF1:
			ok = d.readFrame(segment)
		case code == markerDHT:
			ok = d.readHuffman(segment)
		case code == markerDQT:
			ok = d.readQuant(segment)
		case code == markerDRI:
			if ok = len(segment) == 2; ok {
				d.restartInterval = int(binary.BigEndian.Uint16(segment))
			}
		case code == markerSOS:
			if !d.readScan(segment) || !colour.isYCbCr(d.components) {
				return unsupported("scan or colours of another kind")
			}
			d.data, d.scan = data, at
			return nil
		case code >= markerAPP0 && code < markerAPP0+16:
			colour.read(code, segment)
		case code == markerCOM:
		default:
			ok = false
		}
		if !ok {
			return unsupported("marker %#x", code)
		}
	}
}

// readFrame reads SOF: size and components.
func (d *decoder) readFrame(s []byte) bool {
	if d.components != nil || len(s) < 6 || s[0] != 8 {
		return false
	}
	d.height = int(binary.BigEndian.Uint16(s[1:]))
	d.width = int(binary.BigEndian.Uint16(s[3:]))
	n := int(s[5])
	if d.width == 0 || d.height == 0 || n != 1 && n != 3 || len(s) != 6+3*n {
		return false
	}
	d.components = make([]component, n)
	for i := range d.components {
		f := s[6+3*i:]
		d.components[i] = component{id: f[0], h: int(f[1] >> 4), v: int(f[1] & 15), quant: f[2]}
		if f[2] > 3 {
			return false
		}
	}
	first := d.components[0]
	if n == 1 {
		return first.h == 1 && first.v == 1
	}
	for _, c := range d.components[1:] {
		if c.h != 1 || c.v != 1 {
			return false
		}
	}
	// Colours that are halved in height alone are enlarged in height: libjpeg's business.
	return first.h <= 2 && first.v <= first.h && first.v > 0
}

// readQuant reads DQT: tables of 64 divisors.
func (d *decoder) readQuant(s []byte) bool {
	for len(s) > 0 {
		if s[0] > 3 || len(s) < 65 { // more would be 16-bit divisors
			return false
		}
		d.quant[s[0]] = (*[64]uint8)(s[1:65])
		s = s[65:]
	}
	return true
}

// readHuffman reads DHT: tables of codes.
func (d *decoder) readHuffman(s []byte) bool {
	for len(s) > 0 {
		if len(s) < 17 {
			return false
		}
		class, id := s[0]>>4, s[0]&15
		counts := (*[16]uint8)(s[1:17])
		n := 0
		for _, c := range counts {
			n += int(c)
		}
		if class > 1 || id > 3 || n > 256 || len(s) < 17+n {
			return false
		}
		table := newHuffman(counts, s[17:17+n], class == 1)
		if table == nil {
			return false
		}
		if class == 0 {
			d.dc[id] = table
		} else {
			d.ac[id] = table
		}
		s = s[17+n:]
	}
	return true
}

// readScan reads SOS, which must be of all components at once and of all coefficients.
func (d *decoder) readScan(s []byte) bool {
	n := len(d.components)
	if n == 0 || len(s) != 4+2*n || int(s[0]) != n || s[len(s)-3] != 0 || s[len(s)-2] != 63 || s[len(s)-1] != 0 {
		return false
	}
	for i := range d.components {
		c := &d.components[i]
		id, tables := s[1+2*i], s[2+2*i]
		if id != c.id || tables>>4 > 3 || tables&15 > 3 {
			return false
		}
		c.dc, c.ac = d.dc[tables>>4], d.ac[tables&15]
		if c.dc == nil || c.ac == nil || d.quant[c.quant] == nil {
			return false
		}
	}
	return true
}

// colourSpace is what a file says about the meaning of its components.
type colourSpace struct {
	jfif, adobe bool
	transform   byte // Adobe's
}

// read keeps what APP0 and APP14 say.
func (s *colourSpace) read(code byte, segment []byte) {
	switch {
	case code == markerAPP0 && len(segment) >= 14 && string(segment[:5]) == "JFIF\x00":
		s.jfif = true
	case code == markerAPPE && len(segment) >= 12 && string(segment[:5]) == "Adobe":
		s.adobe, s.transform = true, segment[11]
	}
}

// isYCbCr guesses as libjpeg does, which has to: no standard says it. Grey is Y alone.
func (s *colourSpace) isYCbCr(components []component) bool {
	switch {
	case len(components) == 1, s.jfif:
		return true
	case s.adobe:
		return s.transform != 0
	}
	return components[0].id != 'R' || components[1].id != 'G' || components[2].id != 'B'
}
