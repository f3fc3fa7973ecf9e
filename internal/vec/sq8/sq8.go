// Package sq8 is scalar quantisation of vectors to 8 bits a dimension, with bounds
// that say how far the inner product of the codes may be from that of the vectors.
//
// A search passes over the codes first, which are a quarter of the float32 vectors,
// and computes in float32 only what the bounds cannot rule out. So its result is that
// of a search in float32. Unlike the SQ8 of most indexes, which learns one range for
// each dimension, each row has a scale of its own, and nothing has to be trained.
//
// Rows are Codes, made by Encode; query vectors are Queries, made by EncodeQueries; an
// Engine multiplies them. Queries.Bounds turns a product into bounds, and a Pruner
// compares those of many queries with what each query has found so far.
package sq8

import (
	"encoding/binary"
	"math"
)

// Codes are the codes of vectors, made by Encode: row i is
// Data[i*CodeSize : (i+1)*CodeSize].
type Codes struct {
	Data     []byte
	Rows     int
	CodeSize int // bytes per row; see the function CodeSize
}

// Row returns row i as a slice of the codes themselves.
func (c Codes) Row(i int) []byte {
	return c.Data[i*c.CodeSize : (i+1)*c.CodeSize : (i+1)*c.CodeSize]
}

// Slice returns rows [from, to) over the same memory.
func (c Codes) Slice(from, to int) Codes {
	return Codes{Data: c.Data[from*c.CodeSize : to*c.CodeSize], Rows: to - from, CodeSize: c.CodeSize}
}

// A row of codes is one byte per dimension, filled up to a multiple of codeAlign, and a
// tail of two little-endian float32: the scale and the residual. The vector is
//
//	x[j] = scale * (code[j] - ZeroPoint) + e[j]    with |e| <= residual
//
// The tail is part of the row so that a row is written and read in one piece; a
// product has zeros in its place. A scale of 0 marks a row that was never written.
const (
	ZeroPoint = 128
	maxCode   = 127 // codes are ZeroPoint-127 to ZeroPoint+127
	codeAlign = 8
	codeTail  = 8
)

// CodeSize is the number of bytes of a row of codes.
func CodeSize(dim int) int {
	return (dim+codeAlign-1)/codeAlign*codeAlign + codeTail
}

// Encode writes the codes of x, whose values must be finite, to dst, which has
// CodeSize(len(x)) bytes.
func Encode(dst []byte, x []float32) {
	var most float32
	for _, v := range x {
		// Comparing is several times faster than max, which must think of NaN.
		if v > most {
			most = v
		} else if -v > most {
			most = -v
		}
	}
	scale := most / maxCode
	if scale == 0 { // zero, or too small to tell from it
		scale = 1
	}
	inverse := 1 / float64(scale)
	var squares float64
	for j, v := range x {
		c := math.RoundToEven(float64(v) * inverse) // no more than maxCode, as most is the greatest
		dst[j] = byte(int(c) + ZeroPoint)
		e := float64(v) - float64(scale)*c
		squares += e * e
	}
	body := len(dst) - codeTail
	for j := len(x); j < body; j++ {
		dst[j] = ZeroPoint
	}
	residual := math.Nextafter32(float32(math.Sqrt(squares)), math.MaxFloat32) // rounded up
	binary.LittleEndian.PutUint32(dst[body:], math.Float32bits(scale))
	binary.LittleEndian.PutUint32(dst[body+4:], math.Float32bits(residual))
}

// Tail returns the scale and the residual of a row. ok is false for a row that holds
// no vector.
func (c Codes) Tail(i int) (scale, residual float32, ok bool) {
	tail := c.Data[(i+1)*c.CodeSize-codeTail:]
	scale = math.Float32frombits(binary.LittleEndian.Uint32(tail))
	residual = math.Float32frombits(binary.LittleEndian.Uint32(tail[4:]))
	return scale, residual, scale > 0 && scale < 2 && residual >= 0 && residual < 2
}
