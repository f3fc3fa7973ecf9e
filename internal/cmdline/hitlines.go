package cmdline

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"

	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/terminal/style"
)

// What stands before the path of a hit on a terminal, in cells.
const (
	sizeCells = 11 // 12000x12000
	dateCells = 10
	gap       = "  "
	leastPath = 16 // a path is not shortened to less: a terminal that is narrower breaks the line
)

// writeLines prints the hits for people, one line each: the path takes what is left of the
// width, shortened in the middle.
func writeLines(w io.Writer, a query.Answer, wd string, s style.Style) {
	hasScore, hasSurety := scored(a)
	rank := max(4, len(strconv.Itoa(a.Offset+len(a.Hits))))
	head := style.Right("RANK", rank)
	switch {
	case hasScore:
		head += gap + "SCORE"
	case hasSurety:
		head += gap + " SURE"
	}
	head += gap + style.Left("SIZE", sizeCells) + gap + style.Left("DATE", dateCells) + gap + "PATH"
	room := 0
	if s.Width > 0 {
		room = max(leastPath, s.Width-style.Cells(head)+len("PATH"))
	}
	fmt.Fprintln(w, s.Bold(head))
	for i, h := range a.Hits {
		if name, first := a.Group(i); first {
			fmt.Fprintln(w, s.Bold(terminal.Safe(Shorten(name, wd))))
		}
		line := s.Dim(style.Right(strconv.Itoa(a.Rank(i)), rank))
		switch {
		case hasScore:
			line += gap + s.Good(fmt.Sprintf("%.3f", h.Score))
		case hasSurety:
			line += gap + s.Good(fmt.Sprintf("%4.0f%%", h.Score*100))
		}
		day, kind := dayOf(h)
		date := style.Left(day, dateCells)
		if kind == "file" { // which stands in for one of the picture's own
			date = s.Dim(date)
		}
		line += gap + style.Left(fmt.Sprintf("%dx%d", h.Width, h.Height), sizeCells) + gap + date + gap
		beside := ""
		for _, c := range h.Companions {
			beside += " + " + terminal.Safe(filepath.Base(c))
		}
		copies, missing := copiesOf(a, i), missingMark(h.Path)
		path := terminal.Safe(Shorten(h.Path, wd))
		if room > 0 {
			path = style.Middle(path, max(leastPath, room-style.Cells(beside+copies+missing)))
		}
		if missing == "" {
			path = s.Link(h.Path, path)
		}
		fmt.Fprintln(w, line+path+s.Dim(beside)+s.Note(copies)+s.Warn(missing))
		writePartLines(w, a, i, rank, s)
	}
}

// writePartLines prints a line for each term of a hit, where the answer explains it.
func writePartLines(w io.Writer, a query.Answer, i, rank int, s style.Style) {
	if i >= len(a.Matches) {
		return
	}
	for n, part := range a.Matches[i].Parts {
		odds := ""
		if part.Probability >= 0 {
			odds = fmt.Sprintf("  p %.2f", part.Probability)
		}
		fmt.Fprintln(w, s.Dim(fmt.Sprintf("%s%+.3f  cosine %.3f%s  %s", style.Right("", rank+len(gap)), part.Share, part.Cosine, odds, terminal.Safe(a.Terms[n].Term))))
	}
}
