// Package layout lays pictures out in two dimensions so that neighbours stay neighbours: a
// small UMAP (McInnes, Healy and Melville 2018). A graph of the nearest neighbours, made
// fuzzy by each point's own scale, is drawn by stochastic gradient descent with negative
// samples, from a start on the principal axes.
//
// Equal input and equal seeds give equal layouts: everything runs on one goroutine in a
// fixed order, but for what a caller's engine does.
package layout

import (
	"cmp"
	"math"
	"slices"
)

// Neighbour is a point near to another one.
type Neighbour struct {
	Index    int32
	Distance float32 // 1 - cosine
}

// edge joins two points with a weight of up to 1. from < to.
type edge struct {
	from, to int32
	weight   float32
}

// scale is how a point sees distances: the membership of a neighbour is
// exp(-(distance-nearest)/spread).
type scale struct{ nearest, spread float64 }

const (
	// smoothingSteps and smoothingError bound the search for a point's spread, and
	// leastSpread keeps it from vanishing: a part of the mean distance. All are UMAP's.
	smoothingSteps = 64
	smoothingError = 1e-5
	leastSpread    = 1e-3
)

// scaleOf finds the scale at which the memberships of a point's neighbours add up to the
// logarithm of their number. mean is the mean distance of all, for points without spread.
// neighbours come nearest first, without the point itself, whose membership is certain.
func scaleOf(neighbours []Neighbour, mean float64) scale {
	var s scale
	own := 0.0
	for _, n := range neighbours {
		d := float64(n.Distance)
		own += d / float64(len(neighbours))
		if s.nearest == 0 && d > 0 {
			s.nearest = d
		}
	}
	target := math.Log2(float64(len(neighbours) + 1))
	low, high := 0.0, math.Inf(1)
	s.spread = 1
	for range smoothingSteps {
		sum := 0.0
		for _, n := range neighbours {
			sum += s.membership(n.Distance)
		}
		if math.Abs(sum-target) < smoothingError {
			break
		}
		switch {
		case sum > target:
			high = s.spread
			s.spread = (low + high) / 2
		case math.IsInf(high, 1):
			low = s.spread
			s.spread *= 2
		default:
			low = s.spread
			s.spread = (low + high) / 2
		}
	}
	floor := leastSpread * own
	if s.nearest == 0 {
		floor = leastSpread * mean
	}
	s.spread = max(s.spread, floor, math.SmallestNonzeroFloat32)
	return s
}

func (s scale) membership(distance float32) float64 {
	d := float64(distance) - s.nearest
	if d <= 0 {
		return 1
	}
	return math.Exp(-d / s.spread)
}

// fuzzyGraph joins what each point sees into one graph: a pair belongs together as far as
// either of the two says so (the fuzzy union a + b - ab). Edges come in order.
func fuzzyGraph(neighbours [][]Neighbour) []edge {
	mean, count := 0.0, 0
	for _, list := range neighbours {
		for _, n := range list {
			mean += float64(n.Distance)
			count++
		}
	}
	if count == 0 {
		return nil
	}
	mean /= float64(count)
	edges := make([]edge, 0, count)
	for i, list := range neighbours {
		if len(list) == 0 {
			continue
		}
		s := scaleOf(list, mean)
		for _, n := range list {
			if int(n.Index) == i {
				continue
			}
			e := edge{int32(i), n.Index, float32(s.membership(n.Distance))}
			if e.from > e.to {
				e.from, e.to = e.to, e.from
			}
			edges = append(edges, e)
		}
	}
	slices.SortStableFunc(edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	out := edges[:0]
	for _, e := range edges {
		if n := len(out); n > 0 && out[n-1].from == e.from && out[n-1].to == e.to {
			a, b := out[n-1].weight, e.weight
			out[n-1].weight = a + b - a*b
			continue
		}
		out = append(out, e)
	}
	return out
}
