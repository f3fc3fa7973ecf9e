package png

// unfilter undoes the filter of a row in place; above is the row before it, undone.
// It reports whether the filter exists. bpp is the distance, in bytes, to the pixel
// on the left, which is 0 for the first one.
func unfilter(filter byte, row, above []byte, bpp int) bool {
	above = above[:len(row)]
	switch filter {
	case 0:
	case 1: // left
		for i := bpp; i < len(row); i++ {
			row[i] += row[i-bpp]
		}
	case 2: // above
		for i, a := range above {
			row[i] += a
		}
	case 3: // the mean of both
		for i := range min(bpp, len(row)) {
			row[i] += above[i] / 2
		}
		for i := bpp; i < len(row); i++ {
			row[i] += byte((int(row[i-bpp]) + int(above[i])) / 2)
		}
	case 4:
		paeth(row, above, bpp)
	default:
		return false
	}
	return true
}

// paeth predicts by the neighbour that is nearest to left + above - corner. A channel
// goes through the whole row before the next one, so that its neighbours stay in
// registers.
func paeth(row, above []byte, bpp int) {
	for channel := range min(bpp, len(row)) {
		left, corner := 0, 0
		for i := channel; i < len(row); i += bpp {
			up := int(above[i])
			toLeft, toUp := up-corner, left-corner
			toCorner := toLeft + toUp
			toLeft, toUp, toCorner = max(toLeft, -toLeft), max(toUp, -toUp), max(toCorner, -toCorner)
			switch {
			case toLeft <= toUp && toLeft <= toCorner:
			case toUp <= toCorner:
				left = up
			default:
				left = corner
			}
			left = int(byte(left + int(row[i])))
			row[i] = byte(left)
			corner = up
		}
	}
}
