package query

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
)

// List finds pictures by the filter alone, without a text or a picture to compare
// them with. tags are the tags that the filter asks for: the pictures that have them
// most surely come first, and among equals the newest. The score of a hit is the
// probability of the least sure of those tags, 1 for tags that a person or the
// picture itself gave, and 0 where no tag was asked for.
//
// The index is read once; memory grows with p.K, not with it. p.MinScore and p.Exact
// mean nothing here.
func List(ctx context.Context, st store.Scanner, tags []string, p Params) ([]store.Hit, error) {
	folded := make([]string, len(tags))
	for i, t := range tags {
		folded[i] = label.Fold(t)
	}
	var best []store.Hit
	for r, err := range st.Scan(ctx, p.Filter, store.Fields{}) {
		if err != nil {
			return nil, fmt.Errorf("listing: %w", err)
		}
		best = append(best, store.Hit{Record: r, Score: certainty(&r, folded)})
		if len(best) >= 2*p.K {
			best = first(best, p.K)
		}
	}
	return first(best, p.K), nil
}

// certainty is how sure the least sure of the tags is, 0 if there are none.
func certainty(r *store.Record, folded []string) float32 {
	if len(folded) == 0 {
		return 0
	}
	least := float32(1)
	for _, want := range folded {
		var p float32
		for _, t := range r.Tags {
			switch {
			case label.Fold(t.Label) != want:
			case t.Probability == 0: // nobody calculated it
				p = 1
			default:
				p = max(p, t.Probability)
			}
		}
		least = min(least, p)
	}
	return least
}

// first sorts hits and keeps the first k.
func first(hits []store.Hit, k int) []store.Hit {
	slices.SortFunc(hits, func(a, b store.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), b.When().Compare(a.When()), cmp.Compare(a.Path, b.Path))
	})
	return hits[:min(k, len(hits))]
}
