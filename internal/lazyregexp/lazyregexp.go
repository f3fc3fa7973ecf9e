// Package lazyregexp compiles regular expressions when they are first needed, and not at
// the start of every program: some take longer than all else that a command does.
package lazyregexp

import (
	"regexp"
	"sync"
)

// New returns a function that compiles expr, which must be valid, at its first call, and
// returns the same expression from then on. Goroutines may call it at the same time.
func New(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
