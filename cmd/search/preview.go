package main

import (
	"image"
	"os"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/terminal/preview"
)

// previewColumns and previewSide are the size of a preview on the terminal and
// the pixels that are sent for it.
const (
	previewColumns = 32
	previewSide    = 320
)

// showPreviews prints each hit with its picture. Where the terminal has no way to
// show one, or a picture cannot be read any more, the line stands alone.
func showPreviews(p *cmdline.Program, hits []store.Hit, wd string) error {
	protocol := preview.None
	if cmdline.IsTerminal(p.Stdout) {
		protocol = preview.Detect(p.Getenv)
	}
	if protocol == preview.None {
		p.Notef("note: this terminal shows no pictures (iTerm2, kitty, WezTerm, foot and other sixel terminals do)")
		return cmdline.WriteHits(p.Stdout, hits, cmdline.HitTable, wd)
	}
	for i, h := range hits {
		p.Printf("%d  %.3f  %s\n", i+1, h.Score, terminal.Safe(cmdline.Shorten(h.Path, wd)))
		img, err := thumbnail(h.Path, previewSide)
		if err != nil {
			p.Printf("   (%s)\n", terminal.Safe(err.Error()))
			continue
		}
		if err := preview.Write(p.Stdout, protocol, img, previewColumns); err != nil {
			return err
		}
		p.Printf("\n")
	}
	return nil
}

// thumbnail reads a picture small: its longer side has at most side pixels.
func thumbnail(path string, side int) (image.Image, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rgb, _, err := imaging.Decode(data, imaging.Options{Mode: imaging.Fast, ShortSide: side / 2})
	if err != nil {
		return nil, err
	}
	longer := max(rgb.Width, rgb.Height)
	if longer > side {
		w, h := max(1, rgb.Width*side/longer), max(1, rgb.Height*side/longer)
		rgb = imaging.Resize(rgb, w, h, imaging.Bilinear)
	}
	out := image.NewNRGBA(image.Rect(0, 0, rgb.Width, rgb.Height))
	for i := range rgb.Width * rgb.Height {
		copy(out.Pix[4*i:], rgb.Pix[3*i:3*i+3])
		out.Pix[4*i+3] = 0xff
	}
	return out, nil
}
