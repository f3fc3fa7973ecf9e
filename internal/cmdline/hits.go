package cmdline

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

// HitFormat is a way to print hits.
type HitFormat int

// The ways to print hits.
const (
	HitTable HitFormat = iota
	HitJSON            // one object per line
	HitPaths           // paths alone, one per line
	HitNUL             // paths alone, each ended by a NUL, for xargs -0
)

// hitJSON is a hit for scripts.
type hitJSON struct {
	Rank       int      `json:"rank"`
	Score      float32  `json:"score"`
	ID         string   `json:"id"`
	Path       string   `json:"path"`
	Width      int      `json:"width"`
	Height     int      `json:"height"`
	Tags       []string `json:"tags"`
	Date       string   `json:"date"`
	Format     string   `json:"format"`
	PathBase64 string   `json:"path_base64,omitempty"`
	Companions []string `json:"companions,omitempty"`
}

// WriteHits prints hits in the order given.
func WriteHits(w io.Writer, hits []store.Hit, f HitFormat, wd string) error {
	out := bufio.NewWriter(w)
	switch f {
	case HitJSON:
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		for i, h := range hits {
			if err := enc.Encode(toJSON(i+1, h)); err != nil {
				return err
			}
		}
	case HitPaths, HitNUL:
		end := byte('\n')
		if f == HitNUL {
			end = 0
		}
		for _, h := range hits {
			out.WriteString(h.Path) // bufio keeps the first error for Flush
			out.WriteByte(end)
		}
	default:
		writeTable(out, hits, wd)
	}
	return out.Flush()
}

func toJSON(rank int, h store.Hit) hitJSON {
	return hitJSON{
		Rank: rank, Score: h.Score, ID: h.ID, Path: h.Path, Width: h.Width, Height: h.Height,
		Tags: TagLabels(h.Tags), Date: h.When().UTC().Format("2006-01-02T15:04:05Z"), Format: h.Format,
		PathBase64: PathBase64(h.Path), Companions: h.Companions,
	}
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

func writeTable(w io.Writer, hits []store.Hit, wd string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RANK\tSCORE\tSIZE\tDATE\tPATH")
	for i, h := range hits {
		beside := ""
		for _, c := range h.Companions {
			beside += " + " + terminal.Safe(filepath.Base(c))
		}
		fmt.Fprintf(t, "%4d\t%.3f\t%dx%d\t%s\t%s%s\n", i+1, h.Score, h.Width, h.Height,
			h.When().Local().Format("2006-01-02"), terminal.Safe(Shorten(h.Path, wd)), beside)
	}
	t.Flush()
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
