package cmdline

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

// HitFormat is a way to print hits.
type HitFormat int

// The ways to print hits.
const (
	HitTable     HitFormat = iota
	HitJSON                // one object per line
	HitPaths               // paths alone, one per line
	HitNUL                 // paths alone, each ended by a NUL, for xargs -0
	HitSafePaths           // paths alone, one per line, as terminal.Safe shows them
)

// WriteAnswer prints the hits of an answer.
func WriteAnswer(w io.Writer, a query.Answer, f HitFormat, wd string) error {
	out := bufio.NewWriter(w)
	switch f {
	case HitJSON:
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		for i := range a.Hits {
			if err := enc.Encode(a.JSON(i)); err != nil {
				return err
			}
		}
	case HitPaths, HitNUL:
		end := byte('\n')
		if f == HitNUL {
			end = 0
		}
		for _, h := range a.Hits {
			out.WriteString(h.Path) // bufio keeps the first error for Flush
			out.WriteByte(end)
		}
	case HitSafePaths:
		for _, h := range a.Hits {
			fmt.Fprintln(out, terminal.Safe(h.Path))
		}
	default:
		writeTable(out, a, wd)
	}
	return out.Flush()
}

// copiesOf is the remark about the copies of a hit, "" for none.
func copiesOf(a query.Answer, i int) string {
	if i >= len(a.Matches) {
		return ""
	}
	out := ""
	if n := a.Matches[i].Copies; n > 0 {
		out = "  +" + Count(int64(n), "copy", "copies")
	}
	if n := a.Matches[i].Near; n > 0 {
		out += fmt.Sprintf("  +%d nearly the same", n)
	}
	return out
}

// dayOf is query.DateOf to the day, for people: that of a file is the one here.
func dayOf(h store.Hit) (day, kind string) {
	if h.TakenAt.IsZero() {
		return h.ModTime.Local().Format("2006-01-02"), "file"
	}
	date, kind := query.DateOf(&h.Record)
	day, _, _ = strings.Cut(date, "T")
	return day, kind
}

// DayOf is the day of a picture for people: that of its file where it has none of its own.
func DayOf(h *store.Hit) string {
	day, kind := dayOf(*h)
	if kind == "file" {
		return day + " (of the file)"
	}
	return day
}

// scored reports whether the scores of hits say something: how near they are to a query, or
// how sure a tag is.
func scored(a query.Answer) (near, sure bool) {
	if len(a.Terms) > 0 {
		return true, false
	}
	for _, h := range a.Hits {
		sure = sure || h.Score > 0 && h.Score < 1
	}
	return false, sure
}

func writeTable(w io.Writer, a query.Answer, wd string) {
	var rows bytes.Buffer
	t := tabwriter.NewWriter(&rows, 0, 0, 2, ' ', 0)
	hasScore, hasSurety := scored(a)
	score := ""
	switch {
	case hasScore:
		score = "SCORE\t"
	case hasSurety:
		score = "SURE\t"
	}
	fmt.Fprintln(t, "RANK\t"+score+"SIZE\tDATE\tFROM\tPATH")
	headings := make(map[int]string) // by the line that they stand before
	lines := 1
	for i, h := range a.Hits {
		if name, first := a.Group(i); first {
			headings[lines] = terminal.Safe(Shorten(name, wd))
		}
		beside := ""
		for _, c := range h.Companions {
			beside += " + " + terminal.Safe(filepath.Base(c))
		}
		day, kind := dayOf(h)
		score := ""
		switch {
		case hasScore:
			score = fmt.Sprintf("%.3f\t", h.Score)
		case hasSurety:
			score = fmt.Sprintf("%.0f%%\t", h.Score*100)
		}
		fmt.Fprintf(t, "%4d\t%s%dx%d\t%s\t%s\t%s\n", a.Rank(i), score, h.Width, h.Height, day, kind,
			terminal.Safe(Shorten(h.Path, wd))+beside+copiesOf(a, i)+missingMark(h.Path))
		lines += 1 + writeParts(t, a, i)
	}
	t.Flush()
	n := 0 // a heading among the cells would part the columns
	for line := range strings.Lines(rows.String()) {
		if heading, ok := headings[n]; ok {
			fmt.Fprintln(w, heading)
		}
		fmt.Fprint(w, line)
		n++
	}
}

// writeParts prints a line for each term of a hit, where the answer explains it, and
// returns how many there are.
func writeParts(w io.Writer, a query.Answer, i int) int {
	if i >= len(a.Matches) {
		return 0
	}
	for n, p := range a.Matches[i].Parts {
		t := a.Terms[n]
		odds := ""
		if p.Probability >= 0 {
			odds = fmt.Sprintf("p %.2f", p.Probability)
		}
		fmt.Fprintf(w, "\t%+.3f\t%.3f\t%s\t\t%s\n", p.Share, p.Cosine, odds, terminal.Safe(t.Term))
	}
	return len(a.Matches[i].Parts)
}

// missingMark is what follows the path of a missing file for people.
func missingMark(path string) string {
	if query.IsMissing(path) {
		return " [missing]"
	}
	return ""
}

// Shorten makes a path relative to wd where it lies below it.
func Shorten(path, wd string) string {
	if wd == "" {
		return path
	}
	rel, err := filepath.Rel(wd, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return path
	}
	return rel
}
