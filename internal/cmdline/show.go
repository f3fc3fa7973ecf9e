package cmdline

import (
	"encoding/json"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/query"
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

// ShowAnswer prints the hits of an answer in the form that the flags ask for. notice is
// what the model's licence wants shown to people; "" for nothing.
func (p *Program) ShowAnswer(c *cli.Context, a query.Answer, notice string) error {
	format := hitFormat(c)
	if a.Depth > 0 && format != HitJSON {
		p.Notef("note: only the nearest %d pictures were looked at; a narrower search may find more", a.Depth)
	}
	if len(a.Hits) == 0 {
		switch {
		case format == HitJSON:
		case a.Confidence == query.NotConfident:
			p.Notef("nothing clearly matches (--cutoff none shows the nearest)")
		case format == HitTable:
			p.Notef("no pictures match")
		}
		return nil
	}
	if a.Confidence == query.NotConfident && format != HitJSON {
		p.Notef("nothing clearly matches; nearest:")
	}
	if a.Query != "" && format == HitTable && c.Bool("explain") {
		p.Printf("query: %s\n", terminal.Safe(a.Query))
	}
	wd, err := os.Getwd()
	if err != nil {
		wd = "" // only for shorter paths
	}
	if c.Bool("preview") && format == HitTable {
		return p.showPreviews(a, wd)
	}
	if format != HitTable && format != HitJSON && IsTerminal(p.Stdout) {
		format = HitSafePaths // programs get the bytes, a terminal no commands to itself
	}
	if err := WriteAnswer(p.Stdout, a, format, wd); err != nil {
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
func (p *Program) showPreviews(a query.Answer, wd string) error {
	protocol := preview.None
	if IsTerminal(p.Stdout) {
		protocol = preview.Detect(p.Getenv)
	}
	if protocol == preview.None {
		p.Notef("note: this terminal shows no pictures (iTerm2, kitty, WezTerm, foot and other sixel terminals do)")
		return WriteAnswer(p.Stdout, a, HitTable, wd)
	}
	order, _ := a.Order()
	for _, i := range order {
		h := a.Hits[i]
		p.Printf("%d  %.3f  %s%s\n", a.Offset+i+1, h.Score, terminal.Safe(Shorten(h.Path, wd)), copiesOf(a, i)+missingMark(h.Path))
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
