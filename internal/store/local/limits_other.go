//go:build !unix

package local

// tellFileLimit knows of no limit on this system.
func tellFileLimit() string { return "" }

// cannotOpen knows of no limit on this system.
func cannotOpen() error { return nil }
