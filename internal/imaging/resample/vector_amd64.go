package resample

import "golang.org/x/sys/cpu"

// hasVectors reports whether this processor has the instructions that acrossRows and
// downColumns use.
func hasVectors() bool { return cpu.X86.HasAVX2 }

//go:noescape
func acrossAVX2(out *byte, stride int, rows *[rowsAtOnce]*byte, offset *int32, coef *int16, n, pairs int)

// acrossRows resizes four source rows in width, into two pairs of rows that are stride
// bytes apart.
func acrossRows(out []byte, stride int, rows *[rowsAtOnce]*byte, t *acrossTaps) {
	acrossAVX2(&out[0], stride, rows, &t.offset[0], &t.coef[0], len(t.offset), t.pairs)
}

//go:noescape
func downAVX2(out, rows *byte, stride int, coef *int16, pairs, blocks int)

// downColumns makes one output row, whole blocks of columns, of the pairs of rows that
// coef has numbers for. They are stride bytes apart.
func downColumns(out, rows []byte, stride int, coef []int16) {
	downAVX2(&out[0], &rows[0], stride, &coef[0], len(coef)/pairOf, len(out)/columnBlock)
}
