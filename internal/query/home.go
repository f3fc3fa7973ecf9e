package query

import (
	"os"
	"path/filepath"
	"strings"
)

// AtHome puts the home folder in the place of a ~ that begins a path. A shell does that too,
// but not between quotes, behind a colon or an equals sign, and nobody does at the prompt.
func AtHome(path string) string {
	if path != "~" && !strings.HasPrefix(path, "~/") {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return filepath.Join(home, path[1:])
}
