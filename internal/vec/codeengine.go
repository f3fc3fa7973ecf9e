package vec

import (
	"context"
	"fmt"
)

// CodeEngine multiplies codes, for the first pass of a search.
//
// ScoreCodes sets out[i*queries.Columns+c] to the sum over j of
// (rows.Row(i)[j] - CodeZero) * queries.Data[j*queries.Columns+c], exactly. It runs
// on the caller's core alone: a scan calls it from as many goroutines as there are
// cores. rows may be memory that must not be written, and nothing may read the
// arguments any more when it returns.
type CodeEngine interface {
	ScoreCodes(ctx context.Context, rows Codes, queries *CodeQueries, out []int32) error
}

// CheckCodes reports arguments of ScoreCodes that do not fit together, for those who
// implement a CodeEngine.
func CheckCodes(rows Codes, queries *CodeQueries, out []int32) error {
	switch {
	case rows.Width != queries.Width:
		return fmt.Errorf("rows have %d codes and queries %d", rows.Width, queries.Width)
	case len(rows.Data) != rows.Rows*rows.Width:
		return fmt.Errorf("%d rows of %d codes hold %d", rows.Rows, rows.Width, len(rows.Data))
	case len(queries.Data) != queries.Width*queries.Columns:
		return fmt.Errorf("%d columns of %d codes hold %d", queries.Columns, queries.Width, len(queries.Data))
	case len(out) != rows.Rows*queries.Columns:
		return fmt.Errorf("the result has %d values, %d rows of %d columns need %d",
			len(out), rows.Rows, queries.Columns, rows.Rows*queries.Columns)
	}
	return nil
}

// PlainCodes is the CodeEngine that needs no library. On CPUs with AVX2 it is as fast
// as memory for a few columns; elsewhere it is slower than a scan of the float32
// vectors, unless those have to come from a disk.
type PlainCodes struct{}

// plainRows is how many rows go between two looks at the context, and how many stay
// in a core's cache while several pairs of columns pass over them.
const plainRows = 512

// ScoreCodes implements CodeEngine.
func (PlainCodes) ScoreCodes(ctx context.Context, rows Codes, queries *CodeQueries, out []int32) error {
	if err := CheckCodes(rows, queries, out); err != nil {
		return err
	}
	n := queries.Columns
	for from := 0; from < rows.Rows; from += plainRows {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		to := min(from+plainRows, rows.Rows)
		if FastCodes() {
			scoreColumns(rows.Slice(from, to), queries, out[from*n:to*n])
		} else {
			scoreInGo(rows.Slice(from, to), queries, out[from*n:to*n])
		}
	}
	return ctx.Err()
}

func scoreColumns(rows Codes, q *CodeQueries, out []int32) {
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

func scoreInGo(rows Codes, q *CodeQueries, out []int32) {
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
