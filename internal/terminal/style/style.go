// Package style says how text looks on a terminal: colours, links, and what fits into a
// line. Where the output is no terminal nothing is added to the text.
package style

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/sightline/sightline/internal/fileurl"
)

// Style is what a terminal can do. The zero value is plain text of any length.
type Style struct {
	Colour bool
	Links  bool   // OSC 8
	Width  int    // cells of a line; 0 for no bound
	Host   string // of the links: the terminal may be another machine's
}

// Of returns the style of a terminal of a width, by the environment: NO_COLOR
// (https://no-color.org) and TERM=dumb mean what they mean everywhere.
func Of(env func(string) string, width int, host string) Style {
	term := env("TERM")
	s := Style{Width: width, Host: host}
	if term == "dumb" || term == "" {
		return s
	}
	s.Colour = env("NO_COLOR") == ""
	s.Links = term != "linux" // the console of the kernel prints what it does not know
	return s
}

// The looks of text, as parameters of SGR.
const (
	bold   = "1"
	dim    = "2"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (s Style) look(text string, sgr string) string {
	if !s.Colour || text == "" {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

// Bold is for headings.
func (s Style) Bold(text string) string { return s.look(text, bold) }

// Dim is for what matters less.
func (s Style) Dim(text string) string { return s.look(text, dim) }

// Good is for what is well, and for scores.
func (s Style) Good(text string) string { return s.look(text, green) }

// Warn is for what wants attention.
func (s Style) Warn(text string) string { return s.look(text, yellow) }

// Note is for remarks behind a text.
func (s Style) Note(text string) string { return s.look(text, cyan) }

// Link makes a text a link to the file at an absolute path.
func (s Style) Link(path, text string) string {
	if !s.Links || !strings.HasPrefix(path, "/") {
		return text
	}
	return ansi.SetHyperlink(fileurl.Of(s.Host, path)) + text + ansi.ResetHyperlink()
}

// Cells is the width of a text, which holds no sequences.
func Cells(text string) int { return ansi.StringWidth(text) }

// Middle shortens a text to so many cells by taking out of its middle. Of a path the end
// says more, so that two thirds of what stays are the end.
func Middle(text string, cells int) string {
	if cells < 1 || Cells(text) <= cells {
		return text
	}
	room := cells - 1 // for the ellipsis
	tail := room * 2 / 3
	return ansi.Truncate(text, room-tail, "") + "…" + lastCells(text, tail)
}

// lastCells is the end of a text that fits into so many cells.
func lastCells(text string, cells int) string {
	runes := []rune(text)
	at, used := len(runes), 0
	for at > 0 {
		w := Cells(string(runes[at-1]))
		if used+w > cells {
			break
		}
		used += w
		at--
	}
	for at < len(runes) && Cells(string(runes[at])) == 0 { // a mark without its letter
		at++
	}
	return string(runes[at:])
}

// Right puts a text at the right of so many cells, and Left at the left. A longer one is
// left as it is.
func Right(text string, cells int) string {
	return strings.Repeat(" ", max(0, cells-Cells(text))) + text
}

// Left is the other side of Right.
func Left(text string, cells int) string {
	return text + strings.Repeat(" ", max(0, cells-Cells(text)))
}
