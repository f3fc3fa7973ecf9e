package local

import (
	"os"
	"testing"
)

// chaosRounds is how often a test repeats what is left to chance: a few times, and many
// times in make chaos.
func chaosRounds(few, many int) int {
	switch {
	case os.Getenv("SIGHTLINE_CHAOS") != "":
		return many
	case testing.Short():
		return max(1, few/4)
	}
	return few
}
