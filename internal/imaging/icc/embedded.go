package icc

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
)

// Space is what a file says about its colours. At most one of the fields is set; the
// zero Space says nothing, which means sRGB.
type Space struct {
	Profile []byte // an ICC profile
	// Codes are the primaries and the transfer characteristics of ITU-T H.273.
	Codes [2]int
	// Primaries with Gamma, the power that makes samples linear, as a PNG states them.
	Primaries Primaries
	Gamma     float64
}

// IsZero reports whether nothing is said.
func (s Space) IsZero() bool { return s.Profile == nil && s.Codes == [2]int{} && s.Gamma == 0 }

// Transform is the way from the space to sRGB; nil where there is none to go.
func (s Space) Transform() (*Transform, error) {
	switch {
	case s.Profile != nil:
		return Parse(s.Profile)
	case s.Codes != [2]int{}:
		return FromCodes(s.Codes[0], s.Codes[1]), nil
	case s.Gamma != 0:
		gamma := s.Gamma
		if gamma > 2.1 && gamma < 2.3 { // which is how programs write sRGB's curve
			gamma = 0
		}
		return FromPrimaries(s.Primaries, gamma), nil
	}
	return nil, nil
}

// OfJPEG puts the parts of a profile together that the APP2 segments of a JPEG hold,
// each numbered from 1.
func OfJPEG(data []byte) Space {
	mark := []byte("ICC_PROFILE\x00")
	var parts [256][]byte
	count, size := 0, 0
	for i := 2; i+4 <= len(data) && data[i] == 0xff; {
		code := data[i+1]
		if code == 0xff {
			i++
			continue
		}
		n := int(binary.BigEndian.Uint16(data[i+2:]))
		if code == 0xda || code == 0xd9 || n < 2 || i+2+n > len(data) {
			break
		}
		payload := data[i+4 : i+2+n]
		i += 2 + n
		if code != 0xe2 || !bytes.HasPrefix(payload, mark) || len(payload) < len(mark)+2 {
			continue
		}
		number, of := payload[len(mark)], payload[len(mark)+1]
		if number == 0 || number > of || parts[number] != nil {
			return Space{}
		}
		parts[number] = payload[len(mark)+2:]
		count, size = max(count, int(of)), size+len(parts[number])
	}
	if count == 0 || size > MaxProfile {
		return Space{}
	}
	profile := make([]byte, 0, size)
	for _, part := range parts[1 : count+1] {
		if part == nil {
			return Space{}
		}
		profile = append(profile, part...)
	}
	return Space{Profile: profile}
}

// OfPNG reads the chunks before the picture, of which cICP counts before iCCP, that
// before sRGB, and that before cHRM with gAMA (PNG, third edition, 4.3).
func OfPNG(data []byte) Space {
	var coded, profile, stated Space
	srgb := false
	be := binary.BigEndian
	for rest := data[min(8, len(data)):]; len(rest) >= 12; {
		n := uint64(be.Uint32(rest))
		if n > uint64(len(rest)-12) {
			break
		}
		name, v := string(rest[4:8]), rest[8:8+n]
		rest = rest[12+n:]
		if name == "IDAT" || name == "IEND" {
			break
		}
		switch {
		case name == "cICP" && n >= 4:
			coded.Codes = [2]int{int(v[0]), int(v[1])}
		case name == "iCCP":
			if _, packed, ok := bytes.Cut(v, []byte{0}); ok && len(packed) > 1 {
				profile.Profile = inflate(packed[1:])
			}
		case name == "sRGB":
			srgb = true
		case name == "gAMA" && n >= 4 && be.Uint32(v) > 0:
			stated.Gamma = 100000 / float64(be.Uint32(v))
		case name == "cHRM" && n >= 32:
			point := func(i int) [2]float64 {
				return [2]float64{float64(be.Uint32(v[8*i:])) / 100000, float64(be.Uint32(v[8*i+4:])) / 100000}
			}
			stated.Primaries = Primaries{point(1), point(2), point(3), point(0)} // white comes first
		}
	}
	switch {
	case !coded.IsZero():
		return coded
	case profile.Profile != nil:
		return profile
	case srgb, stated.Primaries == Primaries{}:
		// A gamma alone is written by programs that mean sRGB and say 1/2.2.
		return Space{}
	}
	if stated.Gamma == 0 {
		stated.Gamma = 2.2
	}
	return stated
}

func inflate(b []byte) []byte {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	out, err := io.ReadAll(io.LimitReader(z, MaxProfile+1))
	if err != nil || len(out) > MaxProfile {
		return nil
	}
	return out
}

// OfWebP reads the ICCP chunk of a WebP file.
func OfWebP(data []byte) Space {
	for rest := data[min(12, len(data)):]; len(rest) >= 8; {
		n := uint64(binary.LittleEndian.Uint32(rest[4:]))
		name := string(rest[:4])
		rest = rest[8:]
		if n > uint64(len(rest)) {
			break
		}
		if name == "ICCP" {
			return Space{Profile: rest[:n]}
		}
		rest = rest[min(n+n&1, uint64(len(rest))):]
	}
	return Space{}
}

// OfTIFF reads the tag of the first directory of a TIFF.
func OfTIFF(data []byte) Space {
	const tag = 34675
	if len(data) < 8 {
		return Space{}
	}
	var order binary.ByteOrder = binary.LittleEndian
	if data[0] == 'M' {
		order = binary.BigEndian
	}
	if order.Uint16(data[2:]) != 42 {
		return Space{} // BigTIFF
	}
	at := uint64(order.Uint32(data[4:]))
	if at+2 > uint64(len(data)) {
		return Space{}
	}
	n := int(order.Uint16(data[at:]))
	for e := data[at+2:]; n > 0 && len(e) >= 12; n, e = n-1, e[12:] {
		if order.Uint16(e) != tag {
			continue
		}
		size, from := uint64(order.Uint32(e[4:])), uint64(order.Uint32(e[8:]))
		if size <= 4 || from+size > uint64(len(data)) {
			return Space{}
		}
		return Space{Profile: data[from : from+size]}
	}
	return Space{}
}

// OfHEIF reads the first colour box among the properties of a HEIC or AVIF: a profile,
// or else codes. Pictures of one file share it, but for auxiliary ones, which have none.
func OfHEIF(data []byte) (s Space) {
	meta := find(data, "meta")
	if len(meta) < 4 {
		return Space{}
	}
	for b := range boxes(find(find(meta[4:], "iprp"), "ipco")) {
		if b.name != "colr" || len(b.payload) < 4 {
			continue
		}
		switch kind, v := string(b.payload[:4]), b.payload[4:]; {
		case kind == "prof" || kind == "rICC":
			return Space{Profile: v}
		case kind == "nclx" && len(v) >= 4 && s.IsZero():
			s.Codes = [2]int{int(binary.BigEndian.Uint16(v)), int(binary.BigEndian.Uint16(v[2:]))}
		}
	}
	return s
}

type box struct {
	name    string
	payload []byte
}

// boxes yields the boxes of an ISO base media file until one makes no sense.
func boxes(b []byte) func(yield func(box) bool) {
	return func(yield func(box) bool) {
		for len(b) >= 8 {
			size, start := uint64(binary.BigEndian.Uint32(b)), uint64(8)
			switch size {
			case 0:
				size = uint64(len(b))
			case 1:
				if len(b) < 16 {
					return
				}
				size, start = binary.BigEndian.Uint64(b[8:]), 16
			}
			if size < start || size > uint64(len(b)) || !yield(box{string(b[4:8]), b[start:size]}) {
				return
			}
			b = b[size:]
		}
	}
}

func find(b []byte, name string) []byte {
	for x := range boxes(b) {
		if x.name == name {
			return x.payload
		}
	}
	return nil
}
