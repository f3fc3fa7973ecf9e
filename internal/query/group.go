package query

import "github.com/sightline/sightline/internal/store"

// Group is hits of an answer that belong together.
type Group struct {
	Name string
	Hits []int // places in Answer.Hits, in their order
}

// GroupBy puts the hits of an answer that have the same name together, in Answer.Groups:
// the group of the best hit first. The hits of a page are those that they would be
// otherwise, so that pages neither overlap nor leave something out; a group may go on on
// the next one.
func (a *Answer) GroupBy(name func(h *store.Hit) string) {
	at := make(map[string]int)
	a.Groups = []Group{}
	for i := range a.Hits {
		n := name(&a.Hits[i])
		g, ok := at[n]
		if !ok {
			g = len(a.Groups)
			at[n] = g
			a.Groups = append(a.Groups, Group{Name: n})
		}
		a.Groups[g].Hits = append(a.Groups[g].Hits, i)
	}
}

// Order is the places of the hits in the order in which they are shown, and of each the
// name of its group; "" where the answer is not grouped.
func (a *Answer) Order() (places []int, groups []string) {
	if a.Groups == nil {
		for i := range a.Hits {
			places, groups = append(places, i), append(groups, "")
		}
		return places, groups
	}
	for _, g := range a.Groups {
		for _, i := range g.Hits {
			places, groups = append(places, i), append(groups, g.Name)
		}
	}
	return places, groups
}
