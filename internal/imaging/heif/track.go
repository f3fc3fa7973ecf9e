package heif

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
)

// track is one track of an image sequence or a burst (ISO/IEC 23008-12, 7), of
// which only the first picture is of interest.
type track struct {
	id         uint32
	handler    string // "pict", "vide", or "auxv" for an alpha plane
	matrix     [9]int32
	references []reference
	kind       string // the sample entry: "hvc1", "av01"
	size       image.Point
	properties []box
	first      extent
}

// parseTracks reads all tracks of a moov box that could be read. Those of sound and
// other things are left out.
func parseTracks(moov box) ([]*track, error) {
	boxes, err := listBoxes(moov.payload)
	if err != nil {
		return nil, err
	}
	var tracks []*track
	var reason error
	for _, b := range boxes {
		if b.name != "trak" {
			continue
		}
		t, err := parseTrack(b)
		if err != nil {
			reason = err
			continue
		}
		switch t.handler {
		case "pict", "vide", "auxv":
			tracks = append(tracks, t)
		}
	}
	if len(tracks) == 0 && reason != nil {
		return nil, reason
	}
	return tracks, nil
}

func parseTrack(b box) (*track, error) {
	t := new(track)
	if err := t.readHeader(b); err != nil {
		return nil, err
	}
	hdlr, err := findPath(b.payload, "mdia", "hdlr")
	if err != nil {
		return nil, err
	}
	if len(hdlr.payload) < 12 {
		return nil, errors.New("short hdlr box")
	}
	t.handler = string(hdlr.payload[8:12])
	if tref, err := findBox(b.payload, "tref"); err == nil {
		list, err := listBoxes(tref.payload)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			ref := reference{kind: e.name, from: t.id}
			for p := e.payload; len(p) >= 4; p = p[4:] {
				ref.to = append(ref.to, binary.BigEndian.Uint32(p))
			}
			t.references = append(t.references, ref)
		}
	}
	stbl, err := findPath(b.payload, "mdia", "minf", "stbl")
	if err != nil {
		return nil, err
	}
	if err := t.readEntry(stbl); err != nil {
		return nil, err
	}
	return t, t.readFirst(stbl)
}

// readHeader reads the number and the matrix of tkhd.
func (t *track) readHeader(b box) error {
	tkhd, err := findBox(b.payload, "tkhd")
	if err != nil {
		return err
	}
	version, _, payload, err := tkhd.full()
	if err != nil {
		return err
	}
	r := reader{b: payload}
	wide := 4
	if version == 1 {
		wide = 8
	}
	r.take(2 * wide) // creation and modification
	t.id = r.u32()
	r.take(4 + wide + 8 + 8) // reserved, duration, reserved, layer to volume
	for i := range t.matrix {
		t.matrix[i] = int32(r.u32())
	}
	return r.err("tkhd")
}

// readEntry reads the description of the samples.
func (t *track) readEntry(stbl box) error {
	stsd, err := findBox(stbl.payload, "stsd")
	if err != nil {
		return err
	}
	_, _, payload, err := stsd.full()
	if err != nil {
		return err
	}
	if len(payload) < 4 {
		return errors.New("short stsd box")
	}
	entry, _, err := nextBox(payload[4:])
	if err != nil {
		return err
	}
	t.kind = entry.name
	const visual = 78 // the fields of a VisualSampleEntry
	if len(entry.payload) < visual {
		return fmt.Errorf("short %s box", entry.name)
	}
	r := reader{b: entry.payload[24:]}
	t.size = image.Pt(int(r.u16()), int(r.u16()))
	if t.size.X == 0 || t.size.Y == 0 {
		return fmt.Errorf("size %v", t.size)
	}
	t.properties, err = listBoxes(entry.payload[visual:])
	return err
}

// readFirst finds the bytes of the first sample.
func (t *track) readFirst(stbl box) error {
	stsz, err := findBox(stbl.payload, "stsz")
	if err != nil {
		return err
	}
	r := reader{b: stsz.payload}
	r.u32()
	t.first.length = uint64(r.u32())
	count := r.u32()
	if t.first.length == 0 {
		t.first.length = uint64(r.u32())
	}
	if err := r.err("stsz"); err != nil {
		return err
	}
	if count == 0 || t.first.length == 0 {
		return errors.New("a sequence without pictures")
	}
	width := 4
	offsets, err := findBox(stbl.payload, "stco")
	if err != nil {
		width = 8
		if offsets, err = findBox(stbl.payload, "co64"); err != nil {
			return errors.New("no stco box")
		}
	}
	r = reader{b: offsets.payload}
	r.u32()
	r.u32()
	t.first.offset = r.uint(width)
	return r.err(offsets.name)
}

// points reports whether the track refers to another one in that way.
func (t *track) points(kind string, to uint32) bool {
	for _, ref := range t.references {
		if ref.kind != kind {
			continue
		}
		for _, id := range ref.to {
			if id == to {
				return true
			}
		}
	}
	return false
}

// orientation is the EXIF value of the matrix, if it is a turn by right angles
// (ISO/IEC 14496-12, 6.2.2: x' = ax + cy, y' = bx + dy, with 16 fractional bits).
func (t *track) orientation() int {
	const one = 1 << 16
	switch [4]int32{t.matrix[0], t.matrix[1], t.matrix[3], t.matrix[4]} {
	case [4]int32{-one, 0, 0, one}:
		return 2
	case [4]int32{-one, 0, 0, -one}:
		return 3
	case [4]int32{one, 0, 0, -one}:
		return 4
	case [4]int32{0, one, one, 0}:
		return 5
	case [4]int32{0, one, -one, 0}:
		return 6
	case [4]int32{0, -one, -one, 0}:
		return 7
	case [4]int32{0, -one, one, 0}:
		return 8
	}
	return 1
}

// item makes an item of the first picture, so that a sequence is decoded as a still
// picture is.
func (t *track) item(id uint32) *item {
	size := make([]byte, 12)
	binary.BigEndian.PutUint32(size[4:], uint32(t.size.X))
	binary.BigEndian.PutUint32(size[8:], uint32(t.size.Y))
	return &item{
		id: id, kind: t.kind, extents: []extent{t.first},
		properties: append([]box{{"ispe", size}}, t.properties...),
	}
}

// metaOfTracks is a meta box that says what the tracks do: the first picture, and
// its alpha plane, if there is one.
func metaOfTracks(file []byte, tracks []*track) (*meta, int, error) {
	var shown *track
	for _, t := range tracks {
		if t.handler != "auxv" {
			shown = t
			break
		}
	}
	if shown == nil {
		return nil, 0, errors.New("no track of pictures")
	}
	m := &meta{file: file, primary: 1, items: map[uint32]*item{1: shown.item(1)}}
	for _, t := range tracks {
		if t.handler == "auxv" && t.points("auxl", shown.id) {
			alpha := t.item(2)
			alpha.properties = append(alpha.properties, alphaProperty)
			m.items[2] = alpha
			m.references = append(m.references, reference{"auxl", 2, []uint32{1}})
			if shown.points("prem", t.id) {
				m.references = append(m.references, reference{"prem", 1, []uint32{2}})
			}
			break
		}
	}
	return m, shown.orientation(), nil
}

var alphaProperty = box{"auxC", []byte("\x00\x00\x00\x00urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\x00")}
