package vec

import "golang.org/x/sys/cpu"

// FastCodes tells whether PlainCodes has vector instructions to use, which makes it
// as fast as memory for few queries.
func FastCodes() bool { return cpu.X86.HasAVX2 }

//go:noescape
func dotCodesAVX2(rows *byte, n, width int, first, second *int8, zero *[2]int32, out *int32, stride int)

// scorePair computes two columns of the product. zeros is CodeZero times their sums;
// out holds the pair of the first row and continues after stride values.
func scorePair(rows Codes, first, second []int8, zeros *[2]int32, out []int32, stride int) {
	dotCodesAVX2(&rows.Data[0], rows.Rows, rows.Width, &first[0], &second[0], zeros, &out[0], 4*stride)
}

//go:noescape
func middlesAVX2(product *int32, step, shifts *float32, scale float32, n int, mids, most *float32)

// middles does the whole blocks of Mids.
func middles(product []int32, step, shifts []float32, scale float32, mids, most []float32) {
	middlesAVX2(&product[0], &step[0], &shifts[0], scale, len(product), &mids[0], &most[0])
}
