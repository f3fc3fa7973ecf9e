//go:build !amd64

package vec

// FastCodes tells whether PlainCodes has vector instructions to use.
func FastCodes() bool { return false }

// scorePair is only called where FastCodes is true.
func scorePair(Codes, []int8, []int8, *[2]int32, []int32, int) {}

func middles([]int32, []float32, []float32, float32, []float32, []float32) {}
