package walk

import (
	"os"
	"path/filepath"
)

// Resolve returns an absolute path by which a file or folder is the same whichever links
// lead to it: links on the way to it are followed, and one that it is itself if it leads
// to a folder. Of a path that does not exist, what does is resolved.
func Resolve(p string) string {
	p = filepath.Clean(p)
	if real, err := filepath.EvalSymlinks(p); err == nil && (real == p || isFolder(real)) {
		return filepath.ToSlash(real)
	}
	dir := filepath.Dir(p)
	if dir == p {
		return filepath.ToSlash(p)
	}
	return filepath.ToSlash(filepath.Join(Resolve(dir), filepath.Base(p)))
}

func isFolder(p string) bool {
	info, err := os.Stat(p)
	return err == nil && info.IsDir()
}
