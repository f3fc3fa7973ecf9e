// Package vec is the arithmetic of embeddings: normalised rows, inner products,
// top-k selection, and the matrix engine that the scan of a store runs on.
//
// Nothing here knows what a vector stands for. Everything works on row-major
// float32, because that is what ONNX Runtime returns, what the vector file holds
// and what Milvus receives, so that no layer has to convert.
package vec

import "fmt"

// Matrix is a row-major float32 matrix. Data has exactly Rows*Cols values; row i
// is Data[i*Cols : (i+1)*Cols].
type Matrix struct {
	Data []float32
	Rows int
	Cols int
}

// NewMatrix allocates a zeroed matrix of the given shape.
func NewMatrix(rows, cols int) Matrix {
	return Matrix{Data: make([]float32, rows*cols), Rows: rows, Cols: cols}
}

// FromRows copies rows, which must all have the same length, into one matrix.
func FromRows(rows ...[]float32) (Matrix, error) {
	if len(rows) == 0 {
		return Matrix{}, nil
	}
	m := NewMatrix(len(rows), len(rows[0]))
	for i, r := range rows {
		if len(r) != m.Cols {
			return Matrix{}, fmt.Errorf("row %d has %d values, the first has %d", i, len(r), m.Cols)
		}
		copy(m.Row(i), r)
	}
	return m, nil
}

// Row returns row i as a slice of the matrix itself, not a copy.
func (m Matrix) Row(i int) []float32 {
	return m.Data[i*m.Cols : (i+1)*m.Cols : (i+1)*m.Cols]
}

// Slice returns rows [from, to) as a matrix over the same memory.
func (m Matrix) Slice(from, to int) Matrix {
	return Matrix{Data: m.Data[from*m.Cols : to*m.Cols], Rows: to - from, Cols: m.Cols}
}
