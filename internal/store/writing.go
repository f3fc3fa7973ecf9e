package store

// WriteWatcher is an optional interface of stores that can tell whether a process writes
// the index.
type WriteWatcher interface {
	// Writing reports whether one does now, this one included.
	Writing() bool
}
