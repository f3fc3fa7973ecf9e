package cmdline

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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

// hitJSON is a hit for scripts.
type hitJSON struct {
	Rank   int      `json:"rank"`
	Score  float32  `json:"score"`
	ID     string   `json:"id"`
	Path   string   `json:"path"`
	Width  int      `json:"width"`
	Height int      `json:"height"`
	Tags   []string `json:"tags"`
	// Date is as exact as it is known: 1965-07, 2021-05-06T01:00:00+09:00. A date of the
	// picture has a zone only where the picture tells it; DateKind says what date it is,
	// "file" for the time of the file, which stands in for one.
	Date     string `json:"date"`
	DateKind string `json:"date_kind"`
	Format   string `json:"format"`
	Title    string `json:"title,omitempty"`
	Caption  string `json:"caption,omitempty"`
	Damage   string `json:"damage,omitempty"` // what is wrong with the file
	Rating   int    `json:"rating,omitempty"` // stars; -1 is rejected
	Camera   string `json:"camera,omitempty"`
	// Position is a latitude and a longitude.
	Position   []float64 `json:"position,omitempty"`
	PathBase64 string    `json:"path_base64,omitempty"`
	Missing    bool      `json:"missing,omitempty"` // there is no such file any more, or its disk is away
	Companions []string  `json:"companions,omitempty"`
	Copies     int       `json:"copies,omitempty"` // further pictures of the same content
	// Confident says whether anything matches the question at all: false where the hits are
	// only the nearest. It is left out where that was not judged.
	Confident *bool        `json:"confident,omitempty"`
	Explain   *explainJSON `json:"explain,omitempty"`
	Group     string       `json:"group,omitempty"` // the name of what the hit was put together with
}

// explainJSON says how a hit came about.
type explainJSON struct {
	Query string     `json:"query,omitempty"` // as it was understood
	Terms []partJSON `json:"terms"`
}

// partJSON is what a term does to a hit.
type partJSON struct {
	Term        string   `json:"term"`
	Weight      float64  `json:"weight"`                // 0 where it only excludes
	Cosine      float32  `json:"cosine"`                // of the term alone
	Part        float32  `json:"part"`                  // of the score
	Probability *float32 `json:"probability,omitempty"` // of text alone
}

// WriteAnswer prints the hits of an answer.
func WriteAnswer(w io.Writer, a query.Answer, f HitFormat, wd string) error {
	out := bufio.NewWriter(w)
	order, groups := a.Order()
	switch f {
	case HitJSON:
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		for n, i := range order {
			j := answerJSON(a, i)
			j.Group = groups[n]
			if err := enc.Encode(j); err != nil {
				return err
			}
		}
	case HitPaths, HitNUL:
		end := byte('\n')
		if f == HitNUL {
			end = 0
		}
		for _, i := range order {
			out.WriteString(a.Hits[i].Path) // bufio keeps the first error for Flush
			out.WriteByte(end)
		}
	case HitSafePaths:
		for _, i := range order {
			fmt.Fprintln(out, terminal.Safe(a.Hits[i].Path))
		}
	default:
		writeTable(out, a, wd)
	}
	return out.Flush()
}

// answerJSON is the hit at a place of an answer.
func answerJSON(a query.Answer, i int) hitJSON {
	j := toJSON(a.Offset+i+1, a.Hits[i])
	if a.Confidence != query.NotJudged {
		confident := a.Confidence == query.Confident
		j.Confident = &confident
	}
	if i >= len(a.Matches) {
		return j
	}
	j.Copies = a.Matches[i].Copies
	if parts := a.Matches[i].Parts; len(parts) > 0 {
		j.Explain = &explainJSON{Query: a.Query}
		for n, p := range parts {
			t := partJSON{Term: a.Terms[n].Term, Weight: a.Terms[n].Weight, Cosine: p.Cosine, Part: p.Share}
			if p.Probability >= 0 {
				t.Probability = &p.Probability
			}
			j.Explain.Terms = append(j.Explain.Terms, t)
		}
	}
	return j
}

// copiesOf is the remark about the copies of a hit, "" for none.
func copiesOf(a query.Answer, i int) string {
	if i >= len(a.Matches) {
		return ""
	}
	switch n := a.Matches[i].Copies; n {
	case 0:
		return ""
	case 1:
		return "  +1 copy"
	default:
		return fmt.Sprintf("  +%d copies", n)
	}
}

func toJSON(rank int, h store.Hit) hitJSON {
	date, kind := dateOf(h)
	var position []float64
	if at := h.About.Position; at != (store.Position{}) {
		position = []float64{at.Latitude, at.Longitude}
	}
	return hitJSON{
		Rank: rank, Score: h.Score, ID: h.ID, Path: h.Path, Width: h.Width, Height: h.Height,
		Tags: TagLabels(h.Tags), Date: date, DateKind: kind, Format: h.Format,
		Title: h.About.Title, Caption: h.About.Caption, Damage: h.About.Damage, Rating: h.About.Rating,
		Camera: strings.TrimSpace(h.About.Make + " " + h.About.Model), Position: position,
		PathBase64: PathBase64(h.Path), Companions: h.Companions, Missing: isMissing(h.Path),
	}
}

// dateOf is the date of a picture, and which of its dates that is.
func dateOf(h store.Hit) (date, kind string) {
	switch {
	case h.TakenAt.IsZero():
		return h.ModTime.UTC().Format("2006-01-02T15:04:05Z"), "file"
	case h.About.Date == "": // of an older version, which did not keep more
		return h.TakenAt.UTC().Format("2006-01-02T15:04:05"), "original"
	}
	return h.About.Date, h.About.DateKind
}

// dayOf is dateOf to the day, for people: that of a file is the one here.
func dayOf(h store.Hit) (day, kind string) {
	if h.TakenAt.IsZero() {
		return h.ModTime.Local().Format("2006-01-02"), "file"
	}
	date, kind := dateOf(h)
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

// TagLabels lists the labels of tags, each once, in order.
func TagLabels(tags []store.Tag) []string {
	labels := []string{} // scripts want [], not null
	seen := make(map[string]bool)
	for _, t := range tags {
		if !seen[t.Label] {
			seen[t.Label] = true
			labels = append(labels, t.Label)
		}
	}
	return labels
}

func writeTable(w io.Writer, a query.Answer, wd string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RANK\tSCORE\tSIZE\tDATE\tOF\tPATH")
	order, groups := a.Order()
	for n, i := range order {
		h := a.Hits[i]
		if a.Groups != nil && (n == 0 || groups[n] != groups[n-1]) {
			fmt.Fprintf(t, "%s\n", terminal.Safe(Shorten(groups[n], wd)))
		}
		beside := ""
		for _, c := range h.Companions {
			beside += " + " + terminal.Safe(filepath.Base(c))
		}
		day, kind := dayOf(h)
		fmt.Fprintf(t, "%4d\t%.3f\t%dx%d\t%s\t%s\t%s\n", a.Offset+i+1, h.Score, h.Width, h.Height, day, kind,
			terminal.Safe(Shorten(h.Path, wd))+beside+copiesOf(a, i)+missingMark(h.Path))
		writeParts(t, a, i)
	}
	t.Flush()
}

// writeParts prints a line for each term of a hit, where the answer explains it.
func writeParts(w io.Writer, a query.Answer, i int) {
	if i >= len(a.Matches) {
		return
	}
	for n, p := range a.Matches[i].Parts {
		t := a.Terms[n]
		odds := ""
		if p.Probability >= 0 {
			odds = fmt.Sprintf("p %.2f", p.Probability)
		}
		fmt.Fprintf(w, "\t%+.3f\t%.3f\t%s\t\t%s\n", p.Share, p.Cosine, odds, terminal.Safe(t.Term))
	}
}

// isMissing reports whether a file is known not to be there.
func isMissing(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// missingMark is what follows the path of a missing file for people.
func missingMark(path string) string {
	if isMissing(path) {
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
