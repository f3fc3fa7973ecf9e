package preview

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"strings"

	"golang.org/x/image/draw"
)

// Blocks draws pictures with text alone: a cell is the upper half of a block (U+2580), its
// colour the upper of two pixels and its background the lower. Every terminal that has
// colours can show it.
const Blocks Protocol = "blocks"

// Colours says which colours a terminal has.
type Colours int

// The sets of colours.
const (
	Colours256  Colours = iota // of xterm: a cube of 6 levels a channel, and 24 greys
	ColoursTrue                // 24 bits
)

// coloursOf reads COLORTERM, by which terminals tell that they have 24 bits, and TERM.
func coloursOf(env func(string) string) Colours {
	switch env("COLORTERM") {
	case "truecolor", "24bit":
		return ColoursTrue
	}
	if strings.HasSuffix(env("TERM"), "-direct") || strings.HasPrefix(env("TERM"), "xterm-kitty") {
		return ColoursTrue
	}
	return Colours256
}

// drawBlocks draws img at most s.Columns cells wide, and half as many rows high.
func (s Screen) drawBlocks(w io.Writer, img image.Image) error {
	if s.Columns < 1 {
		return fmt.Errorf("draw a preview: %d columns leave no room", s.Columns)
	}
	b := img.Bounds()
	if b.Empty() {
		return errors.New("draw a preview: the picture is empty")
	}
	small := blockPixels(img, s.Columns)
	width, height := small.Bounds().Dx(), small.Bounds().Dy()
	var out strings.Builder
	for y := 0; y < height; y += 2 {
		last := ""
		for x := range width {
			look := s.colour(38, small.NRGBAAt(x, y))
			if y+1 < height {
				look += ";" + s.colour(48, small.NRGBAAt(x, y+1))
			} else {
				look += ";49"
			}
			if look != last {
				out.WriteString("\x1b[" + look + "m")
				last = look
			}
			out.WriteString("▀")
		}
		out.WriteString("\x1b[0m\n")
	}
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("draw a preview: %w", err)
	}
	return nil
}

// blockPixels scales a picture so that its longer side has so many pixels.
func blockPixels(img image.Image, side int) *image.NRGBA {
	b := img.Bounds()
	longer := max(b.Dx(), b.Dy())
	width, height := max(1, b.Dx()*side/longer), max(1, b.Dy()*side/longer)
	if longer <= side {
		width, height = b.Dx(), b.Dy()
	}
	out := image.NewNRGBA(image.Rect(0, 0, width, height))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	draw.CatmullRom.Scale(out, out.Bounds(), img, b, draw.Over, nil)
	return out
}

// colour is the parameters of SGR for a foreground (38) or a background (48).
func (s Screen) colour(layer int, c color.NRGBA) string {
	if s.Colours == ColoursTrue {
		return fmt.Sprintf("%d;2;%d;%d;%d", layer, c.R, c.G, c.B)
	}
	return fmt.Sprintf("%d;5;%d", layer, nearest256(c))
}

// cubeLevels are the values of a channel in xterm's cube.
var cubeLevels = [6]int{0, 95, 135, 175, 215, 255}

// nearest256 is the number of the nearest of xterm's colours 16 to 255.
func nearest256(c color.NRGBA) int {
	cube := func(v uint8) (index, value int) {
		for i, l := range cubeLevels {
			if abs(int(v)-l) < abs(int(v)-cubeLevels[index]) {
				index = i
			}
		}
		return index, cubeLevels[index]
	}
	ri, r := cube(c.R)
	gi, g := cube(c.G)
	bi, b := cube(c.B)
	grey := (int(c.R) + int(c.G) + int(c.B)) / 3
	step := min(max((grey-3)/10, 0), 23)
	level := 8 + 10*step
	distance := func(r, g, b int) int {
		dr, dg, db := r-int(c.R), g-int(c.G), b-int(c.B)
		return dr*dr + dg*dg + db*db
	}
	if distance(level, level, level) < distance(r, g, b) {
		return 232 + step
	}
	return 16 + 36*ri + 6*gi + bi
}

func abs(n int) int { return max(n, -n) }
