package query

import (
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/sightline/sightline/internal/label"
)

// maxSpellings is how many folders one typed path may stand for.
const maxSpellings = 16

// spellings returns the paths that a typed one may mean, which is absolute: itself, it
// composed (as keyboards write) and decomposed (as macOS stores names), and where there
// is no such file, those on disk that differ from it by the case of letters or by
// composition. Of a path that is gone, the folders that are left keep their spelling.
func spellings(typed string) []string {
	left := existing(typed)
	gone := strings.TrimPrefix(typed, left)
	all := []string{
		typed, norm.NFC.String(typed), norm.NFD.String(typed),
		left + norm.NFC.String(gone), left + norm.NFD.String(gone),
	}
	// Where systems look names up whatever their case, that a path exists does not say
	// how the index spells it.
	if _, err := os.Lstat(typed); err != nil || runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		all = append(all, onDisk(typed)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// existing returns the longest part of an absolute path that is on disk.
func existing(p string) string {
	for ; ; p = filepath.Dir(p) {
		if _, err := os.Lstat(p); err == nil || p == filepath.Dir(p) {
			return p
		}
	}
}

// onDisk finds the files whose path is spelled like an absolute one but for case and
// composition. Folders are read only below the longest part of the path that exists.
func onDisk(p string) []string {
	parent, name := path.Split(p)
	if name == "" {
		return []string{p}
	}
	parents := []string{path.Clean(parent)}
	if _, err := os.Lstat(parent); err != nil {
		parents = onDisk(parents[0])
	}
	folded := label.Fold(name)
	var found []string
	for _, dir := range parents {
		entries, err := os.ReadDir(filepath.FromSlash(dir))
		if err != nil {
			continue // what cannot be read has nothing to find
		}
		for _, e := range entries {
			if label.Fold(e.Name()) == folded && len(found) < maxSpellings {
				found = append(found, path.Join(dir, e.Name()))
			}
		}
	}
	return found
}
