package report

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"github.com/sightline/sightline/internal/imaging/png"
)

// MaxChartsPNG is how many pictures a PNG takes: more would be taller than most
// programs open.
const MaxChartsPNG = 40

// The measures of a chart in pixels of the file, which is drawn for screens of twice
// the usual density.
const (
	chartWidth   = 1800
	margin       = 48  // around the whole, and inside of a card
	gutter       = 32  // between cards
	pictureSide  = 480 // of the square that a picture is fitted into
	labelWidth   = 320
	percentWidth = 150
	barPitch     = 64 // from one bar to the next
	barHeight    = 34
	textSize     = 30
	nameSize     = 25
)

var (
	pageColor  = color.RGBA{0xf4, 0xf5, 0xf7, 0xff}
	cardColor  = color.RGBA{0xff, 0xff, 0xff, 0xff}
	inkColor   = color.RGBA{0x1c, 0x24, 0x30, 0xff}
	dimColor   = color.RGBA{0x66, 0x70, 0x85, 0xff}
	trackColor = color.RGBA{0xe9, 0xec, 0xf1, 0xff}
	barColor   = color.RGBA{0x9d, 0xb4, 0xd6, 0xff}
	bestColor  = color.RGBA{0x2f, 0x6f, 0xde, 0xff}
)

// WriteChartPNG draws charts one below the other. The font has Latin, Greek and
// Cyrillic letters; labels of other scripts want WriteChartHTML.
func WriteChartPNG(w io.Writer, charts []Chart) error {
	if len(charts) == 0 || len(charts) > MaxChartsPNG {
		return fmt.Errorf("a PNG takes 1 to %d pictures, not %d", MaxChartsPNG, len(charts))
	}
	f, err := newFaces()
	if err != nil {
		return err
	}
	height := 2*margin - gutter
	for _, c := range charts {
		height += c.height() + gutter
	}
	c := canvas{image.NewRGBA(image.Rect(0, 0, chartWidth, height))}
	c.fill(c.Bounds(), pageColor, 0)
	y := margin
	for _, chart := range charts {
		c.card(chart, y, f)
		y += chart.height() + gutter
	}
	return errors.Join(png.Encode(w, c, chartMark), f.close())
}

// height is that of a chart's card.
func (c *Chart) height() int {
	return 2*margin + max(pictureSide+2*nameSize, len(c.Bars)*barPitch)
}

// faces are the fonts of a chart.
type faces struct{ text, best, name font.Face }

func newFaces() (*faces, error) {
	var f faces
	for _, face := range []struct {
		to   *font.Face
		data []byte
		size float64
	}{{&f.text, goregular.TTF, textSize}, {&f.best, gobold.TTF, textSize}, {&f.name, goregular.TTF, nameSize}} {
		parsed, err := opentype.Parse(face.data)
		if err != nil {
			return nil, fmt.Errorf("font: %w", err)
		}
		// At 72 dots an inch a point is a pixel.
		*face.to, err = opentype.NewFace(parsed, &opentype.FaceOptions{Size: face.size, DPI: 72, Hinting: font.HintingNone})
		if err != nil {
			return nil, fmt.Errorf("font: %w", err)
		}
	}
	return &f, nil
}

func (f *faces) close() error { return errors.Join(f.text.Close(), f.best.Close(), f.name.Close()) }

type canvas struct{ *image.RGBA }

// card draws one chart with its upper edge at y.
func (c canvas) card(chart Chart, y int, f *faces) {
	card := image.Rect(margin, y, chartWidth-margin, y+chart.height())
	c.fill(card, cardColor, 24)
	square := image.Rect(0, 0, pictureSide, pictureSide).Add(card.Min.Add(image.Pt(margin, margin)))
	bottom := square.Min.Y
	if chart.Image != nil {
		r := fit(chart.Image.Bounds(), square)
		draw.CatmullRom.Scale(c, r, chart.Image, chart.Image.Bounds(), draw.Over, nil)
		bottom = r.Max.Y
	}
	c.text(f.name, dimColor, square.Min.X, bottom+nameSize*3/2, fitText(f.name, chart.Name, pictureSide))

	left := square.Max.X + margin
	right := card.Max.X - margin
	track := image.Rect(left+labelWidth, 0, right-percentWidth, barHeight)
	at := card.Min.Y + (card.Dy()-len(chart.Bars)*barPitch)/2
	for i, b := range chart.Bars {
		face, ink, fill := f.text, dimColor, barColor
		if i == 0 {
			face, ink, fill = f.best, inkColor, bestColor
		}
		r := track.Add(image.Pt(0, at+i*barPitch+(barPitch-barHeight)/2))
		base := r.Max.Y - (barHeight-textSize*7/10)/2
		c.text(face, inkColor, left, base, fitText(face, b.Label, labelWidth-gutter))
		c.fill(r, trackColor, 8)
		r.Max.X = r.Min.X + max(2, int(float32(r.Dx())*min(max(b.Probability, 0), 1)+0.5))
		c.fill(r, fill, 8)
		p := percent(b.Probability)
		c.text(face, ink, right-width(face, p), base, p)
	}
}

// fill paints a rectangle whose corners are rounded by a radius.
func (c canvas) fill(r image.Rectangle, ink color.Color, radius int) {
	radius = min(radius, r.Dx()/2, r.Dy()/2)
	if radius <= 0 {
		draw.Draw(c, r, image.NewUniform(ink), image.Point{}, draw.Over)
		return
	}
	w, h, q := float32(r.Dx()), float32(r.Dy()), float32(radius)
	v := vector.NewRasterizer(r.Dx(), r.Dy())
	v.MoveTo(q, 0)
	v.LineTo(w-q, 0)
	v.QuadTo(w, 0, w, q)
	v.LineTo(w, h-q)
	v.QuadTo(w, h, w-q, h)
	v.LineTo(q, h)
	v.QuadTo(0, h, 0, h-q)
	v.LineTo(0, q)
	v.QuadTo(0, 0, q, 0)
	v.ClosePath()
	v.Draw(c, r, image.NewUniform(ink), image.Point{})
}

// text writes with its baseline at y.
func (c canvas) text(f font.Face, ink color.Color, x, y int, s string) {
	d := font.Drawer{Dst: c, Src: image.NewUniform(ink), Face: f, Dot: fixed.P(x, y)}
	d.DrawString(s)
}

func width(f font.Face, s string) int { return font.MeasureString(f, s).Ceil() }

// fitText shortens a text to a width. Of a file's name the end says more than the
// middle, so that some of both ends stays.
func fitText(f font.Face, s string, limit int) string {
	const longest = 300 // more never fits, and measuring it would take long
	r := []rune(s)
	if len(r) > longest {
		r = append(r[:longest/2:longest/2], r[len(r)-longest/2:]...)
		s = ""
	}
	if s != "" && width(f, s) <= limit {
		return s
	}
	for n := len(r); n > 1; n-- {
		head := n * 2 / 3
		short := string(r[:head]) + "…" + string(r[len(r)-(n-head):])
		if width(f, short) <= limit {
			return short
		}
	}
	return "…"
}

// fit is the largest rectangle of the shape of r at the top of a box.
func fit(r, box image.Rectangle) image.Rectangle {
	w, h := box.Dx(), box.Dy()
	if r.Dx()*h > r.Dy()*w {
		h = max(1, r.Dy()*w/r.Dx())
	} else {
		w = max(1, r.Dx()*h/r.Dy())
	}
	return image.Rect(0, 0, w, h).Add(box.Min)
}
