package duplicates

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// The bounds of what is nearly the same, of embeddings, hashes, points and details, are
// chosen on the demo photos with six edits of each: on one quarter, and raised once after a
// look at another, whose figures (precision 100, recall 93.7 per cent) are therefore a
// little too good. Sets that had no part in choosing: see quality_test.go and docs/quality.md.

// MinCosine is the least cosine of the embeddings of two pictures that are nearly the same.
const MinCosine = 0.80

const (
	maxDistance = 12
	minNearness = 0.90
	// minDetail costs few of the edits: of the choosing quarter 93.8 per cent are found with
	// it, and 95.4 without.
	minDetail = 0.80
)

const (
	// neighbours is how many of the nearest of a picture are looked at.
	neighbours = 64
	// queries is how many pictures are searched for at once.
	queries = 256
)

// Failure is a picture that could not be looked at.
type Failure struct {
	Path string
	Err  error
}

// Near finds the pictures that meet a filter and are nearly the same, or the same. look
// says what a picture shows, from its file or a Cache; it is asked about pictures alone whose
// embeddings are near to another's. A picture that it cannot read is a failure, and in a
// group only where its file is the same as another's.
func Near(ctx context.Context, st store.Store, f store.Filter, look func(*store.Record) (*Look, error)) ([]Group, []Failure, error) {
	n := &nearby{st: st, filter: f, edges: make(map[string][]string), records: make(map[string]store.Record)}
	if err := n.collect(ctx); err != nil {
		return nil, nil, err
	}
	// Copies may be more than the nearest that are looked at.
	same, err := Identical(ctx, st, f)
	if err != nil {
		return nil, nil, err
	}
	for _, g := range same {
		n.records[g.Keep.ID] = g.Keep
		for _, c := range g.Others {
			n.records[c.ID] = c.Record
			n.connect(g.Keep.ID, c.ID)
		}
	}
	known, failed := make(looks), []Failure(nil)
	order := make([]store.Record, 0, len(n.records))
	for _, r := range n.records {
		order = append(order, r)
	}
	slices.SortFunc(order, func(a, b store.Record) int { return cmp.Compare(a.Path, b.Path) })
	for i := range order {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		l, err := look(&order[i])
		if err != nil {
			failed = append(failed, Failure{order[i].Path, err})
			continue
		}
		known[order[i].ID] = l
	}
	slices.SortFunc(order, func(a, b store.Record) int { return prefer(&a, &b, known) })
	// What is best to keep takes what is near to itself: a chain of pictures, each a little
	// different from the last, does not become one group.
	var groups []Group
	taken := make(map[string]bool)
	for _, keep := range order {
		if taken[keep.ID] {
			continue
		}
		g := Group{Keep: keep}
		for _, id := range n.edges[keep.ID] {
			other := n.records[id]
			c, ok := compare(&keep, &other, known)
			if ok && !taken[id] {
				taken[id] = true
				g.Others = append(g.Others, c)
			}
		}
		if len(g.Others) > 0 {
			taken[keep.ID] = true
			slices.SortFunc(g.Others, func(a, b Copy) int { return prefer(&a.Record, &b.Record, known) })
			g.Why = why(&g.Keep, &g.Others[0].Record, known)
			groups = append(groups, g)
		}
	}
	sortGroups(groups)
	return groups, failed, nil
}

// compare reports whether one picture is nearly another.
func compare(keep, other *store.Record, known looks) (Copy, bool) {
	c := Copy{Record: *other}
	if len(keep.ContentHash) > 0 && string(keep.ContentHash) == string(other.ContentHash) {
		c.Same, c.Nearness = true, 1
		return c, true
	}
	a, b := known[keep.ID], known[other.ID]
	if a == nil || b == nil {
		return c, false
	}
	if !AreNear(a, b) {
		return c, false
	}
	c.Nearness = Nearness(a, b)
	return c, true
}

// AreNear reports whether two pictures are nearly the same by what they show; their
// embeddings must be near as well, by MinCosine.
func AreNear(a, b *Look) bool {
	return Distance(a, b) <= maxDistance && Nearness(a, b) >= minNearness && Detail(a, b) >= minDetail
}

// nearby is what is near by the embeddings.
type nearby struct {
	st      store.Store
	filter  store.Filter
	edges   map[string][]string // by id, both ways
	records map[string]store.Record
}

// collect searches for each picture.
func (n *nearby) collect(ctx context.Context) error {
	wide := store.Widen(n.filter, func(part store.Filter) bool { return store.CanFilter(n.st, part) })
	var batch []store.Record
	for r, err := range n.st.Scan(ctx, wide, store.Fields{Vectors: true, AnyOrder: true}) {
		if err != nil {
			return fmt.Errorf("looking for duplicates: %w", err)
		}
		if !store.Match(n.filter, &r) {
			continue
		}
		if batch = append(batch, r); len(batch) == queries {
			if err := n.search(ctx, batch, wide); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return n.search(ctx, batch, wide)
}

func (n *nearby) search(ctx context.Context, batch []store.Record, wide store.Filter) error {
	if len(batch) == 0 {
		return nil
	}
	q := store.Query{Vectors: vec.NewMatrix(len(batch), len(batch[0].Vector)), K: neighbours + 1, MinScore: MinCosine, Filter: wide}
	for i, r := range batch {
		copy(q.Vectors.Row(i), r.Vector)
	}
	hits, err := n.st.Search(ctx, q)
	if err != nil {
		return fmt.Errorf("looking for duplicates: %w", err)
	}
	for i, r := range batch {
		r.Vector = nil
		for _, h := range hits[i] {
			if h.ID != r.ID && store.Match(n.filter, &h.Record) {
				n.records[r.ID], n.records[h.ID] = r, h.Record
				n.connect(r.ID, h.ID)
				n.connect(h.ID, r.ID)
			}
		}
	}
	return nil
}

func (n *nearby) connect(a, b string) {
	if !slices.Contains(n.edges[a], b) {
		n.edges[a] = append(n.edges[a], b)
	}
}
