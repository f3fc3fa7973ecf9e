package sq8

import "math"

// Pruner says for each row which queries it may matter to: those whose upper bound
// (see Queries.Bounds) reaches the query's threshold. Of many queries it looks only at
// the blocks of Midpoints that are high enough. It belongs to one goroutine.
type Pruner struct {
	queries           *Queries
	room              []float32 // slack minus threshold, one per query
	midpoints, maxima []float32
	survivors         []int
}

// NewPruner returns a pruner that lets everything through until thresholds are set.
func (c *Queries) NewPruner() *Pruner {
	n := len(c.step)
	s := &Pruner{queries: c, room: make([]float32, n)}
	for q := range s.room {
		s.room[q] = float32(math.Inf(1))
	}
	if !c.double {
		s.midpoints, s.maxima = make([]float32, n), make([]float32, (n+MidpointBlock-1)/MidpointBlock)
	}
	return s
}

// SetThreshold sets the value that the upper bounds of a query must reach.
func (s *Pruner) SetThreshold(q int, threshold float32) {
	// The slack also covers the rounding of this subtraction.
	s.room[q] = s.queries.slack[q] - threshold
}

// Survivors returns the queries that a row may matter to, in ascending order. product
// is the row's part of the result of ScoreCodes; the slice is valid until the next call.
func (s *Pruner) Survivors(product []int32, scale, residual float32) []int {
	c := s.queries
	s.survivors = s.survivors[:0]
	if c.double {
		step, share := c.step[:len(s.room)], c.share[:len(s.room)]
		for q, room := range s.room {
			p := float32(product[2*q])*maxQuery + float32(product[2*q+1])
			if p*step[q]*scale+room+share[q]*residual >= 0 {
				s.survivors = append(s.survivors, q)
			}
		}
		return s.survivors
	}
	c.Midpoints(product, scale, s.room, s.midpoints, s.maxima)
	radius := c.maxShare * residual
	for b, most := range s.maxima {
		if most+radius < 0 {
			continue
		}
		for q := b * MidpointBlock; q < min((b+1)*MidpointBlock, len(s.midpoints)); q++ {
			if s.midpoints[q]+c.share[q]*residual >= 0 {
				s.survivors = append(s.survivors, q)
			}
		}
	}
	return s.survivors
}
