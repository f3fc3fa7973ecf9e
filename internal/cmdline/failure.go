package cmdline

import "github.com/sightline/sightline/internal/query"

// Failure is a file that could not be worked on, as scripts see it.
type Failure struct {
	Path       string `json:"path"`
	Reason     string `json:"reason"`
	PathBase64 string `json:"path_base64,omitempty"` // where the path is not UTF-8, which JSON cannot hold
}

// NewFailure returns the failure of a file.
func NewFailure(path, reason string) Failure {
	return Failure{Path: path, Reason: reason, PathBase64: query.PathBase64(path)}
}
