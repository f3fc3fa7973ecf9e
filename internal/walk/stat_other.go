//go:build !linux && !darwin

package walk

import "os"

// lstat looks at the file name in a folder, given open and as a path with a slash
// behind it, without following links.
func lstat(_ *os.File, prefix, name string) (stat, error) { return lstatPath(prefix + name) }
