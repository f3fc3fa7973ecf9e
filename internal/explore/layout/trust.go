package layout

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/sightline/sightline/internal/vec"
)

// Trustworthiness says how far the k nearest of a point in a layout are among the nearest
// in the original space (Venna and Kaski 2001): 1 where all are, 0.5 where they are drawn
// by lot. It is taken of at most sample points, which the seed draws; each takes a look at
// all. It needs fewer neighbours than half of the points.
func Trustworthiness(ctx context.Context, rows vec.Matrix, points []Point, k, sample int, seed uint64) (float64, error) {
	n := rows.Rows
	if len(points) != n || k < 1 || 2*k >= n {
		return 0, fmt.Errorf("%d neighbours of %d points, %d of them laid out: there must be fewer than half", k, n, len(points))
	}
	chosen := rand.New(rand.NewPCG(seed, 1)).Perm(n)[:min(sample, n)]
	slices.Sort(chosen)
	engine := vec.NewParallel(0)
	var penalty float64
	order, rank, scores := make([]int32, n), make([]int32, n), vec.NewMatrix(1, n)
	for _, i := range chosen {
		if err := engine.Score(ctx, rows, rows.Slice(i, i+1), scores); err != nil {
			return 0, err
		}
		sortedBy(order, i, func(a, b int32) int { return cmp.Compare(scores.Data[b], scores.Data[a]) })
		for place, other := range order {
			rank[other] = int32(place)
		}
		p := points[i]
		away := func(a int32) float32 {
			dx, dy := points[a].X-p.X, points[a].Y-p.Y
			return dx*dx + dy*dy
		}
		sortedBy(order, i, func(a, b int32) int { return cmp.Compare(away(a), away(b)) })
		for _, other := range order[1 : k+1] {
			penalty += float64(max(0, rank[other]-int32(k)))
		}
	}
	worst := float64(len(chosen)) * float64(k) * float64(2*n-3*k-1) / 2
	return 1 - penalty/worst, nil
}

// sortedBy fills order with all points, the point itself first and then by a comparison.
func sortedBy(order []int32, itself int, compare func(a, b int32) int) {
	for i := range order {
		order[i] = int32(i)
	}
	first := func(a int32) int {
		if a == int32(itself) {
			return 0
		}
		return 1
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(first(a), first(b)), compare(a, b), cmp.Compare(a, b)) })
}
