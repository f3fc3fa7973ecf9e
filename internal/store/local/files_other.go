//go:build !unix

package local

// noFollow is nothing here: what lies at the path is looked at before it is opened.
const noFollow = 0

// SyncDir does nothing: here a folder cannot be opened for it, and the file systems
// keep their own journal of names.
func (osFiles) SyncDir(string) error { return nil }

// isWritable reports whether this process may write to a file or folder: here it can only be
// tried.
func isWritable(string) bool { return true }

// lockFolder locks nobody out: here folders have no locks.
func lockFolder(string) (unlock func() error, err error) { return func() error { return nil }, nil }
