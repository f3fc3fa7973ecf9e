package contactsheet

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"path"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	pngfile "github.com/sightline/sightline/internal/imaging/png"
	"github.com/sightline/sightline/internal/terminal"
)

// The measures of a PNG in pixels.
const (
	columns    = 5
	side       = 300 // of the square that a picture is fitted into
	margin     = 24
	lineHeight = 26
	textSize   = 17
)

var (
	paper = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	track = color.NRGBA{0xee, 0xf0, 0xf4, 0xff}
	ink   = color.NRGBA{0x1c, 0x24, 0x30, 0xff}
	faint = color.NRGBA{0x66, 0x70, 0x85, 0xff}
)

// WritePNG writes the sheet as a drawing. The font has Latin, Greek and Cyrillic letters.
func (s Sheet) WritePNG(ctx context.Context, w io.Writer) error {
	n := len(s.Pictures)
	if n == 0 || n > MaxPNG {
		return fmt.Errorf("a PNG takes 1 to %d pictures, not %d", MaxPNG, n)
	}
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return fmt.Errorf("font: %w", err)
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: textSize, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return fmt.Errorf("font: %w", err)
	}
	across := min(columns, n)
	cell := image.Pt(side+margin, side+2*lineHeight+margin)
	rows := (n + across - 1) / across
	sheet := image.NewNRGBA(image.Rect(0, 0, across*cell.X+margin, rows*cell.Y+margin))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	for i, p := range s.Pictures {
		if err := ctx.Err(); err != nil {
			return errors.Join(err, face.Close())
		}
		at := image.Pt(margin+i%across*cell.X, margin+i/across*cell.Y)
		square := image.Rect(0, 0, side, side).Add(at)
		draw.Draw(sheet, square, image.NewUniform(track), image.Point{}, draw.Src)
		if img, err := s.Load(p.Path); err == nil {
			draw.CatmullRom.Scale(sheet, within(img.Bounds(), square), img, img.Bounds(), draw.Over, nil)
		}
		write := func(line int, c color.Color, text string) {
			d := font.Drawer{Dst: sheet, Src: image.NewUniform(c), Face: face, Dot: fixed.P(at.X, square.Max.Y+line*lineHeight-6)}
			d.DrawString(shorten(face, terminal.Safe(text), side))
		}
		write(1, ink, path.Base(p.Path))
		beside := p.Score
		if p.Note != "" {
			if beside != "" {
				beside += "   "
			}
			beside += p.Note
		}
		write(2, faint, beside)
	}
	return errors.Join(pngfile.Encode(w, sheet, mark), face.Close())
}

// within is the largest rectangle of the shape of r in the middle of a box: the whole
// picture is shown, and nothing is enlarged.
func within(r, box image.Rectangle) image.Rectangle {
	w, h := r.Dx(), r.Dy()
	if w > box.Dx() || h > box.Dy() {
		if w*box.Dy() > h*box.Dx() {
			w, h = box.Dx(), max(1, h*box.Dx()/w)
		} else {
			w, h = max(1, w*box.Dy()/h), box.Dy()
		}
	}
	at := box.Min.Add(image.Pt((box.Dx()-w)/2, (box.Dy()-h)/2))
	return image.Rectangle{at, at.Add(image.Pt(w, h))}
}

// shorten takes as much out of the middle of a text as does not fit.
func shorten(f font.Face, s string, width int) string {
	const longest = 200 // more never fits, and measuring it would take long
	fits := func(s string) bool { return font.MeasureString(f, s).Ceil() <= width }
	r := []rune(s)
	if len(r) <= longest && fits(s) {
		return s
	}
	for n := min(len(r), longest); n > 1; n-- {
		head := n / 3
		if short := string(r[:head]) + "…" + string(r[len(r)-(n-head):]); fits(short) {
			return short
		}
	}
	return "…"
}
