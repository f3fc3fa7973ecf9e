package sq8

import (
	"math"

	"github.com/sightline/sightline/internal/vec"
)

// maxQuery bounds the values of an encoded query: they have 7 bits. CPUs without
// the VNNI instructions add two products of an unsigned and a signed byte in 16 bits
// that saturate, and 2 * 255 * 64 still fits.
const maxQuery = 64

// Precision is how many columns of 7-bit values a query is encoded into.
type Precision int

// The precisions of a query. Single takes half of the work of Double; its bounds are
// wider, so that more rows have to be compared in float32.
const (
	Single Precision = 1
	Double Precision = 2
)

// Queries are query vectors in the form that is multiplied with Codes, made by
// EncodeQueries: a matrix of CodeSize rows and Columns columns, since that is the
// right-hand side of the product.
//
// A query of Double precision is two columns next to each other:
//
//	q[j] = step * (first[j]*64 + second[j]) + f[j]
//
// and |f| is so small that only the rows' own residuals count. One of Single precision
// is one column.
type Queries struct {
	Data     []int8
	CodeSize int
	Columns  int
	double   bool
	// What bounds the products, one value per query: the step of the integer product,
	// the error that every row has, and that for each unit of a row's residual.
	step, slack, share []float32
	maxSlack, maxShare float32
	// columns are those of Data one after the other, with ZeroPoint times their sums.
	columns [][]int8
	zeros   []int32
}

// EncodeQueries encodes the rows of a matrix. The bounds of Queries hold for Codes of
// vectors whose length is 1 as vec.IsUnit means it.
func EncodeQueries(queries vec.Matrix, p Precision) Queries {
	columns := queries.Rows * int(p)
	c := Queries{CodeSize: CodeSize(queries.Cols), Columns: columns, double: p == Double}
	c.Data = make([]int8, c.CodeSize*columns)
	c.step, c.slack, c.share = make([]float32, queries.Rows), make([]float32, queries.Rows), make([]float32, queries.Rows)
	for q := range queries.Rows {
		c.encode(q, queries.Row(q))
	}
	c.columns, c.zeros = make([][]int8, columns), make([]int32, columns)
	for k := range c.columns {
		c.columns[k] = make([]int8, c.CodeSize)
		for j := range c.columns[k] {
			x := c.Data[j*columns+k]
			c.columns[k][j] = x
			c.zeros[k] += ZeroPoint * int32(x)
		}
	}
	return c
}

func (c *Queries) encode(q int, x []float32) {
	var most float64
	for _, v := range x {
		most = max(most, math.Abs(float64(v)))
	}
	step := most / maxQuery
	if c.double {
		step /= maxQuery
	}
	step = float64(float32(step)) // as it will be used
	var length, squares float64
	for j, v := range x {
		var n float64
		if step > 0 {
			n = math.RoundToEven(float64(v) / step)
		}
		n = max(-c.bound(), min(c.bound(), n))
		if c.double {
			first := math.RoundToEven(n / maxQuery)
			c.Data[j*c.Columns+2*q] = int8(first)
			c.Data[j*c.Columns+2*q+1] = int8(n - first*maxQuery)
		} else {
			c.Data[j*c.Columns+q] = int8(n)
		}
		e := float64(v) - step*n
		length += float64(v) * float64(v)
		squares += e * e
	}
	lost := math.Sqrt(squares)
	// What float32 arithmetic adds: that of the inner product to which the bounds
	// refer, (dim+1)*2^-24 of the vectors' lengths, and a few roundings here.
	rounding := float64(len(x)+16) * 0x1p-23
	c.step[q] = float32(step)
	c.slack[q] = float32(lost*(1+vec.UnitTolerance)*1.001 + rounding)
	c.share[q] = float32((math.Sqrt(length) + lost) * 1.001)
	c.maxSlack, c.maxShare = max(c.maxSlack, c.slack[q]), max(c.maxShare, c.share[q])
}

// bound is the largest value of an encoded query.
func (c *Queries) bound() float64 {
	if c.double {
		return maxQuery * maxQuery
	}
	return maxQuery
}

// Bounds returns the midpoint and the radius of the bounds of the inner product of a
// query and a row, as float32 arithmetic computes it:
//
//	midpoint-radius <= vec.Dot <= midpoint+radius
//
// product is the row's part of the result of ScoreCodes, all Columns of it; scale and
// residual are the row's tail.
func (c *Queries) Bounds(q int, product []int32, scale, residual float32) (midpoint, radius float32) {
	var p float32
	if c.double {
		p = float32(float32(product[2*q])*maxQuery) + float32(product[2*q+1])
	} else {
		p = float32(product[q])
	}
	// Each product is rounded by itself, as the kernels round: Go may fuse what is not
	// converted with an addition, also a caller's, on processors such as ARM64.
	return float32(float32(p*c.step[q]) * scale), c.Radius(q, residual)
}

// Radius returns the radius of Bounds alone.
func (c *Queries) Radius(q int, residual float32) float32 {
	return c.slack[q] + float32(c.share[q]*residual)
}

// MaxRadius is no less than the Radius of any query.
func (c *Queries) MaxRadius(residual float32) float32 {
	return c.maxSlack + float32(c.maxShare*residual)
}
