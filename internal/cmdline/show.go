package cmdline

import (
	"encoding/json"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/terminal/preview"
)

// HitFlags choose how hits are printed, beside OutputFlags.
func HitFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "paths", Usage: "print paths alone", Category: categoryOut},
		&cli.BoolFlag{Name: "0", Aliases: []string{"print0"}, Usage: "end each path with a NUL, for xargs -0", Category: categoryOut},
		&cli.BoolFlag{Name: "preview", Usage: "show the pictures, where the terminal can", Category: categoryOut},
	}
}

// hitFormat is the form that the flags ask for.
func hitFormat(c *cli.Context) HitFormat {
	switch {
	case c.Bool("json"):
		return HitJSON
	case c.Bool("0"):
		return HitNUL
	case c.Bool("paths"):
		return HitPaths
	}
	return HitTable
}

// ShowHits prints hits in the form that the flags ask for. notice is what the model's
// licence wants shown to people; "" for nothing.
func (p *Program) ShowHits(c *cli.Context, hits []store.Hit, notice string) error {
	format := hitFormat(c)
	if format == HitTable && len(hits) == 0 {
		p.Notef("no pictures match")
		return nil
	}
	wd, err := os.Getwd()
	if err != nil {
		wd = "" // only for shorter paths
	}
	if c.Bool("preview") && format == HitTable {
		return p.showPreviews(hits, wd)
	}
	if format != HitTable && format != HitJSON && IsTerminal(p.Stdout) {
		format = HitSafePaths // programs get the bytes, a terminal no commands to itself
	}
	if err := WriteHits(p.Stdout, hits, format, wd); err != nil {
		return err
	}
	if format == HitTable && notice != "" && IsTerminal(p.Stdout) {
		p.Notef("note: %s", notice)
	}
	return nil
}

// previewColumns and previewSide are the size of a preview on the terminal and the
// pixels that are sent for it.
const (
	previewColumns = 32
	previewSide    = 320
)

// showPreviews prints each hit with its picture. Where the terminal has no way to show
// one, or a picture cannot be read any more, the line stands alone.
func (p *Program) showPreviews(hits []store.Hit, wd string) error {
	protocol := preview.None
	if IsTerminal(p.Stdout) {
		protocol = preview.Detect(p.Getenv)
	}
	if protocol == preview.None {
		p.Notef("note: this terminal shows no pictures (iTerm2, kitty, WezTerm, foot and other sixel terminals do)")
		return WriteHits(p.Stdout, hits, HitTable, wd)
	}
	for i, h := range hits {
		p.Printf("%d  %.3f  %s\n", i+1, h.Score, terminal.Safe(Shorten(h.Path, wd))+missingMark(h.Path))
		img, err := imaging.Thumbnail(h.Path, previewSide)
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

// PrintJSON prints v as one line of JSON.
func (p *Program) PrintJSON(v any) {
	line, err := json.Marshal(v)
	if err != nil && p.unwritten == nil {
		p.unwritten = err
	}
	p.Printf("%s\n", line)
}
