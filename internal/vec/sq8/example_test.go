package sq8_test

import (
	"context"
	"fmt"

	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/vec/sq8"
)

// The bounds that codes give tell which rows have to be compared in float32.
func Example() {
	rows, _ := vec.FromRows([]float32{1, 0, 0}, []float32{0.6, 0.8, 0}, []float32{0, 0, 1})
	codes := sq8.Codes{Rows: rows.Rows, CodeSize: sq8.CodeSize(rows.Cols)}
	codes.Data = make([]byte, codes.Rows*codes.CodeSize)
	for i := range rows.Rows {
		sq8.Encode(codes.Row(i), rows.Row(i))
	}
	query := vec.Matrix{Data: []float32{0.8, 0.6, 0}, Rows: 1, Cols: 3}
	queries := sq8.EncodeQueries(query, sq8.Double)
	products := make([]int32, codes.Rows*queries.Columns)
	if err := (sq8.Kernel{}).ScoreCodes(context.Background(), codes, &queries, products); err != nil {
		fmt.Println(err)
		return
	}
	for i := range codes.Rows {
		scale, residual, _ := codes.Tail(i)
		product := products[i*queries.Columns : (i+1)*queries.Columns]
		midpoint, radius := queries.Bounds(0, product, scale, residual)
		score := vec.Dot(rows.Row(i), query.Row(0))
		fmt.Printf("%.2f within the bounds: %v\n", score, midpoint-radius <= score && score <= midpoint+radius)
	}
	// Output:
	// 0.80 within the bounds: true
	// 0.96 within the bounds: true
	// 0.00 within the bounds: true
}
