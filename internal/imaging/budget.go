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

// costOf is the cost of a format that does not tell its own. The figures were
// measured with pictures of 12 megapixels.
func costOf(format Format, data []byte) cost {
	switch format {
	case FormatJPEG:
		return cost{pixel: 0}
	case FormatPNG:
		return cost{pixel: pngPixelBytes(data)}
	case FormatGIF:
		return cost{pixel: 2}
	case FormatWebP:
		if f, err := parseWebP(data); err == nil && f.name == "VP8 " {
			return cost{pixel: 3} // planes and alpha
		}
		return cost{pixel: 8} // 32 bits, before and after the transforms are undone
	case FormatTIFF:
		return cost{pixel: 8}
	case FormatBMP:
		return cost{pixel: 4}
	}
	return cost{pixel: 4}
}

// pngPixelBytes is what image/png makes of a pixel: by IHDR's depth and colour type,
// and twice that where the picture is interlaced.
func pngPixelBytes(data []byte) int64 {
	if len(data) < 29 {
		return 8
	}
	n := int64(4)
	switch depth, colour := data[24], data[25]; {
	case colour == 3 || colour == 0 && depth <= 8:
		n = 1
	case colour == 0:
		n = 2
	case depth == 16:
		n = 8
	}
	if data[28] != 0 {
		n *= 2
	}
	return n
}

// checkMemory refuses a picture that takes more memory than the limit.
func (l Limits) checkMemory(need int64) error {
	if limit := l.WithDefaults().MaxMemory; need > limit {
		return fmt.Errorf("%w: decoding takes about %d MiB of memory, limit %d MiB", ErrTooLarge, need>>20, limit>>20)
	}
	return nil
}
