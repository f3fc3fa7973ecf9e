package query

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
)

// List finds pictures by the line's filter and p.Filter alone, without a text or a picture
// to compare them with. tags are the tags that p.Filter asks for: the pictures that have
// those and the line's most surely come first, and among equals the newest. The score of a
// hit is the probability of the least sure of those tags, 1 for tags that a person or the
// picture itself gave, and 0 where no tag was asked for.
//
// The index is read once, or, where no tag is asked for and the store can tell which are the
// newest, no further than needed; memory grows with p.Offset and p.K, not with it. What p
// says of scores means nothing here.
func (l Line) List(ctx context.Context, st store.Scanner, tags []string, p Params) (Answer, error) {
	start := time.Now()
	a := Answer{Offset: p.Offset}
	if l.Query != nil {
		tags = append(slices.Clone(tags), l.Tags()...)
		a.Query = l.Query.String()
	}
	folded := make([]string, len(tags))
	for i, t := range tags {
		folded[i] = label.Fold(t)
	}
	p.Filter = both(p.Filter, l.Filter)
	k := p.Offset + p.K
	if p.Pair { // which makes fewer hits of them
		k *= 2
	}
	best, err := bestListed(ctx, st, folded, k, p)
	if err != nil {
		return a, fmt.Errorf("listing: %w", err)
	}
	if p.Pair {
		best = Pair(best)
	}
	a.Hits = best[min(p.Offset, len(best)):min(p.Offset+p.K, len(best))]
	a.Matches = make([]Match, len(a.Hits))
	if !p.Unfolded {
		for i, h := range a.Hits {
			n, err := copies(ctx, st, h, p.Filter)
			if err != nil {
				return a, err
			}
			a.Matches[i].Copies = n
		}
	}
	a.Took = time.Since(start)
	return a, nil
}

// bestListed returns the first k pictures of a list.
func bestListed(ctx context.Context, st store.Scanner, folded []string, k int, p Params) ([]store.Hit, error) {
	narrowed := answerable(st, p.Filter)
	if full, ok := st.(store.Store); ok && len(folded) == 0 {
		if newest, ok := store.As[store.NewestScanner](full); ok {
			return firstOf(matching(newest.ScanNewest(ctx, narrowed), st, p.Filter), k, p.Unfolded)
		}
	}
	var best []store.Hit
	var last *store.Hit // of k that are better than any other so far
	for r, err := range matching(st.Scan(ctx, narrowed, store.Fields{AnyOrder: true}), st, p.Filter) {
		if err != nil {
			return nil, err
		}
		h := store.Hit{Record: r, Score: certainty(&r, folded)}
		if last != nil && byList(h, *last) > 0 {
			continue
		}
		if best = append(best, h); len(best) >= 2*k {
			if best = first(best, k, p.Unfolded); len(best) == k {
				l := best[k-1]
				last = &l
			}
		}
	}
	return first(best, k, p.Unfolded), nil
}

// matching passes on the records that meet a filter, where the store could not tell.
func matching(all iter.Seq2[store.Record, error], st store.Scanner, f store.Filter) iter.Seq2[store.Record, error] {
	if store.CanFilter(st, f) {
		return all
	}
	return func(yield func(store.Record, error) bool) {
		for r, err := range all {
			if (err != nil || store.Match(f, &r)) && !yield(r, err) {
				return
			}
		}
	}
}

// firstOf returns the first k of records that come in order, of the same content one unless
// they are to be unfolded.
func firstOf(sorted iter.Seq2[store.Record, error], k int, unfolded bool) ([]store.Hit, error) {
	var best []store.Hit
	fold := newFolder()
	for r, err := range sorted {
		if err != nil {
			return nil, err
		}
		if len(best) == k {
			break
		}
		h := store.Hit{Record: r}
		if unfolded {
			best = append(best, h)
		} else if _, isCopy := fold.find(h, 0); !isCopy {
			best = append(best, h)
		}
	}
	return best, nil
}

// maxCopies bounds how many copies of a picture are counted in a list.
const maxCopies = 10_000

// copies counts the other pictures of the same content that meet the filter. Those that
// came by while listing may have been dropped with what they are copies of.
func copies(ctx context.Context, st store.Scanner, h store.Hit, f store.Filter) (int, error) {
	if len(h.ContentHash) == 0 {
		return 0, nil
	}
	all, err := st.FindContent(ctx, h.ContentHash, maxCopies)
	if err != nil {
		return 0, fmt.Errorf("counting copies: %w", err)
	}
	n := 0
	for _, r := range all {
		if r.ID != h.ID && store.Match(f, &r) {
			n++
		}
	}
	return n, nil
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

// byList is the order of a list: the surest first, then the newest, then by path.
func byList(a, b store.Hit) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), b.When().Compare(a.When()), cmp.Compare(a.Path, b.Path))
}

// first sorts hits and keeps the first k, of the same content one unless they are to be
// unfolded.
func first(hits []store.Hit, k int, unfolded bool) []store.Hit {
	slices.SortFunc(hits, byList)
	if !unfolded {
		fold := newFolder()
		hits = slices.DeleteFunc(hits, func(h store.Hit) bool {
			_, ok := fold.find(h, 0)
			return ok
		})
	}
	return hits[:min(k, len(hits))]
}
