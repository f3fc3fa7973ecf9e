package query

import (
	"slices"

	"github.com/sightline/sightline/internal/store"
)

// GroupBy puts the hits of an answer that have the same name beside each other, the group
// of the best hit first, and says of each in Answer.Matches what its group and its rank
// are. The hits of a page are those that they would be otherwise, so that pages neither
// overlap nor leave something out; a group may go on on the next one.
func (a *Answer) GroupBy(name func(h *store.Hit) string) {
	at := make(map[string]int)
	var groups [][]int
	names := make([]string, len(a.Hits))
	for i := range a.Hits {
		names[i] = name(&a.Hits[i])
		g, ok := at[names[i]]
		if !ok {
			g = len(groups)
			at[names[i]] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], i)
	}
	hits, matches := make([]store.Hit, 0, len(a.Hits)), make([]Match, 0, len(a.Hits))
	for _, i := range slices.Concat(groups...) {
		var m Match
		if i < len(a.Matches) {
			m = a.Matches[i]
		}
		m.Group, m.Rank = names[i], a.Rank(i)
		hits, matches = append(hits, a.Hits[i]), append(matches, m)
	}
	a.Hits, a.Matches = hits, matches
}

// Rank is the place of a hit among all, from 1.
func (a *Answer) Rank(i int) int {
	if i < len(a.Matches) && a.Matches[i].Rank > 0 {
		return a.Matches[i].Rank
	}
	return a.Offset + i + 1
}

// Group is the name of the group of a hit, and whether it is the first one in it; "" where
// the answer is not grouped.
func (a *Answer) Group(i int) (name string, first bool) {
	if i >= len(a.Matches) {
		return "", false
	}
	name = a.Matches[i].Group
	return name, name != "" && (i == 0 || a.Matches[i-1].Group != name)
}
