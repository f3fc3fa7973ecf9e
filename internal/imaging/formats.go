package imaging

import (
	"bytes"
	"errors"
	"image"
	"image/gif"
)

// The formats in this file are read by the standard library and x/image; ours is
// only what surrounds them.

// gifHeader gives the logical screen, which is what a viewer shows, and not the
// first frame, which may be smaller.
func gifHeader(data []byte) (header, error) {
	c, err := gif.DecodeConfig(bytes.NewReader(data))
	return header{width: c.Width, height: c.Height}, err
}

// decodeGIF places the first frame on its logical screen. Like Pillow, it fills
// the rest with transparency (white, here) if the frame has a transparent colour,
// and with the first colour of the palette if it has none.
func decodeGIF(data []byte, h header, _ Options) (*RGB, error) {
	img, err := gif.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	frame, ok := img.(*image.Paletted)
	if !ok || len(frame.Palette) == 0 {
		return nil, errors.New("the first frame has no palette")
	}
	screen := image.Rect(0, 0, h.width, h.height)
	if !frame.Rect.In(screen) {
		return nil, errors.New("the first frame reaches beyond the screen")
	}
	dst := NewRGB(h.width, h.height)
	if frame.Rect != screen {
		drawPaletted(dst, 0, 0, screenBehind(frame, screen))
	}
	drawPaletted(dst, frame.Rect.Min.X, frame.Rect.Min.Y, frame)
	return dst, nil
}

// screenBehind is the screen before the first frame is drawn: one colour.
func screenBehind(frame *image.Paletted, screen image.Rectangle) *image.Paletted {
	back := frame.Palette[0]
	for _, c := range frame.Palette {
		if _, _, _, a := c.RGBA(); a == 0 {
			back = c
			break
		}
	}
	behind := image.NewPaletted(screen, frame.Palette[:0:0])
	behind.Palette = append(behind.Palette, back)
	return behind
}
