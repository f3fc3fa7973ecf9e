package imaging

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// heifPicture is the primary item of a HEIF file as its properties describe it.
type heifPicture struct {
	width, height int
	// orientation is what irot and imir, in the order they apply, amount to, as an
	// EXIF value.
	orientation int
	// auxiliary says that the file has auxiliary pictures, such as an alpha plane.
	auxiliary bool
	// What clap leaves of width and height; 0 without that box.
	cleanWidth, cleanHeight int
}

// parseHEIF reads the properties of the primary item: ispe (size), clap,
// irot and imir (ISO/IEC 23008-12, 6.5). Image sequences without a still picture have no meta
// box at the top and are an error.
func parseHEIF(data []byte) (heifPicture, error) {
	metaBox, err := findBox(data, "meta")
	if err != nil {
		return heifPicture{}, err
	}
	if len(metaBox) < 4 {
		return heifPicture{}, errors.New("short meta box")
	}
	metaBox = metaBox[4:] // version and flags
	primary, err := primaryItem(metaBox)
	if err != nil {
		return heifPicture{}, err
	}
	iprp, err := findBox(metaBox, "iprp")
	if err != nil {
		return heifPicture{}, err
	}
	ipco, err := findBox(iprp, "ipco")
	if err != nil {
		return heifPicture{}, err
	}
	properties, err := listBoxes(ipco)
	if err != nil {
		return heifPicture{}, err
	}
	boxes, err := listBoxes(iprp)
	if err != nil {
		return heifPicture{}, err
	}
	p := heifPicture{orientation: 1}
	for _, b := range properties {
		p.auxiliary = p.auxiliary || b.name == "auxC"
	}
	for _, b := range boxes {
		if b.name != "ipma" {
			continue
		}
		indices, err := associations(b.payload, primary)
		if err != nil {
			return heifPicture{}, err
		}
		for _, i := range indices {
			if i >= 1 && i <= len(properties) {
				if err := p.apply(properties[i-1]); err != nil {
					return heifPicture{}, err
				}
			}
		}
	}
	if p.width == 0 || p.height == 0 {
		return heifPicture{}, errors.New("the primary item has no size")
	}
	return p, nil
}

// apply adds one property of the primary item.
func (p *heifPicture) apply(b box) error {
	switch b.name {
	case "ispe":
		if len(b.payload) < 12 {
			return errors.New("short ispe box")
		}
		w, h := binary.BigEndian.Uint32(b.payload[4:]), binary.BigEndian.Uint32(b.payload[8:])
		if w > 1<<30 || h > 1<<30 {
			return fmt.Errorf("size %dx%d", w, h)
		}
		p.width, p.height = int(w), int(h)
	case "clap":
		if len(b.payload) < 16 {
			return errors.New("short clap box")
		}
		p.cleanWidth = fraction(b.payload)
		p.cleanHeight = fraction(b.payload[8:])
	case "irot":
		if len(b.payload) < 1 {
			return errors.New("short irot box")
		}
		for range b.payload[0] & 3 {
			p.orientation = thenTurnLeft[p.orientation]
		}
	case "imir":
		if len(b.payload) < 1 {
			return errors.New("short imir box")
		}
		if b.payload[0]&1 == 0 {
			p.orientation = thenFlipTopBottom[p.orientation]
		} else {
			p.orientation = thenFlipLeftRight[p.orientation]
		}
	}
	return nil
}

// fraction reads a numerator and a denominator of 32 bits, and rounds.
func fraction(b []byte) int {
	n, d := uint64(binary.BigEndian.Uint32(b)), uint64(binary.BigEndian.Uint32(b[4:]))
	if d == 0 {
		return 0
	}
	return int((n + d/2) / d)
}

// For each EXIF orientation, the one that the picture has after one more step: a
// quarter turn anticlockwise, or a mirroring of the already turned picture.
var (
	thenTurnLeft      = [9]int{1: 8, 2: 5, 3: 6, 4: 7, 5: 4, 6: 1, 7: 2, 8: 3}
	thenFlipLeftRight = [9]int{1: 2, 2: 1, 3: 4, 4: 3, 5: 6, 6: 5, 7: 8, 8: 7}
	thenFlipTopBottom = [9]int{1: 4, 2: 3, 3: 2, 4: 1, 5: 8, 6: 7, 7: 6, 8: 5}
)

// box is one box of the ISO base media file format (ISO/IEC 14496-12).
type box struct {
	name    string
	payload []byte
}

// nextBox splits the first box off b.
func nextBox(b []byte) (first box, rest []byte, err error) {
	if len(b) < 8 {
		return box{}, nil, errors.New("file ends inside a box header")
	}
	size, start := uint64(binary.BigEndian.Uint32(b)), uint64(8)
	name := string(b[4:8])
	switch size {
	case 0: // to the end
		size = uint64(len(b))
	case 1:
		if len(b) < 16 {
			return box{}, nil, errors.New("file ends inside a box header")
		}
		size, start = binary.BigEndian.Uint64(b[8:]), 16
	}
	if size < start || size > uint64(len(b)) {
		return box{}, nil, fmt.Errorf("box %q of %d bytes, %d left", name, size, len(b))
	}
	return box{name, b[start:size]}, b[size:], nil
}

func listBoxes(b []byte) ([]box, error) {
	var list []box
	for len(b) > 0 {
		first, rest, err := nextBox(b)
		if err != nil {
			return nil, err
		}
		list = append(list, first)
		b = rest
	}
	return list, nil
}

// findBox returns the payload of the first box of that name. It does not look
// beyond it, so that a cut at the end of a file does not hide its header.
func findBox(b []byte, name string) ([]byte, error) {
	for len(b) > 0 {
		first, rest, err := nextBox(b)
		if err != nil {
			return nil, fmt.Errorf("look for box %q: %w", name, err)
		}
		if first.name == name {
			return first.payload, nil
		}
		b = rest
	}
	return nil, fmt.Errorf("no box %q", name)
}

// primaryItem reads the number of the item that is the picture.
func primaryItem(metaBox []byte) (uint32, error) {
	b, err := findBox(metaBox, "pitm")
	if err != nil {
		return 0, err
	}
	switch {
	case len(b) >= 6 && b[0] == 0:
		return uint32(binary.BigEndian.Uint16(b[4:])), nil
	case len(b) >= 8:
		return binary.BigEndian.Uint32(b[4:]), nil
	}
	return 0, errors.New("short pitm box")
}

// associations reads an ipma box: the one-based property numbers of an item, in
// the order in which they apply.
func associations(b []byte, item uint32) ([]int, error) {
	short := errors.New("short ipma box")
	if len(b) < 8 {
		return nil, short
	}
	wideItems, wideProperties := b[0] >= 1, b[3]&1 == 1
	count := binary.BigEndian.Uint32(b[4:])
	b = b[8:]
	for range count {
		var id uint32
		if wideItems {
			if len(b) < 5 {
				return nil, short
			}
			id, b = binary.BigEndian.Uint32(b), b[4:]
		} else {
			if len(b) < 3 {
				return nil, short
			}
			id, b = uint32(binary.BigEndian.Uint16(b)), b[2:]
		}
		n, size := int(b[0]), 1
		if wideProperties {
			size = 2
		}
		b = b[1:]
		if len(b) < n*size {
			return nil, short
		}
		if id == item {
			return propertyNumbers(b[:n*size], size), nil
		}
		b = b[n*size:]
	}
	return nil, nil
}

// propertyNumbers strips the bit that marks a property as essential.
func propertyNumbers(b []byte, size int) []int {
	var list []int
	for ; len(b) > 0; b = b[size:] {
		if size == 2 {
			list = append(list, int(binary.BigEndian.Uint16(b)&0x7fff))
		} else {
			list = append(list, int(b[0]&0x7f))
		}
	}
	return list
}
