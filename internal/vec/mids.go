package vec

// MidsBlock is how many queries share an entry of what Mids calls most.
const MidsBlock = 32

// Mids is for one row and all queries, of one column each: it sets mids to the middles
// of the bounds (see Bounds) with shifts added, and most to the greatest of each
// MidsBlock of them, the last block being shorter. A search looks only into the blocks
// that promise something.
func (c *CodeQueries) Mids(product []int32, scale float32, shifts, mids, most []float32) {
	n := len(c.step)
	if c.double || len(product) != n || len(shifts) != n || len(mids) != n || len(most) != (n+MidsBlock-1)/MidsBlock {
		panic("vec: Mids of slices that do not fit together")
	}
	whole := 0
	if FastCodes() && n >= MidsBlock {
		whole = n / MidsBlock * MidsBlock
		middles(product[:whole], c.step, shifts, scale, mids, most)
	}
	for from := whole; from < n; from += MidsBlock {
		to := min(from+MidsBlock, n)
		for q := from; q < to; q++ {
			m := float32(float32(product[q])*c.step[q]*scale) + shifts[q]
			mids[q] = m
			if q == from || m > most[from/MidsBlock] {
				most[from/MidsBlock] = m
			}
		}
	}
}

// Reach is the other half of Bounds: how far the inner product of a query and a row of
// that residual may be from its middle.
func (c *CodeQueries) Reach(q int, residual float32) float32 {
	return c.slack[q] + c.share[q]*residual
}

// MostReach is no less than the Reach of any query.
func (c *CodeQueries) MostReach(residual float32) float32 {
	return c.mostSlack + c.mostShare*residual
}
