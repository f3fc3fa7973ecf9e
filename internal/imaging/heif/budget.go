package heif

import (
	"errors"
	"image"
	"math"
)

// maxSamples is how many samples a codec may make of a picture whose boxes state
// size: encoders code whole blocks and have the rest cut off.
func maxSamples(size image.Point) uint32 {
	const block = 128
	return uint32(min((int64(size.X)+block)*(int64(size.Y)+block), math.MaxUint32))
}

// decoderBytes is the memory that an instance of a codec may take for a picture.
//
// Measured with 12 megapixels: libde265 takes its planes once, 1.4 bytes a sample,
// twice the coded bytes and 2 MiB; dav1d takes its planes once, 0.9 to 1.5 bytes a
// sample, once the coded bytes and 2 MiB. That is 2.5 (AV1) and 3.6 (HEVC) bytes a
// pixel at 4:2:0 and 8 bits, 7.6 and 8.6 at 4:4:4 and 10 bits. The bound has room
// for what these pictures do not use, such as film grain and reference frames.
func decoderBytes(kind string, c coding, size image.Point, codedBytes int) int64 {
	samples := int64(maxSamples(size))
	planes := samples // of 8 bits, luma
	if c.depth > 8 {
		planes *= 2
	}
	switch c.chroma {
	case 1:
		planes += planes / 2
	case 2:
		planes *= 2
	case 3:
		planes *= 3
	}
	if kind == "av01" {
		return 8<<20 + 2*int64(codedBytes) + 2*planes + planes/2 + 3*samples
	}
	return 8<<20 + 3*int64(codedBytes) + planes + planes/2 + 3*samples
}

// DecodeBytes estimates the memory that Decode takes at its peak, from the boxes
// alone: the pixels it returns, those of any parts, and the codec's.
func (f *File) DecodeBytes() int64 {
	n, err := f.meta.bytes(f.primary, true, maxDepth, new(int))
	if err != nil {
		return 0 // Decode will say what is wrong
	}
	return n
}

// bytes is DecodeBytes of an item.
func (m *meta) bytes(it *item, withAlpha bool, depth int, visited *int) (int64, error) {
	size, err := it.size()
	if err != nil {
		return 0, err
	}
	if *visited++; depth == 0 || *visited > maxItems {
		return 0, errors.New("too many items")
	}
	pixels := int64(size.X) * int64(size.Y)
	own, parts := 3*pixels, int64(0)
	switch it.kind {
	case "iovl", "iden":
		own += pixels // its alpha
		for _, id := range m.targets("dimg", it.id) {
			part := m.items[id]
			if part == nil {
				continue
			}
			n, err := m.bytes(part, true, depth-1, visited)
			if err != nil {
				return 0, err
			}
			parts = max(parts, 2*n) // turned
		}
	case "jpeg":
		parts = 3 * pixels
	default:
		parts = m.codecBytes(it)
	}
	if plane := m.alphaOf(it.id); plane != nil && withAlpha {
		size, err := plane.size()
		if err != nil {
			return 0, err
		}
		own += pixels + int64(size.X)*int64(size.Y)
		parts = max(parts, m.codecBytes(plane))
	}
	return own + parts, nil
}

// codecBytes is what the codec takes for an item, or for a tile of it.
func (m *meta) codecBytes(it *item) int64 {
	if it.kind == "grid" {
		to := m.targets("dimg", it.id)
		if len(to) == 0 || m.items[to[0]] == nil {
			return 0
		}
		it = m.items[to[0]]
	}
	size, err := it.size()
	if err != nil {
		return 0
	}
	c, err := codingOf(it.kind, it.properties)
	if err != nil {
		c = coding{depth: 16, chroma: 3}
	}
	length := 0
	for _, e := range it.extents {
		length += int(min(e.length, uint64(len(m.file))))
	}
	return decoderBytes(it.kind, c, size, length)
}
