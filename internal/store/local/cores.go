package local

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sightline/sightline/internal/vec"
)

// onCores calls f for 0 to n-1, on as many cores as there are, and returns the first
// error that it sees.
func onCores(n int, f func(i int) error) error {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers == 1 {
		return vec.CatchFault(func() error {
			for i := range n {
				if err := f(i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, workers)
	for w := range workers {
		wg.Go(func() {
			errs[w] = vec.CatchFault(func() error {
				for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
					if err := f(i); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
	wg.Wait()
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}
