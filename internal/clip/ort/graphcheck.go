package ort

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/sightline/sightline/internal/atomicfile"
)

// entryFile is what a file of an entry must be.
type entryFile struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// entryCheck says that the files of an entry were compared with their digests.
type entryCheck struct {
	At    int64                `json:"at"` // Unix seconds
	Files map[string]fileStamp `json:"files"`
}

// fileStamp reports whether a file was touched. The time of its change of status is what no
// program can set.
type fileStamp struct {
	Size    int64  `json:"size"`
	ModTime int64  `json:"mtime_ns"`
	Changed int64  `json:"ctime_ns"`
	Inode   uint64 `json:"inode"`
}

const (
	// checkedFor is how long a comparison is believed: disks fail without a trace in the
	// times of files.
	checkedFor = 24 * time.Hour
	// settled is the age from which the times of a file are believed: within a tick of the
	// clock it could be written again and look the same.
	settled = 2 * time.Second
)

// describeEntry makes the files of a new entry durable and notes what they are.
func describeEntry(dir string) error {
	files := map[string]entryFile{}
	for _, name := range []string{graphName, weightsName} {
		file, err := syncFile(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) && name == weightsName {
			continue // all weights are small and in the graph
		} else if err != nil {
			return err
		}
		files[name] = file
	}
	data, err := json.Marshal(files)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, filesName)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return err
	}
	_, err = syncFile(path)
	return err
}

// syncFile makes a file durable and describes it.
func syncFile(path string) (_ entryFile, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return entryFile{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	file, err := digestOf(f)
	if err != nil {
		return file, err
	}
	return file, f.Sync()
}

func digestOf(r io.Reader) (entryFile, error) {
	h := sha256.New()
	n, err := io.CopyBuffer(h, r, make([]byte, 1<<20))
	return entryFile{Size: n, SHA256: hex.EncodeToString(h.Sum(nil))}, err
}

// checkEntry reports an entry whose files are not those that were made.
func checkEntry(entry string, now time.Time) error {
	files, err := readEntryFiles(entry)
	if err != nil {
		return err
	}
	stamps := map[string]fileStamp{}
	for name, want := range files {
		stamp, err := stampOf(filepath.Join(entry, name))
		if err != nil {
			return fmt.Errorf("incomplete: %w", err)
		}
		if stamp.Size != want.Size {
			return fmt.Errorf("%s has %d of %d bytes", name, stamp.Size, want.Size)
		}
		stamps[name] = stamp
	}
	if wasChecked(entry, stamps, now) {
		return nil
	}
	for name, want := range files {
		if err := compareFile(filepath.Join(entry, name), want); err != nil {
			return err
		}
	}
	keepCheck(entry, stamps, now)
	return nil
}

// maxEntryJSON is far above the size of what describes an entry.
const maxEntryJSON = 64 << 10

func readJSON(path string, into any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := json.NewDecoder(io.LimitReader(f, maxEntryJSON)).Decode(into); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return nil
}

func readEntryFiles(entry string) (map[string]entryFile, error) {
	var files map[string]entryFile
	if err := readJSON(filepath.Join(entry, filesName), &files); err != nil {
		return nil, err
	}
	if _, ok := files[graphName]; !ok {
		return nil, fmt.Errorf("%s does not name the graph", filesName)
	}
	for name := range files {
		if name != graphName && name != weightsName {
			return nil, fmt.Errorf("%s names %q", filesName, name)
		}
	}
	return files, nil
}

func compareFile(path string, want entryFile) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	got, err := digestOf(f)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%s is damaged: it is not what was made", filepath.Base(path))
	}
	return nil
}

// wasChecked reports whether the files were compared lately and not touched since.
func wasChecked(entry string, stamps map[string]fileStamp, now time.Time) bool {
	var c entryCheck
	if err := readJSON(filepath.Join(entry, checkedName), &c); err != nil {
		return false
	}
	age := now.Sub(time.Unix(c.At, 0))
	if age < -time.Second || age > checkedFor || len(c.Files) != len(stamps) {
		return false
	}
	for name, stamp := range stamps {
		if c.Files[name] != stamp {
			return false
		}
	}
	return true
}

// keepCheck notes a comparison, unless a file is so new that it could change unseen. What
// cannot be written only costs the next comparison.
func keepCheck(entry string, stamps map[string]fileStamp, now time.Time) {
	for _, stamp := range stamps {
		if now.UnixNano()-max(stamp.ModTime, stamp.Changed) < int64(settled) {
			return
		}
	}
	data, err := json.Marshal(entryCheck{At: now.Unix(), Files: stamps})
	if err != nil {
		return
	}
	_ = atomicfile.WriteCache(filepath.Join(entry, checkedName), data) // else it is checked again
}
