//go:build !amd64

package sq8

// HasVectorKernel reports whether Kernel has vector instructions to use.
func HasVectorKernel() bool { return false }

// scorePair is only called where HasVectorKernel is true.
func scorePair(Codes, []int8, []int8, *[2]int32, []int32, int) {}

func midpointBlocks([]int32, []float32, []float32, float32, []float32, []float32) {}
