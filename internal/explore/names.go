package explore

import (
	"cmp"
	"context"
	_ "embed" // the bundled labels are a file
	"fmt"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/vec"
)

const (
	// namedBy is how many pictures of a smallest cluster its name is found by.
	namedBy = 64
	// leastName is the mean probability that a name must have over a cluster's pictures, and
	// leastShare its part of that of the best name, before a name is used twice instead.
	leastName, leastShare = 0.01, 0.2
	// shown is how many representatives a cluster has, tooNear the cosine from which on two
	// pictures are nearly the same, and lookedAt how many are considered.
	shown    = 6
	tooNear  = 0.97
	lookedAt = 128
)

//go:embed data/labels.txt
var labelFile string

// DefaultLabels is the bundled list of names: everyday things.
func DefaultLabels() (*label.List, error) {
	return label.Read(strings.NewReader(labelFile), "everyday things", label.Text)
}

// choose finds representatives and names for the clusters of a tree that was put into the
// map. Of a cluster with parts they follow from those of the parts' pictures.
func (m *Map) choose(ctx context.Context, marks landmarks, t *tree, o Options) error {
	place := 0
	var chances [][]float64 // of each cluster, of each label
	var walk func(n *node) ([]float64, error)
	walk = func(n *node) ([]float64, error) {
		own := place
		place++
		chances = append(chances, nil)
		m.Clusters[own].Representatives = representatives(n, marks)
		var sum []float64
		if len(n.parts) == 0 {
			var err error
			if sum, err = meanChances(ctx, n, marks, o); err != nil {
				return nil, err
			}
		}
		for i := range n.parts {
			part, err := walk(&n.parts[i])
			if err != nil {
				return nil, err
			}
			if sum == nil {
				sum = make([]float64, len(part))
			}
			for l, p := range part {
				sum[l] += p * float64(len(n.parts[i].members)) / float64(len(n.members))
			}
		}
		chances[own] = sum
		o.Progress(Naming, place, len(m.Clusters))
		return sum, nil
	}
	for i := range t.tops {
		if _, err := walk(&t.tops[i]); err != nil {
			return err
		}
	}
	if o.Names == nil {
		return nil
	}
	for level := 1; level <= levels; level++ {
		m.name(level, chances, o.Names.List().Names())
	}
	return nil
}

// meanChances are the mean probabilities of all labels over some pictures of a cluster,
// evenly drawn from the nearest to the furthest from its centroid.
func meanChances(ctx context.Context, n *node, marks landmarks, o Options) ([]float64, error) {
	if o.Names == nil {
		return nil, nil
	}
	count := min(namedBy, len(n.members))
	rows := vec.NewMatrix(count, marks.rows.Cols)
	for i := range count {
		copy(rows.Row(i), marks.rows.Row(int(n.members[i*len(n.members)/count])))
	}
	scores, err := o.Names.Score(ctx, rows)
	if err != nil {
		return nil, fmt.Errorf("naming clusters: %w", err)
	}
	out := make([]float64, len(o.Names.List().Labels))
	for _, list := range scores {
		for _, s := range list {
			out[s.Label] += float64(s.Probability) / float64(count)
		}
	}
	return out, nil
}

// name names the clusters of a level. No two get the same name: the one that it is more
// probable of does. Where no name is left that is nearly as good as the best, the best is
// used again with a number.
func (m *Map) name(level int, chances [][]float64, names []string) {
	type choice struct {
		cluster, label int
		chance         float64
	}
	var choices []choice
	best := make(map[int]choice)
	for i, c := range m.Clusters {
		if c.Level != level {
			continue
		}
		for l, p := range chances[i] {
			if b, ok := best[i]; !ok || p > b.chance {
				best[i] = choice{i, l, p}
			}
		}
		for l, p := range chances[i] {
			if p >= leastName && p >= leastShare*best[i].chance {
				choices = append(choices, choice{i, l, p})
			}
		}
	}
	slices.SortStableFunc(choices, func(a, b choice) int {
		return cmp.Or(cmp.Compare(b.chance, a.chance), cmp.Compare(a.cluster, b.cluster), cmp.Compare(a.label, b.label))
	})
	used := make(map[int]int)
	give := func(c choice) {
		used[c.label]++
		cluster := &m.Clusters[c.cluster]
		cluster.Name, cluster.Probability = names[c.label], float32(c.chance)
		if n := used[c.label]; n > 1 {
			cluster.Name = fmt.Sprintf("%s %d", names[c.label], n)
		}
	}
	for _, c := range choices {
		if used[c.label] == 0 && m.Clusters[c.cluster].Name == "" {
			give(c)
		}
	}
	for i := range m.Clusters {
		if b, ok := best[i]; ok && m.Clusters[i].Name == "" && b.chance >= leastName {
			give(b)
		}
	}
}

// representatives are the pictures nearest to a cluster's centroid, no two of them the
// same or nearly.
func representatives(n *node, marks landmarks) []string {
	// Those of a divided cluster are in the order of its own centroid as well: see divide.
	var chosen []int32
	var ids []string
	for _, row := range n.members[:min(lookedAt, len(n.members))] {
		same := slices.ContainsFunc(chosen, func(other int32) bool {
			if c := marks.content[row]; c != 0 && c == marks.content[other] {
				return true
			}
			return vec.Dot(marks.rows.Row(int(row)), marks.rows.Row(int(other))) >= tooNear
		})
		if same {
			continue
		}
		chosen = append(chosen, row)
		if ids = append(ids, marks.ids[row]); len(ids) == shown {
			break
		}
	}
	return ids
}
