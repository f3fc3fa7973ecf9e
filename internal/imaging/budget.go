package imaging

import "fmt"

// defaultMaxMemory lets a picture take what keeps an index run with one worker at
// work on it below 1.2 GB.
const defaultMaxMemory = 800 << 20

// DecodeBytes estimates how much memory Decode takes at its peak with these
// options: the pixels, a second copy where they are turned, and what the decoder
// needs besides. It is meant to be an upper bound for sound files, measured for each
// codec and depth; a file whose header lies is stopped by its decoder.
func (i Info) DecodeBytes(o Options) int64 {
	pixels := int64(i.Width) * int64(i.Height)
	scale := int64(1)
	if i.Format == FormatJPEG {
		s := int64(jpegScale(header{width: i.Width, height: i.Height}, o))
		scale = s * s
	}
	n := i.decode + i.decodePixel*pixels + 3*pixels/scale
	if i.Orientation > 1 && !o.IgnoreOrientation && !i.turns {
		n += 3 * pixels / scale
	}
	return n
}

// cost is what a decoder takes besides the RGB that it returns: bytes, and bytes a
// pixel.
type cost struct{ fixed, pixel int64 }

// costOf is the cost of a format that does not tell its own. Those of JXL were measured;
// the others follow from what the readers keep: PNG, BMP and TIFF a row besides the
// result, GIF the indices of a frame, WebP planes or 32 bits twice.
func costOf(format Format, data []byte) cost {
	switch format {
	case FormatJPEG:
		return cost{fixed: int64(len(data)), pixel: coefficientBytes(data)} // the decoder's process has the file too
	case FormatPNG, FormatBMP:
		return cost{fixed: 1 << 20}
	case FormatGIF:
		return cost{pixel: 2}
	case FormatWebP:
		if f, err := parseWebP(data); err == nil && f.name == "VP8 " {
			return cost{pixel: 3} // planes and alpha
		}
		return cost{pixel: 8} // 32 bits, before and after the transforms are undone
	case FormatTIFF:
		return cost{fixed: 8 << 20, pixel: 1}
	case FormatJXL:
		return cost{fixed: 56 << 20, pixel: 34}
	}
	return cost{pixel: 4}
}

// coefficientBytes is what a progressive JPEG keeps for a pixel until its last scan:
// two bytes for each coefficient of each component, of which at most one is there for
// each pixel.
func coefficientBytes(data []byte) int64 {
	frame, code, err := jpegFrame(data)
	if progressive := code == 0xc2 || code == 0xca; err != nil || !progressive {
		return 0
	}
	return 2 * int64(frame[5])
}

// checkMemory refuses a picture that takes more memory than the limit.
func (l Limits) checkMemory(need int64) error {
	if limit := l.WithDefaults().MaxMemory; need > limit {
		return fmt.Errorf("%w: decoding takes about %d MiB of memory, limit %d MiB", ErrTooLarge, need>>20, limit>>20)
	}
	return nil
}
