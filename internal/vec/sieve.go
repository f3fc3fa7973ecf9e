package vec

import "math"

// Sieve tells for each row of codes which queries it may matter to: those whose upper
// bound (see Bounds) reaches the query's cut. Of many queries it looks only at the
// blocks of Mids that promise something. It belongs to one goroutine.
type Sieve struct {
	queries    *CodeQueries
	room       []float32 // slack less cut, one a query
	mids, most []float32
	found      []int
}

// NewSieve returns a sieve that everything passes until cuts are set.
func (c *CodeQueries) NewSieve() *Sieve {
	n := len(c.step)
	s := &Sieve{queries: c, room: make([]float32, n)}
	for q := range s.room {
		s.room[q] = float32(math.Inf(1))
	}
	if !c.double {
		s.mids, s.most = make([]float32, n), make([]float32, (n+MidsBlock-1)/MidsBlock)
	}
	return s
}

// Cut sets what the upper bounds of a query must reach.
func (s *Sieve) Cut(q int, cut float32) {
	// The roundings of taking the cut first are among those that the slack is for.
	s.room[q] = s.queries.slack[q] - cut
}

// Passing returns the queries that a row passes to, in ascending order. product is the
// row's part of the result of ScoreCodes; the slice is valid until the next call.
func (s *Sieve) Passing(product []int32, scale, residual float32) []int {
	c := s.queries
	s.found = s.found[:0]
	if c.double {
		step, share := c.step[:len(s.room)], c.share[:len(s.room)]
		for q, room := range s.room {
			p := float32(product[2*q])*queryMost + float32(product[2*q+1])
			if p*step[q]*scale+room+share[q]*residual >= 0 {
				s.found = append(s.found, q)
			}
		}
		return s.found
	}
	c.Mids(product, scale, s.room, s.mids, s.most)
	reach := c.mostShare * residual
	for b, most := range s.most {
		if most+reach < 0 {
			continue
		}
		for q := b * MidsBlock; q < min((b+1)*MidsBlock, len(s.mids)); q++ {
			if s.mids[q]+c.share[q]*residual >= 0 {
				s.found = append(s.found, q)
			}
		}
	}
	return s.found
}
