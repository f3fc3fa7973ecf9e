package duplicates

import "math"

// detailRadius is how far around a point its surroundings reach.
const detailRadius = 4

// clipAt is where values are clipped, in root mean squares of the smoother picture's: a mark
// on a clear sky must not outweigh the sky.
const clipAt = 2

// Detail is the correlation of two pictures' points, -1 to 1, after each has lost the mean
// of the 9x9 points around it, where they lie on each other best. Two round things on white
// are near by their points; what is drawn on them is not.
func Detail(a, b *Look) float32 {
	most := -1.0
	eachFit(a, b, func(v, w *view) {
		p, q := v.detail(), w.detail()
		bound := clipAt * min(rootMeanSquare(p), rootMeanSquare(q))
		var pq, pp, qq float64
		for i := range p {
			x, y := min(max(p[i], -bound), bound), min(max(q[i], -bound), bound)
			pq += x * y
			pp += x * x
			qq += y * y
		}
		if pp > 0 && qq > 0 {
			most = max(most, pq/math.Sqrt(pp*qq))
		}
	})
	return float32(most)
}

func rootMeanSquare(all []float64) float64 {
	sum := 0.0
	for _, x := range all {
		sum += x * x
	}
	return math.Sqrt(sum / float64(len(all)))
}

// detail is each point less the mean of those around it.
func (v *view) detail() []float64 {
	var sums [lookSide + 1][lookSide + 1]float64 // of all points above and to the left
	for y := range lookSide {
		for x := range lookSide {
			sums[y+1][x+1] = float64(v.points[y*lookSide+x]) + sums[y][x+1] + sums[y+1][x] - sums[y][x]
		}
	}
	out := make([]float64, lookSide*lookSide)
	for y := range lookSide {
		top, bottom := max(0, y-detailRadius), min(lookSide, y+detailRadius+1)
		for x := range lookSide {
			left, right := max(0, x-detailRadius), min(lookSide, x+detailRadius+1)
			around := sums[bottom][right] - sums[top][right] - sums[bottom][left] + sums[top][left]
			out[y*lookSide+x] = float64(v.points[y*lookSide+x]) - around/float64((bottom-top)*(right-left))
		}
	}
	return out
}
