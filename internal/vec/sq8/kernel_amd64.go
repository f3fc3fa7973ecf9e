package sq8

import "golang.org/x/sys/cpu"

// HasVectorKernel reports whether Kernel has vector instructions to use, which makes
// the product of a few queries as fast as reading the codes from memory.
func HasVectorKernel() bool { return cpu.X86.HasAVX2 }

//go:noescape
func dotAVX2(rows *byte, n, width int, first, second *int8, zero *[2]int32, out *int32, stride int)

// scorePair computes two columns of the product. zeros is ZeroPoint times their sums;
// out holds the pair of the first row and continues after stride values.
func scorePair(rows Codes, first, second []int8, zeros *[2]int32, out []int32, stride int) {
	dotAVX2(&rows.Data[0], rows.Rows, rows.CodeSize, &first[0], &second[0], zeros, &out[0], 4*stride)
}

//go:noescape
func midpointsAVX2(product *int32, step, shifts *float32, scale float32, n int, midpoints, maxima *float32)

// midpointBlocks does the whole blocks of Midpoints.
func midpointBlocks(product []int32, step, shifts []float32, scale float32, midpoints, maxima []float32) {
	midpointsAVX2(&product[0], &step[0], &shifts[0], scale, len(product), &midpoints[0], &maxima[0])
}
