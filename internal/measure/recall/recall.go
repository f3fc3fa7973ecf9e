// Package recall measures what an approximate index misses, by asking the same
// question exactly, and finds the search parameter that is worth its time.
//
// The embeddings of texts lie apart from those of pictures, where a graph index has
// few ways through, so that the recall of text queries is well below what the same
// index shows for pictures. Only measuring on one's own queries tells.
package recall

import (
	"github.com/sightline/sightline/internal/store"
)

// scoreStep is how far apart two stores may compute the same cosine.
const scoreStep = 1e-5

// Of returns how many of the exact hits, or others with as high a score, are among
// the hits that were got. Pictures with equal embeddings have equal scores: which of
// them comes last is chance, and no miss.
func Of(got, exact []store.Hit) int {
	if len(exact) == 0 {
		return 0
	}
	wanted := make(map[string]bool, len(exact))
	for _, h := range exact {
		wanted[h.ID] = true
	}
	worst := exact[len(exact)-1].Score
	found := 0
	for _, h := range got {
		if wanted[h.ID] || h.Score >= worst-scoreStep {
			found++
		}
	}
	return min(found, len(exact))
}

// Share is a part of a whole; all of nothing is 1.
func Share(found, of int) float64 {
	if of == 0 {
		return 1
	}
	return float64(found) / float64(of)
}
