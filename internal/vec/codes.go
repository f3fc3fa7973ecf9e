package vec

import (
	"encoding/binary"
	"math"
)

// Codes are rows of 8-bit approximations of vectors, made by EncodeRow: row i is
// Data[i*Width : (i+1)*Width].
type Codes struct {
	Data  []byte
	Rows  int
	Width int // bytes a row; see CodeWidth
}

// Row returns row i as a slice of the codes themselves.
func (c Codes) Row(i int) []byte {
	return c.Data[i*c.Width : (i+1)*c.Width : (i+1)*c.Width]
}

// Slice returns rows [from, to) over the same memory.
func (c Codes) Slice(from, to int) Codes {
	return Codes{Data: c.Data[from*c.Width : to*c.Width], Rows: to - from, Width: c.Width}
}

// A row of codes is one byte a dimension, filled up to a multiple of codeAlign, and a
// tail of two little-endian float32: the scale and the residual. The vector is
//
//	x[j] = scale * (code[j] - CodeZero) + e[j]    with |e| <= residual
//
// The tail is part of the row so that a row is written and read in one piece; a
// product has zeros in its place. A scale of 0 marks a row that was never written.
const (
	CodeZero  = 128
	codeMost  = 127 // codes are CodeZero-127 to CodeZero+127
	codeAlign = 8
	codeTail  = 8
)

// CodeWidth is the number of bytes of a row of codes.
func CodeWidth(dim int) int {
	return (dim+codeAlign-1)/codeAlign*codeAlign + codeTail
}

// EncodeRow writes the codes of x, whose values must be finite, to dst, which has
// CodeWidth(len(x)) bytes.
func EncodeRow(dst []byte, x []float32) {
	var most float32
	for _, v := range x {
		// Comparing is several times faster than max, which must think of NaN.
		if v > most {
			most = v
		} else if -v > most {
			most = -v
		}
	}
	scale := most / codeMost
	if scale == 0 { // zero, or too small to tell from it
		scale = 1
	}
	inverse := 1 / float64(scale)
	var squares float64
	for j, v := range x {
		c := math.RoundToEven(float64(v) * inverse) // no more than codeMost, as most is most
		dst[j] = byte(int(c) + CodeZero)
		e := float64(v) - float64(scale)*c
		squares += e * e
	}
	body := len(dst) - codeTail
	for j := len(x); j < body; j++ {
		dst[j] = CodeZero
	}
	residual := math.Nextafter32(float32(math.Sqrt(squares)), math.MaxFloat32) // rounded up
	binary.LittleEndian.PutUint32(dst[body:], math.Float32bits(scale))
	binary.LittleEndian.PutUint32(dst[body+4:], math.Float32bits(residual))
}

// Tail returns the scale and the residual of a row. ok is false for a row that holds
// no vector.
func (c Codes) Tail(i int) (scale, residual float32, ok bool) {
	tail := c.Data[(i+1)*c.Width-codeTail:]
	scale = math.Float32frombits(binary.LittleEndian.Uint32(tail))
	residual = math.Float32frombits(binary.LittleEndian.Uint32(tail[4:]))
	return scale, residual, scale > 0 && scale < 2 && residual >= 0 && residual < 2
}

// queryMost bounds the values of an encoded query: they have 7 bits. CPUs without
// the VNNI instructions add two products of an unsigned and a signed byte in 16 bits
// that saturate, and 2 * 255 * 64 still fits.
const queryMost = 64

// CodeQueries are queries in the form that is multiplied with Codes, made by EncodeQueries: a matrix of
// Width rows and Columns columns, since that is the right-hand side of the product.
//
// Each query is one or two columns. With two it is
//
//	q[j] = Step * (first[j]*64 + second[j]) + f[j]
//
// and |f| is so small that only the rows' own residuals count; with one, the second
// is missing, half of the work is saved, and more rows look like candidates.
type CodeQueries struct {
	Data    []int8
	Width   int
	Columns int
	double  bool
	// What bounds the products, one value a query: the step of the integer product,
	// the error that every row has, and that for each unit of a row's residual.
	step, slack, share   []float32
	mostSlack, mostShare float32
	// columns are those of Data one after the other, with CodeZero times their sums.
	columns [][]int8
	zeros   []int32
}

// EncodeQueries encodes queries; double says whether each takes two columns. The
// bounds that follow hold for rows whose length is 1 as IsUnit means it.
func EncodeQueries(queries Matrix, double bool) CodeQueries {
	columns := queries.Rows
	if double {
		columns *= 2
	}
	c := CodeQueries{Width: CodeWidth(queries.Cols), Columns: columns, double: double}
	c.Data = make([]int8, c.Width*columns)
	c.step, c.slack, c.share = make([]float32, queries.Rows), make([]float32, queries.Rows), make([]float32, queries.Rows)
	for q := range queries.Rows {
		c.encode(q, queries.Row(q))
	}
	c.columns, c.zeros = make([][]int8, columns), make([]int32, columns)
	for k := range c.columns {
		c.columns[k] = make([]int8, c.Width)
		for j := range c.columns[k] {
			x := c.Data[j*columns+k]
			c.columns[k][j] = x
			c.zeros[k] += CodeZero * int32(x)
		}
	}
	return c
}

func (c *CodeQueries) encode(q int, x []float32) {
	var most float64
	for _, v := range x {
		most = max(most, math.Abs(float64(v)))
	}
	step := most / queryMost
	if c.double {
		step /= queryMost
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
			first := math.RoundToEven(n / queryMost)
			c.Data[j*c.Columns+2*q] = int8(first)
			c.Data[j*c.Columns+2*q+1] = int8(n - first*queryMost)
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
	c.slack[q] = float32(lost*(1+unitTolerance)*1.001 + rounding)
	c.share[q] = float32((math.Sqrt(length) + lost) * 1.001)
	c.mostSlack, c.mostShare = max(c.mostSlack, c.slack[q]), max(c.mostShare, c.share[q])
}

// bound is the largest value of an encoded query.
func (c *CodeQueries) bound() float64 {
	if c.double {
		return queryMost * queryMost
	}
	return queryMost
}

// Bounds sets lower and upper bounds for the inner product of a query and a row as
// float32 arithmetic computes it: mid - reach <= Dot <= mid + reach. product is the
// row's part of the result of ScoreCodes, all Columns of it; scale and residual are
// the row's tail.
func (c *CodeQueries) Bounds(q int, product []int32, scale, residual float32) (mid, reach float32) {
	var p float32
	if c.double {
		p = float32(product[2*q])*queryMost + float32(product[2*q+1])
	} else {
		p = float32(product[q])
	}
	return p * c.step[q] * scale, c.slack[q] + c.share[q]*residual
}
