//go:build !linux

package index

import "time"

// Where threads have no clock of their own that Go can read, stages are measured by
// the clock on the wall, which counts waiting for a core as well, and what belongs to
// no stage is not known.
func threadTime() time.Duration  { return time.Since(epoch) }
func processTime() time.Duration { return 0 }

// epoch is any moment: only differences count.
var epoch = time.Now()
