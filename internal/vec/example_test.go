package vec_test

import (
	"context"
	"fmt"

	"github.com/sightline/sightline/internal/vec"
)

// The rows nearest to a query: normalise, score, select.
func Example() {
	rows, err := vec.FromRows([]float32{3, 4}, []float32{1, 0}, []float32{0, 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range rows.Rows {
		if err := vec.Normalize(rows.Row(i)); err != nil {
			fmt.Println(err)
			return
		}
	}
	query := vec.Matrix{Data: []float32{1, 0}, Rows: 1, Cols: 2}
	scores := vec.NewMatrix(query.Rows, rows.Rows)
	if err := vec.NewParallel(0).Score(context.Background(), rows, query, scores); err != nil {
		fmt.Println(err)
		return
	}
	top := vec.NewTopK(2)
	for i, score := range scores.Row(0) {
		top.Offer(i, score)
	}
	for _, best := range top.Sorted(nil) {
		fmt.Printf("row %d scores %.1f\n", best.Index, best.Score)
	}
	// Output:
	// row 1 scores 1.0
	// row 0 scores 0.6
}
