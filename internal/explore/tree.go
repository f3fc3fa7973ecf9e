package explore

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/sightline/sightline/internal/explore/kmeans"
	"github.com/sightline/sightline/internal/explore/layout"
	"github.com/sightline/sightline/internal/vec"
)

const (
	// levels is how deep clusters are divided, and leastSplit how many pictures one must
	// have to be.
	levels     = 3
	leastSplit = 24
	// leastPart is how many pictures the parts of a divided cluster have on average at
	// least.
	leastPart = 8
	// mostTop and mostParts bound the numbers of clusters that are tried, of the first level
	// and below it: more than one can look at.
	mostTop, mostParts = 32, 8
	// MostClusters bounds Options.Clusters.
	MostClusters = 500
)

// candidatesFor are the numbers of clusters that are tried for n pictures: some between
// half of the square root of n and the root itself.
func candidatesFor(n int) []int {
	root := math.Sqrt(float64(n))
	least, most := max(2, int(root/2)), min(mostTop, max(2, int(root)))
	least = min(least, most/2+1)
	var out []int
	for k := float64(max(2, least)); int(k) <= most; k = max(k+1, k*1.15) {
		out = append(out, int(k))
	}
	return out
}

// tree is clusters of rows.
type tree struct {
	rows  vec.Matrix
	tops  []node
	tried []kmeans.Candidate
}

// node is a cluster, with the parts that it is divided into.
type node struct {
	centroid []float32
	members  []int32   // rows, nearest to the centroid first
	cosines  []float32 // of the members with the centroid
	parts    []node
}

// divide divides members into one of several numbers of clusters, largest cluster first.
func (t *tree) divide(ctx context.Context, members []int32, candidates []int, o Options) ([]node, []kmeans.Candidate, error) {
	rows := t.rows
	if len(members) < t.rows.Rows {
		rows = vec.NewMatrix(len(members), t.rows.Cols)
		for i, m := range members {
			copy(rows.Row(i), t.rows.Row(int(m)))
		}
	}
	options := kmeans.Options{Seed: o.Seed, Engine: o.Engine}
	k, tried := candidates[0], []kmeans.Candidate(nil)
	if len(candidates) > 1 {
		var err error
		if k, tried, err = kmeans.Choose(ctx, rows, candidates, chooseFrom, options); err != nil {
			return nil, nil, fmt.Errorf("choosing a number of clusters: %w", err)
		}
	}
	c, err := kmeans.Divide(ctx, rows, k, options)
	if err != nil {
		return nil, nil, fmt.Errorf("dividing %d pictures: %w", rows.Rows, err)
	}
	nodes := make([]node, c.Centroids.Rows)
	for i := range nodes {
		nodes[i].centroid = c.Centroids.Row(i)
	}
	order := make([]int, len(members))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(c.Cosines[b], c.Cosines[a]), cmp.Compare(members[a], members[b]))
	})
	for _, i := range order {
		n := &nodes[c.Of[i]]
		n.members = append(n.members, members[i])
		n.cosines = append(n.cosines, c.Cosines[i])
	}
	slices.SortStableFunc(nodes, func(a, b node) int { return cmp.Compare(len(b.members), len(a.members)) })
	return nodes, tried, nil
}

// split divides a cluster further, and its parts, as far as it is large enough.
func (t *tree) split(ctx context.Context, n *node, level int, o Options) error {
	if level >= levels || len(n.members) < leastSplit {
		return nil
	}
	var candidates []int
	for k := 2; k <= min(mostParts, len(n.members)/leastPart); k++ {
		candidates = append(candidates, k)
	}
	parts, _, err := t.divide(ctx, n.members, candidates, o)
	if err != nil || len(parts) < 2 {
		return err
	}
	for i := range parts {
		if err := t.split(ctx, &parts[i], level+1, o); err != nil {
			return err
		}
	}
	n.parts = parts
	return nil
}

// put makes a map's clusters and rows of a tree: parents before their parts, and the rows
// in the order of the clusters that have no parts.
func (t *tree) put(m *Map, marks landmarks, points []layout.Point) {
	m.dim = t.rows.Cols
	var add func(n *node, parent int, id string, level int)
	add = func(n *node, parent int, id string, level int) {
		place := len(m.Clusters)
		m.Clusters = append(m.Clusters, Cluster{ID: id, Parent: parent, Level: level})
		m.centroids = append(m.centroids, n.centroid)
		for i := range n.parts {
			add(&n.parts[i], place, id+"."+strconv.Itoa(i+1), level+1)
		}
		if len(n.parts) > 0 {
			return
		}
		for i, row := range n.members {
			m.rows = append(m.rows, picture{
				id: binaryID(marks.ids[row]), content: marks.content[row], cluster: uint16(place),
				cosine: n.cosines[i], at: points[row],
			})
		}
	}
	for i := range t.tops {
		add(&t.tops[i], -1, strconv.Itoa(i+1), 1)
	}
}
