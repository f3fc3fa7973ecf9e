package sq8

// MidpointBlock is the number of queries per value of maxima: see Midpoints.
const MidpointBlock = 32

// Midpoints serves one row and all queries, which must be of Single precision. It sets
// midpoints[q] to the midpoint of Bounds plus shifts[q], and maxima[b] to the greatest
// of the b-th MidpointBlock of them, of which the last may be shorter. A search looks
// only into those blocks whose maximum is high enough.
func (c *Queries) Midpoints(product []int32, scale float32, shifts, midpoints, maxima []float32) {
	n := len(c.step)
	if c.double || len(product) != n || len(shifts) != n || len(midpoints) != n || len(maxima) != (n+MidpointBlock-1)/MidpointBlock {
		panic("sq8: Midpoints of slices that do not fit together")
	}
	whole := 0
	if HasVectorKernel() && n >= MidpointBlock {
		whole = n / MidpointBlock * MidpointBlock
		midpointBlocks(product[:whole], c.step, shifts, scale, midpoints, maxima)
	}
	for from := whole; from < n; from += MidpointBlock {
		to := min(from+MidpointBlock, n)
		for q := from; q < to; q++ {
			m := float32(float32(float32(product[q])*c.step[q])*scale) + shifts[q]
			midpoints[q] = m
			if q == from || m > maxima[from/MidpointBlock] {
				maxima[from/MidpointBlock] = m
			}
		}
	}
}
