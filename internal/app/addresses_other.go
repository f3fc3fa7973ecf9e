//go:build !unix

package app

import "math"

// addressLimit is how many addresses this process may use: no limit is known here.
func addressLimit() uint64 { return math.MaxUint64 }
