package walk

import (
	"errors"
	"io"
	"os"
	"time"
)

// stat is what a walk wants to know of a file.
type stat struct {
	size       int64
	modTime    time.Time
	changeTime time.Time // zero where the system has none
	regular    bool
}

func newStat(info os.FileInfo) stat {
	return stat{info.Size(), info.ModTime(), changeTime(info), info.Mode().IsRegular()}
}

func lstatPath(path string) (stat, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return stat{}, err
	}
	return newStat(info), nil
}

// readHeadPath reads the start of a file into head and returns how much there was.
func readHeadPath(path string, head []byte) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close() // nothing was written
	n, err := io.ReadFull(f, head)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // a short file
	}
	return n, err
}
