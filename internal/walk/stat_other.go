//go:build !linux && !darwin

package walk

import "os"

// lstat looks at the file name in a folder, given open and as a path with a slash
// behind it, without following links.
func lstat(_ *os.File, prefix, name string) (stat, error) { return lstatPath(prefix + name) }

// readHead reads the start of a file in a folder, given as to lstat, into head and
// returns how much there was.
func readHead(_ *os.File, prefix, name string, head []byte) (int, error) {
	return readHeadPath(prefix+name, head)
}
