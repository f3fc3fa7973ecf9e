//go:build !(linux || darwin || freebsd)

package local

// spaceOf knows nothing on this system.
func spaceOf(string) (free, size uint64, ok bool) { return 0, 0, false }
