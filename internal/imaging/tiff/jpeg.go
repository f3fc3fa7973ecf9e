package tiff

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Marker codes of JPEG, the second byte after 0xff (ITU-T T.81, table B.1).
const (
	markerDHT = 0xc4
	markerSOI = 0xd8
	markerEOI = 0xd9
	markerSOS = 0xda
	markerDQT = 0xdb
	markerDRI = 0xdd
)

// jpegRows decodes a strip or tile that is a JPEG stream of its own, but for tables
// that all of them share.
func (d *decoder) jpegRows(segment []byte, rows int) (rowSource, error) {
	if d.jpeg == nil {
		return nil, unsupported("compression JPEG")
	}
	samples := len(d.bits)
	if d.planar {
		samples = 1
	}
	// The old compression converts by the file's own numbers, the new one by JPEG's.
	convert := d.photometric == ycbcr && !d.planar && d.compression == newJPEG
	var stream []byte
	var err error
	if d.compression == oldJPEG {
		if stream, err = d.oldStream(segment, rows); err != nil {
			return nil, err
		}
	} else {
		stream = joinTables(d.dir.fields[tagJPEGTables].bytes, segment)
	}
	return d.decodeJPEG(stream, convert, samples, min(d.blockWidth, d.width), rows, d.blockWidth, d.blockHeight)
}

// decodeJPEG decodes a stream that is to have width by height pixels at least, and
// not much more than most.
func (d *decoder) decodeJPEG(stream []byte, convert bool, samples, width, height, mostWidth, mostHeight int) (rowSource, error) {
	w, h, n, err := frameSize(stream)
	if err != nil {
		return nil, err
	}
	// The sides may be rounded up to whole blocks, and no more: what is outside of the
	// picture costs time for nothing.
	if w < width || w > roundUp(mostWidth) || h > roundUp(mostHeight) {
		return nil, fmt.Errorf("JPEG of %dx%d in a block of %dx%d", w, h, mostWidth, mostHeight)
	}
	if int64(w)*int64(h) > jpegPixels*int64(len(stream)) {
		return nil, fmt.Errorf("JPEG of %dx%d in %d bytes", w, h, len(stream))
	}
	if n != samples && n != 1 {
		return nil, fmt.Errorf("JPEG of %d components where a pixel has %d samples", n, samples)
	}
	pix, w, h, n, err := d.jpeg(stream, convert)
	if pix == nil {
		return nil, err
	}
	if err != nil && d.cause == nil {
		d.cause = err
	}
	if w < width || n != samples && n != 1 || len(pix) != w*h*n {
		return nil, fmt.Errorf("JPEG of %dx%dx%d in %d bytes", w, h, n, len(pix))
	}
	if n == 1 && samples > 1 {
		pix, n = repeat(pix, samples), samples
	}
	return &sliceRows{pix[:w*h*n], w * n}, nil
}

// roundUp makes a side a multiple of the largest MCU's.
func roundUp(n int) int { return (n + 31) &^ 31 }

func repeat(in []byte, times int) []byte {
	out := make([]byte, 0, len(in)*times)
	for _, v := range in {
		for range times {
			out = append(out, v)
		}
	}
	return out
}

// joinTables puts the shared tables before the stream that needs them.
func joinTables(tables, stream []byte) []byte {
	soi := []byte{0xff, markerSOI}
	if !bytes.HasPrefix(tables, soi) || !bytes.HasPrefix(stream, soi) {
		return stream
	}
	tables = tables[2:]
	if n := len(tables); n >= 2 && tables[n-2] == 0xff && tables[n-1] == markerEOI {
		tables = tables[:n-2]
	}
	out := make([]byte, 0, 2+len(tables)+len(stream))
	out = append(append(out, soi...), tables...)
	return append(out, stream[2:]...)
}

// segments calls f with the marker segments of a stream up to its first scan or f
// being content. The position is that of the marker.
func segments(stream []byte, f func(code byte, at int, payload []byte) (stop bool)) {
	for i := 2; i+4 <= len(stream); {
		if stream[i] != 0xff {
			return
		}
		code := stream[i+1]
		if code == 0xff { // fills up
			i++
			continue
		}
		n := int(binary.BigEndian.Uint16(stream[i+2:]))
		if n < 2 || i+2+n > len(stream) || f(code, i, stream[i+4:i+2+n]) || code == markerSOS {
			return
		}
		i += 2 + n
	}
}

// frameSize reads the frame header of a stream.
func frameSize(stream []byte) (w, h, components int, err error) {
	err = errors.New("JPEG without a frame header")
	segments(stream, func(code byte, _ int, payload []byte) bool {
		if code < 0xc0 || code > 0xcf || code == markerDHT || code == 0xc8 || code == 0xcc {
			return false
		}
		if len(payload) >= 6 {
			h = int(binary.BigEndian.Uint16(payload[1:]))
			w = int(binary.BigEndian.Uint16(payload[3:]))
			components = int(payload[5])
			err = nil
			if w == 0 || h == 0 || components == 0 {
				err = fmt.Errorf("JPEG of %dx%d", w, h)
			}
		}
		return true
	})
	return w, h, components, err
}

// The compression JPEG of TIFF 6.0 was never clear, so its files differ: a whole
// JPEG stream somewhere, or the tables and scans of one in pieces.

// wholeStream decodes the picture where it is one whole JPEG stream, and reports
// whether it is.
func (d *decoder) wholeStream(to sink) (done bool, err error) {
	stream := d.interchange()
	if !complete(stream) {
		if d.across*d.down != 1 || d.planes() != 1 {
			return false, nil
		}
		if stream, err = d.segment(0, d.height); err != nil || !complete(stream) {
			return false, nil
		}
		stream = d.data[d.offsets[0]:]
	}
	if d.jpeg == nil {
		return true, unsupported("compression JPEG")
	}
	rows, err := d.decodeJPEG(stream, false, len(d.bits), d.width, d.height, d.width, d.height)
	if errors.Is(err, ErrUnsupported) {
		return true, err
	}
	for y := range d.height {
		var row []byte
		if err == nil {
			row, err = rows.next()
		}
		if err != nil {
			d.lost += int64(d.height-y) * int64(d.width)
			d.cause = err
			break
		}
		to(0, y, d.width, [][]byte{row})
	}
	return true, nil
}

// interchange is the data that the tag JPEGInterchangeFormat points to.
func (d *decoder) interchange() []byte {
	at := d.dir.uint(tagJPEGStream, 0)
	if at == 0 || at >= uint64(len(d.data)) {
		return nil
	}
	// The length is often that of the tables alone.
	return d.data[at:]
}

// complete reports whether data is a JPEG stream with a frame and a scan.
func complete(stream []byte) bool {
	if !bytes.HasPrefix(stream, []byte{0xff, markerSOI}) {
		return false
	}
	scan := false
	segments(stream, func(code byte, _ int, _ []byte) bool {
		scan = scan || code == markerSOS
		return false
	})
	_, _, _, err := frameSize(stream)
	return scan && err == nil
}

// oldStream makes a JPEG stream of a strip: the tables that the tags point to, a
// frame header of the strip's size, a scan header, and the strip.
func (d *decoder) oldStream(segment []byte, rows int) ([]byte, error) {
	if complete(segment) {
		return segment, nil
	}
	if d.planar {
		return nil, unsupported("old-style JPEG in planes")
	}
	samples := len(d.bits)
	out := []byte{0xff, markerSOI}
	tables, scan := d.streamTables()
	most := 1 // streams have one set of tables for lightness and one for chroma
	if tables == nil {
		most = samples - 1
		var err error
		if tables, err = d.tagTables(samples); err != nil {
			return nil, err
		}
	}
	out = append(out, tables...)
	if n := d.dir.uint(tagJPEGRestart, 0); n > 0 && n < 1<<16 {
		out = append(out, 0xff, markerDRI, 0, 4, byte(n>>8), byte(n))
	}
	// Extended sequential, which may have more than two tables of each kind.
	out = append(out, 0xff, 0xc1, 0, byte(8+3*samples), 8, byte(rows>>8), byte(rows),
		byte(d.blockWidth>>8), byte(d.blockWidth), byte(samples))
	for i := range samples {
		sub := byte(0x11)
		if i == 0 && samples == 3 {
			sub = byte(d.subX<<4 | d.subY)
		}
		out = append(out, byte(i+1), sub, byte(min(i, most)))
	}
	if !bytes.HasPrefix(segment, []byte{0xff, markerSOS}) {
		if scan == nil {
			scan = []byte{0xff, markerSOS, 0, byte(6 + 2*samples), byte(samples)}
			for i := range samples {
				scan = append(scan, byte(i+1), byte(min(i, most)*0x11))
			}
			scan = append(scan, 0, 63, 0)
		}
		out = append(out, scan...)
	}
	return append(append(out, segment...), 0xff, markerEOI), nil
}

// streamTables gives the marker segments of quantisers and codes out of a stream
// without a scan; nil where there is none, or it is not usable.
func (d *decoder) streamTables() (tables, scan []byte) {
	stream := d.interchange()
	if !bytes.HasPrefix(stream, []byte{0xff, markerSOI}) {
		return nil, nil
	}
	segments(stream, func(code byte, at int, payload []byte) bool {
		switch code {
		case markerDQT, markerDHT, markerDRI:
			tables = append(tables, stream[at:at+4+len(payload)]...)
		case markerSOS:
			scan = stream[at : at+4+len(payload)]
		}
		return false
	})
	return tables, scan
}

// tagTables makes marker segments of the tables that the tags point to.
func (d *decoder) tagTables(samples int) ([]byte, error) {
	var out []byte
	table := func(tag uint16, i, n int) ([]byte, error) {
		at := d.dir.firstUints(tag, samples)
		if i >= len(at) || at[i] >= uint64(len(d.data)) || uint64(len(d.data))-at[i] < uint64(n) {
			return nil, fmt.Errorf("no JPEG table %d of tag %d", i, tag)
		}
		return d.data[at[i]:], nil
	}
	for i := range samples {
		quant, err := table(tagJPEGQTables, i, 64)
		if err != nil {
			return nil, err
		}
		out = append(append(out, 0xff, markerDQT, 0, 67, byte(i)), quant[:64]...)
		for class, tag := range []uint16{tagJPEGDCTables, tagJPEGACTables} {
			codes, err := table(tag, i, 16)
			if err != nil {
				return nil, err
			}
			n := 16
			for _, c := range codes[:16] {
				n += int(c)
			}
			if n > 16+256 || n > len(codes) {
				return nil, fmt.Errorf("JPEG code table of %d bytes", n)
			}
			out = append(append(out, 0xff, markerDHT, byte((n+3)>>8), byte(n+3), byte(class<<4|i)), codes[:n]...)
		}
	}
	return out, nil
}
