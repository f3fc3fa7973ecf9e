package walk

import (
	"os"
	"time"
)

// stat is what a walk wants to know of a file.
type stat struct {
	size    int64
	modTime time.Time
	regular bool
}

func newStat(info os.FileInfo) stat {
	return stat{info.Size(), info.ModTime(), info.Mode().IsRegular()}
}

func lstatPath(path string) (stat, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return stat{}, err
	}
	return newStat(info), nil
}
