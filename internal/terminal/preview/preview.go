// Package preview shows pictures in terminals that can: through the graphics
// protocols of kitty and iTerm2, and sixel.
package preview

import (
	"errors"
	"fmt"
	"image"
	"io"

	"golang.org/x/image/draw"
)

// Protocol is a way of sending a picture to a terminal.
type Protocol string

// The protocols. None is for terminals that show text alone.
const (
	None   Protocol = "none"
	Kitty  Protocol = "kitty"  // https://sw.kovidgoyal.net/kitty/graphics-protocol/
	ITerm2 Protocol = "iterm2" // https://iterm2.com/documentation-images.html
	Sixel  Protocol = "sixel"  // of DEC's VT340
)

// ErrNoProtocol is returned by Write for None: the terminal shows no pictures.
var ErrNoProtocol = errors.New("this terminal is not known to show pictures")

// columnPixels is the width that a column of text is taken to have. kitty and
// iTerm2 are told the columns and scale; sixel has no other measure than pixels.
const columnPixels = 10

// Write draws img at the cursor and ends the line below it. The picture is at most
// columns wide, and at most as high in pixels as that is wide: half as many rows in
// most fonts. A smaller picture is not enlarged.
func Write(w io.Writer, p Protocol, img image.Image, columns int) error {
	if columns < 1 {
		return fmt.Errorf("draw a preview: %d columns leave no room", columns)
	}
	if img.Bounds().Empty() {
		return errors.New("draw a preview: the picture is empty")
	}
	var encode func(image.Image, int) (string, error)
	switch p {
	case Kitty:
		encode = encodeKitty
	case ITerm2:
		encode = encodeITerm2
	case Sixel:
		encode = encodeSixel
	default:
		return ErrNoProtocol
	}
	small := fit(img, columns*columnPixels)
	width := (small.Bounds().Dx() + columnPixels - 1) / columnPixels
	seq, err := encode(small, width)
	if err != nil {
		return fmt.Errorf("draw a preview with %s: %w", p, err)
	}
	// In one write, so that nothing comes between the parts of a sequence.
	if _, err := io.WriteString(w, seq+"\n"); err != nil {
		return fmt.Errorf("draw a preview: %w", err)
	}
	return nil
}

// fit returns img with its longer side reduced to at most side pixels. The result
// starts at (0, 0), which the sixel encoder relies on.
func fit(img image.Image, side int) *image.NRGBA {
	b := img.Bounds()
	width, height := b.Dx(), b.Dy()
	if longer := max(width, height); longer > side {
		width = max(1, (width*side+longer/2)/longer)
		height = max(1, (height*side+longer/2)/longer)
	}
	out := image.NewNRGBA(image.Rect(0, 0, width, height))
	if width == b.Dx() && height == b.Dy() {
		draw.Draw(out, out.Bounds(), img, b.Min, draw.Src)
	} else {
		draw.BiLinear.Scale(out, out.Bounds(), img, b, draw.Src, nil)
	}
	return out
}
