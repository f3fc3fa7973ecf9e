// Package fileurl writes the addresses by which pages and terminals link to files.
package fileurl

import (
	"net/url"
	"path/filepath"
	"strings"
)

// Of is the file: address of an absolute path on a host, whose name may be "".
func Of(host, path string) string {
	return (&url.URL{Scheme: "file", Host: host, Path: path}).String()
}

// From is how a page in a folder links to a file: by a relative address where the file
// lies below the folder, so that both can be moved together, and else by its file:
// address. Both paths are absolute.
func From(folder, path string) string {
	rel, err := filepath.Rel(folder, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return Of("", path)
	}
	return (&url.URL{Path: filepath.ToSlash(rel)}).String()
}
