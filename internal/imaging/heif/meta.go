package heif

import (
	"errors"
	"fmt"
	"slices"
)

// item is one entry of a meta box: a coded picture, or one that is put together
// from others.
type item struct {
	id         uint32
	kind       string // "hvc1", "av01", "grid", "Exif", ...
	properties []box  // in the order in which they apply
	extents    []extent
	method     int // where the extents are: 0 in the file, 1 in the idat box
	external   bool
}

type extent struct{ offset, length uint64 }

// reference points from an item to others: "dimg" from a grid to its tiles, "auxl"
// from an alpha plane to its picture.
type reference struct {
	kind string
	from uint32
	to   []uint32
}

// meta is a meta box (ISO/IEC 14496-12, 8.11).
type meta struct {
	file       []byte // the whole file, which extents count from the start of
	idat       []byte
	primary    uint32
	items      map[uint32]*item
	references []reference
}

func parseMeta(file []byte, b box) (*meta, error) {
	_, _, payload, err := b.full()
	if err != nil {
		return nil, err
	}
	m := &meta{file: file, items: make(map[uint32]*item)}
	boxes, err := listBoxes(payload)
	if err != nil {
		return nil, err
	}
	// Items come first, because the other boxes are about them.
	slices.SortStableFunc(boxes, func(a, b box) int { return metaOrder(a.name) - metaOrder(b.name) })
	for _, b := range boxes {
		switch b.name {
		case "iinf":
			err = m.readItems(b)
		case "pitm":
			err = m.readPrimary(b)
		case "iloc":
			err = m.readLocations(b)
		case "iprp":
			err = m.readProperties(b)
		case "iref":
			err = m.readReferences(b)
		case "idat":
			m.idat = b.payload
		}
		if err != nil {
			return nil, err
		}
	}
	return m, nil
}

func metaOrder(name string) int {
	if name == "iinf" {
		return 0
	}
	return 1
}

func (m *meta) readPrimary(b box) error {
	version, _, payload, err := b.full()
	if err != nil {
		return err
	}
	r := reader{b: payload}
	m.primary = uint32(r.uint(idBytes(version >= 1)))
	return r.err("pitm")
}

func idBytes(wide bool) int {
	if wide {
		return 4
	}
	return 2
}

func (m *meta) readItems(b box) error {
	version, _, payload, err := b.full()
	if err != nil {
		return err
	}
	r := reader{b: payload}
	r.uint(idBytes(version >= 1)) // the count, which the boxes tell as well
	entries, err := listBoxes(r.b)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.name != "infe" {
			continue
		}
		version, _, payload, err := e.full()
		if err != nil {
			return err
		}
		if version < 2 { // has no type, so it is no picture
			continue
		}
		r := reader{b: payload}
		id := uint32(r.uint(idBytes(version >= 3)))
		r.u16() // protection
		kind := string(r.take(4))
		if err := r.err("infe"); err != nil {
			return err
		}
		m.items[id] = &item{id: id, kind: kind}
	}
	return nil
}

func (m *meta) readLocations(b box) error {
	version, _, payload, err := b.full()
	if err != nil {
		return err
	}
	if version > 2 {
		return fmt.Errorf("iloc box of version %d", version)
	}
	r := reader{b: payload}
	sizes := r.u16()
	offsetBytes, lengthBytes := int(sizes>>12), int(sizes>>8&15)
	baseBytes, indexBytes := int(sizes>>4&15), int(sizes&15)
	if version == 0 {
		indexBytes = 0
	}
	if max(offsetBytes, lengthBytes, baseBytes, indexBytes) > 8 {
		return errors.New("iloc box with numbers of more than 8 bytes")
	}
	left := maxBoxes // extents: with numbers of no bytes, a short box has any number
	for range r.uint(idBytes(version == 2)) {
		if r.short {
			break
		}
		id := uint32(r.uint(idBytes(version == 2)))
		method := 0
		if version >= 1 {
			method = int(r.u16() & 15)
		}
		external := r.u16() != 0
		base := r.uint(baseBytes)
		var extents []extent
		for range r.u16() {
			if left--; left < 0 {
				return fmt.Errorf("more than %d extents", maxBoxes)
			}
			if r.short {
				break
			}
			r.uint(indexBytes)
			offset := base + r.uint(offsetBytes)
			extents = append(extents, extent{offset, r.uint(lengthBytes)})
		}
		if it := m.items[id]; it != nil {
			it.extents, it.method, it.external = extents, method, external
		}
	}
	return r.err("iloc")
}

func (m *meta) readReferences(b box) error {
	version, _, payload, err := b.full()
	if err != nil {
		return err
	}
	list, err := listBoxes(payload)
	if err != nil {
		return err
	}
	for _, e := range list {
		r := reader{b: e.payload}
		ref := reference{kind: e.name, from: uint32(r.uint(idBytes(version >= 1)))}
		n := int(r.u16())
		for range min(n, len(r.b)) {
			ref.to = append(ref.to, uint32(r.uint(idBytes(version >= 1))))
		}
		if err := r.err("iref"); err != nil {
			return err
		}
		m.references = append(m.references, ref)
	}
	return nil
}

// readProperties gives every item its properties. Those of an item that is not
// listed are left out.
func (m *meta) readProperties(b box) error {
	ipco, err := findBox(b.payload, "ipco")
	if err != nil {
		return err
	}
	properties, err := listBoxes(ipco.payload)
	if err != nil {
		return err
	}
	boxes, err := listBoxes(b.payload)
	if err != nil {
		return err
	}
	for _, b := range boxes {
		if b.name != "ipma" {
			continue
		}
		if err := m.associate(b, properties); err != nil {
			return err
		}
	}
	return nil
}

func (m *meta) associate(b box, properties []box) error {
	version, flags, payload, err := b.full()
	if err != nil {
		return err
	}
	numberBytes, essential := 1, uint64(0x80)
	if flags&1 == 1 {
		numberBytes, essential = 2, 0x8000
	}
	r := reader{b: payload}
	for range r.u32() {
		if r.short {
			break
		}
		it := m.items[uint32(r.uint(idBytes(version >= 1)))]
		for range r.u8() {
			n := r.uint(numberBytes) &^ essential // one-based; 0 is none
			if it != nil && n >= 1 && n <= uint64(len(properties)) {
				it.properties = append(it.properties, properties[n-1])
			}
		}
	}
	return r.err("ipma")
}

// targets lists what an item points at, in order.
func (m *meta) targets(kind string, from uint32) []uint32 {
	for _, ref := range m.references {
		if ref.kind == kind && ref.from == from {
			return ref.to
		}
	}
	return nil
}

// data returns the bytes of an item.
func (m *meta) data(it *item) ([]byte, error) {
	if it.external {
		return nil, unsupported("an item in another file")
	}
	source := m.file
	switch it.method {
	case 0:
	case 1:
		source = m.idat
	default:
		return nil, unsupported(fmt.Sprintf("an item with construction method %d", it.method))
	}
	if len(it.extents) == 0 {
		return nil, fmt.Errorf("item %d has no data", it.id)
	}
	var joined []byte
	total := uint64(0)
	for _, e := range it.extents {
		if e.offset > uint64(len(source)) || e.length > uint64(len(source))-e.offset {
			return nil, fmt.Errorf("%w: item %d lies beyond its end", ErrCut, it.id)
		}
		if e.length == 0 { // to the end
			e.length = uint64(len(source)) - e.offset
		}
		part := source[e.offset:][:e.length]
		if len(it.extents) == 1 {
			return part, nil
		}
		// Extents may overlap, so that a small file would add up to a large item.
		if total += e.length; total > uint64(len(source)) {
			return nil, fmt.Errorf("item %d is larger than the file", it.id)
		}
		joined = append(joined, part...)
	}
	return joined, nil
}
