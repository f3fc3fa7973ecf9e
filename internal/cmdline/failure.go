package cmdline

import (
	"encoding/base64"
	"unicode/utf8"
)

// Failure is a file that could not be worked on, as scripts see it.
type Failure struct {
	Path       string `json:"path"`
	Reason     string `json:"reason"`
	PathBase64 string `json:"path_base64,omitempty"` // where the path is not UTF-8, which JSON cannot hold
}

// NewFailure returns the failure of a file.
func NewFailure(path, reason string) Failure {
	return Failure{Path: path, Reason: reason, PathBase64: PathBase64(path)}
}

// PathBase64 is the bytes of a path that is not UTF-8, and "" for any other.
func PathBase64(path string) string {
	if utf8.ValidString(path) {
		return ""
	}
	return base64.StdEncoding.EncodeToString([]byte(path))
}
