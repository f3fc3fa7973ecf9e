package query

import (
	"path"
	"strings"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/store"
)

// Pair makes one hit of a camera's RAW file and the picture of the same name beside it,
// where both are among the hits: the picture stays, at the place of the better of the
// two, and the RAW file is its companion. A RAW file without its twin, or with an embedding
// of its own (setting raw: both), stays as it is.
func Pair(hits []store.Hit) []store.Hit {
	twin := map[string]int{} // by folder and name without extension: of hits, a picture
	raws := map[string]bool{}
	for i, h := range hits {
		stem := stemOf(h.Path)
		if followsTwin(h) {
			raws[stem] = true
		} else if _, taken := twin[stem]; !taken && isTwin(h.Format) {
			twin[stem] = i
		}
	}
	out := make([]store.Hit, 0, len(hits))
	at := map[string]int{} // of out, the pair
	for i, h := range hits {
		stem := stemOf(h.Path)
		t, ok := twin[stem]
		if !ok || !raws[stem] || !followsTwin(h) && i != t {
			out = append(out, h)
			continue
		}
		j, placed := at[stem]
		if !placed {
			j = len(out)
			at[stem] = j
			pair := hits[t]
			pair.Score = max(pair.Score, h.Score)
			out = append(out, pair)
		}
		if i != t {
			out[j].Companions = append(out[j].Companions, h.Path)
		}
	}
	return out
}

// followsTwin reports whether a hit is a RAW file that has its embedding of its twin.
func followsTwin(h store.Hit) bool { return h.About.Twin != "" && imaging.Format(h.Format).IsRAW() }

func stemOf(p string) string { return strings.TrimSuffix(p, path.Ext(p)) }

// isTwin reports whether cameras write a format beside their RAW files.
func isTwin(format string) bool {
	switch imaging.Format(format) {
	case imaging.FormatJPEG, imaging.FormatHEIC:
		return true
	}
	return false
}
