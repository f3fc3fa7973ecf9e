//go:build !amd64

package resample

// hasVectors reports whether this processor has the instructions that acrossRows and
// downColumns use.
func hasVectors() bool { return false }

// acrossRows and downColumns are only called where hasVectors is true.
func acrossRows([]byte, int, *[rowsAtOnce]*byte, *acrossTaps) {}

func downColumns(_, _ []byte, _ int, _ []int16) {}
