package cmdline

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/terminal/preview"
	"github.com/sightline/sightline/internal/terminal/style"
)

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

// ShowAnswer prints the hits of an answer in the form that the flags ask for, and opens
// them in a viewer where they do. notice is what the model wants shown to people, which is
// said once; "" for nothing.
func (p *Program) ShowAnswer(c *cli.Context, a query.Answer, notice string) error {
	if err := p.printAnswer(c, a); err != nil {
		return err
	}
	if notice != "" && hitFormat(c) == HitTable && IsTerminal(p.Stdout) {
		p.NoteOnce(notice)
	}
	if c.Bool("open") && len(a.Hits) > 0 {
		return p.openHits(c, a)
	}
	return nil
}

// noHitsJSON is what scripts are told of an answer without hits, on stderr.
type noHitsJSON struct {
	Hits      int     `json:"hits"` // 0
	Judged    bool    `json:"judged"`
	Confident bool    `json:"confident"` // something matches the question: other conditions leave nothing
	Best      float32 `json:"best"`      // probability of the nearest picture, where that was judged
}

func (p *Program) printAnswer(c *cli.Context, a query.Answer) error {
	format := hitFormat(c)
	if format == HitJSON && (c.Bool("paths") || c.Bool("0")) {
		p.Notef("note: --json is what is printed, and not paths alone")
	}
	if a.Depth > 0 {
		p.Notef("note: only the nearest %d pictures were looked at; a narrower search may find more", a.Depth)
	}
	if len(a.Hits) == 0 {
		switch {
		case format == HitJSON: // lines are hits, so that what there is to say goes to stderr
			p.noteJSON(noHitsJSON{Confident: a.Confidence == query.Confident, Judged: a.Confidence != query.NotJudged, Best: a.Best})
		case a.Confidence == query.NotConfident:
			p.Notef("nothing clearly matches (--cutoff none shows the nearest)")
		case format == HitTable && (c.Int("offset") > 0 || c.Int("page") > 1):
			p.Notef("no more pictures match")
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
	if err := p.writeSheet(c, a); err != nil {
		return err
	}
	if screen, ok, err := p.screenOf(c); err != nil {
		return err
	} else if ok && format == HitTable {
		return p.showPreviews(a, wd, screen)
	}
	if format == HitTable && IsTerminal(p.Stdout) {
		var lines strings.Builder
		writeLines(&lines, a, wd, p.Style())
		p.Printf("%s", lines.String())
		return nil
	}
	if format != HitTable && format != HitJSON && IsTerminal(p.Stdout) {
		format = HitSafePaths // programs get the bytes, a terminal no commands to itself
	}
	if format != HitTable && format != HitJSON {
		p.noteMissing(a)
	}
	return WriteAnswer(p.Stdout, a, format, wd)
}

// noteMissing tells which of the hits are not there, beside an output that has no room
// for a mark.
func (p *Program) noteMissing(a query.Answer) {
	missing, first := 0, ""
	for _, h := range a.Hits {
		if query.IsMissing(h.Path) {
			if missing++; missing == 1 {
				first = h.Path
			}
		}
	}
	if missing > 0 {
		p.Notef("note: %d of %s not there, the first %s", missing,
			Count(int64(len(a.Hits)), "picture is", "pictures are"), terminal.Safe(first))
	}
}

// previewColumns and previewSide are the size of a preview on the terminal and the
// pixels that are sent for it.
const (
	previewColumns = 32
	previewSide    = 320
)

// showPreviews prints each hit with its picture. Where the terminal has no way to show
// one, or a picture cannot be read any more, the line stands alone.
func (p *Program) showPreviews(a query.Answer, wd string, screen preview.Screen) error {
	if screen.Protocol == preview.None {
		p.Notef("note: this terminal shows no pictures; --preview=blocks draws them with coloured text")
		return WriteAnswer(p.Stdout, a, HitTable, wd)
	}
	look := p.Style()
	for i, h := range a.Hits {
		if name, first := a.Group(i); first {
			p.Printf("%s\n", terminal.Safe(Shorten(name, wd)))
		}
		score := ""
		if len(a.Terms) > 0 {
			score = look.Good(fmt.Sprintf("%.3f", h.Score)) + "  "
		}
		copies, missing := copiesOf(a, i), missingMark(h.Path)
		path := terminal.Safe(Shorten(h.Path, wd))
		if look.Width > 0 {
			path = style.Middle(path, max(leastPath, look.Width-14-style.Cells(copies+missing)))
		}
		if missing == "" {
			path = look.Link(h.Path, path)
		}
		p.Printf("%s  %s%s%s%s\n", look.Dim(strconv.Itoa(a.Rank(i))), score, path, look.Note(copies), look.Warn(missing))
		img, err := imaging.Thumbnail(h.Path, previewSide)
		if err != nil {
			p.Printf("   (%s)\n", terminal.Safe(fault.Words(err)))
			continue
		}
		if err := screen.Draw(p.Stdout, img); err != nil {
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
