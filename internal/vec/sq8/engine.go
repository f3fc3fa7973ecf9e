package sq8

import (
	"context"
	"fmt"
)

// Engine multiplies codes, for the first pass of a search.
//
// ScoreCodes sets out[i*queries.Columns+c] to the sum over j of
// (rows.Row(i)[j] - ZeroPoint) * queries.Data[j*queries.Columns+c], exactly. It runs
// on the caller's core alone: a scan calls it from as many goroutines as there are
// cores. rows may be memory that must not be written, and nothing may read the
// arguments any more when it returns.
type Engine interface {
	ScoreCodes(ctx context.Context, rows Codes, queries *Queries, out []int32) error
}

// CheckShapes reports arguments of ScoreCodes that do not fit together, for those who
// implement an Engine.
func CheckShapes(rows Codes, queries *Queries, out []int32) error {
	switch {
	case rows.CodeSize != queries.CodeSize:
		return fmt.Errorf("rows have %d codes and queries %d", rows.CodeSize, queries.CodeSize)
	case len(rows.Data) != rows.Rows*rows.CodeSize:
		return fmt.Errorf("%d rows of %d codes hold %d", rows.Rows, rows.CodeSize, len(rows.Data))
	case len(queries.Data) != queries.CodeSize*queries.Columns:
		return fmt.Errorf("%d columns of %d codes hold %d", queries.Columns, queries.CodeSize, len(queries.Data))
	case len(out) != rows.Rows*queries.Columns:
		return fmt.Errorf("the result has %d values, %d rows of %d columns need %d",
			len(out), rows.Rows, queries.Columns, rows.Rows*queries.Columns)
	}
	return nil
}

// Kernel is the Engine that needs no library. On CPUs with AVX2 a few
// columns take no longer than reading the codes from memory; elsewhere it is slower than a scan of the float32
// vectors, unless those have to come from a disk.
type Kernel struct{}

// kernelRows is how many rows are multiplied between two looks at the context. They stay
// in the cache of a core while several pairs of columns pass over them.
const kernelRows = 512

// ScoreCodes implements Engine.
func (Kernel) ScoreCodes(ctx context.Context, rows Codes, queries *Queries, out []int32) error {
	if err := CheckShapes(rows, queries, out); err != nil {
		return err
	}
	n := queries.Columns
	for from := 0; from < rows.Rows; from += kernelRows {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		to := min(from+kernelRows, rows.Rows)
		if HasVectorKernel() {
			scoreColumns(rows.Slice(from, to), queries, out[from*n:to*n])
		} else {
			scoreGeneric(rows.Slice(from, to), queries, out[from*n:to*n])
		}
	}
	return ctx.Err()
}

func scoreColumns(rows Codes, q *Queries, out []int32) {
	n := q.Columns
	for k := 0; k+1 < n; k += 2 {
		zeros := [2]int32{q.zeros[k], q.zeros[k+1]}
		scorePair(rows, q.columns[k], q.columns[k+1], &zeros, out[k:], n)
	}
	if n%2 == 1 {
		pair := make([]int32, 2*rows.Rows)
		last, zeros := q.columns[n-1], [2]int32{q.zeros[n-1], q.zeros[n-1]}
		scorePair(rows, last, last, &zeros, pair, 2)
		for i := range rows.Rows {
			out[i*n+n-1] = pair[2*i]
		}
	}
}

func scoreGeneric(rows Codes, q *Queries, out []int32) {
	for i := range rows.Rows {
		row := rows.Row(i)
		for k, column := range q.columns {
			s := -q.zeros[k]
			for j, code := range row {
				s += int32(code) * int32(column[j])
			}
			out[i*q.Columns+k] = s
		}
	}
}
