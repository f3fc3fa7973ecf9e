//go:build !linux && !darwin && !freebsd

package local

import "os"

// stampOf says that here nothing tells for certain whether a file was written to.
func stampOf(*os.File) ([]int64, bool) { return nil, false }
