package index

import "os"

// OpenWith has an indexer open pictures by another function.
func (x *Indexer) OpenWith(open func(path string) (*os.File, error)) *Indexer {
	x.open = open
	return x
}
