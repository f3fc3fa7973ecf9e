package query

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/sightline/sightline/internal/store"
)

// HitJSON is a hit for programs: a line of the command line's --json, and part of the
// server's answers.
type HitJSON struct {
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
	Near       int       `json:"near,omitempty"`   // further pictures of nearly the same look
	// Confident says whether anything matches the question at all: false where the hits are
	// only the nearest. It is left out where that was not judged.
	Confident *bool        `json:"confident,omitempty"`
	Explain   *ExplainJSON `json:"explain,omitempty"`
	Group     string       `json:"group,omitempty"` // the name of what the hit was put together with
}

// ExplainJSON says how a hit came about.
type ExplainJSON struct {
	Query string     `json:"query,omitempty"` // as it was understood
	Terms []PartJSON `json:"terms"`
}

// PartJSON is what a term does to a hit.
type PartJSON struct {
	Term        string   `json:"term"`
	Weight      float64  `json:"weight"`                // 0 where it only excludes
	Cosine      float32  `json:"cosine"`                // of the term alone
	Part        float32  `json:"part"`                  // of the score
	Probability *float32 `json:"probability,omitempty"` // of text alone
}

// JSON is the hit at a place of an answer.
func (a Answer) JSON(i int) HitJSON {
	j := NewHitJSON(a.Rank(i), a.Hits[i])
	if a.Confidence != NotJudged {
		confident := a.Confidence == Confident
		j.Confident = &confident
	}
	if i >= len(a.Matches) {
		return j
	}
	j.Group = a.Matches[i].Group
	j.Copies, j.Near = a.Matches[i].Copies, a.Matches[i].Near
	if parts := a.Matches[i].Parts; len(parts) > 0 {
		j.Explain = &ExplainJSON{Query: a.Query}
		for n, p := range parts {
			t := PartJSON{Term: a.Terms[n].Term, Weight: a.Terms[n].Weight, Cosine: p.Cosine, Part: p.Share}
			if p.Probability >= 0 {
				t.Probability = &p.Probability
			}
			j.Explain.Terms = append(j.Explain.Terms, t)
		}
	}
	return j
}

// NewHitJSON returns a hit by its rank, which counts from 1. It looks whether the file is
// there.
func NewHitJSON(rank int, h store.Hit) HitJSON {
	date, kind := DateOf(&h.Record)
	var position []float64
	if at := h.About.Position; at != (store.Position{}) {
		position = []float64{at.Latitude, at.Longitude}
	}
	return HitJSON{
		Rank: rank, Score: h.Score, ID: h.ID, Path: h.Path, Width: h.Width, Height: h.Height,
		Tags: TagLabels(h.Tags), Date: date, DateKind: kind, Format: h.Format,
		Title: h.About.Title, Caption: h.About.Caption, Damage: h.About.Damage, Rating: h.About.Rating,
		Camera: strings.TrimSpace(h.About.Make + " " + h.About.Model), Position: position,
		PathBase64: PathBase64(h.Path), Companions: h.Companions, Missing: IsMissing(h.Path),
	}
}

// DateOf is the date of a picture as far as it is known, and which of its dates that is:
// "file" for the time of the file, which stands in for one.
func DateOf(r *store.Record) (date, kind string) {
	switch {
	case r.TakenAt.IsZero():
		return r.ModTime.UTC().Format("2006-01-02T15:04:05Z"), "file"
	case r.About.Date == "": // of an older version, which did not keep more
		return r.TakenAt.UTC().Format("2006-01-02T15:04:05"), "original"
	}
	return r.About.Date, r.About.DateKind
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

// IsMissing reports whether a file is known not to be there.
func IsMissing(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// PathBase64 is the bytes of a path that is not UTF-8, and "" for any other.
func PathBase64(path string) string {
	if utf8.ValidString(path) {
		return ""
	}
	return base64.StdEncoding.EncodeToString([]byte(path))
}
