package vec

import "golang.org/x/sys/cpu"

// FastCodes tells whether PlainCodes has vector instructions to use, which makes it
// as fast as memory for few queries.
func FastCodes() bool { return cpu.X86.HasAVX2 }

//go:noescape
func dotCodesAVX2(rows *byte, n, width int, first, second *int8, zero *[2]int32, out *int32, stride int)

// scorePair computes columns of the product two at a time. first and second are the
// columns; out holds the pair of the first row and continues after stride values.
func scorePair(rows Codes, first, second []int8, out []int32, stride int) {
	zero := [2]int32{CodeZero * sum(first), CodeZero * sum(second)}
	dotCodesAVX2(&rows.Data[0], rows.Rows, rows.Width, &first[0], &second[0], &zero, &out[0], 4*stride)
}

func sum(xs []int8) int32 {
	var s int32
	for _, x := range xs {
		s += int32(x)
	}
	return s
}
