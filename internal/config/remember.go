package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/smallfile"
)

// Remember puts the value of a setting at the top level of a config file, in the place of
// what it was or of its comment, and leaves the rest of the file as it is. A file that is
// not there is made. value "" takes the setting out.
func Remember(path, key, value string) error {
	content, err := smallfile.Read(path, maxFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	line := regexp.MustCompile(`(?m)^#? ?` + regexp.QuoteMeta(key) + `:.*\n?`)
	quoted, err := yaml.Marshal(map[string]string{key: value})
	if err != nil {
		return fmt.Errorf("remembering %s: %w", key, err)
	}
	text := string(content)
	set := string(quoted)
	if value == "" {
		set = ""
	}
	switch at := placeOf(line, text, key); {
	case at != nil:
		text = text[:at[0]] + set + text[at[1]:]
	default:
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		text += set
	}
	if _, err := placesIn([]byte(text)); err != nil {
		return fmt.Errorf("remembering %s in %s: %w", key, path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return atomicfile.WriteBytes(path, []byte(text))
}

// placeOf is where the setting stands in a file, else where it stands as a comment.
func placeOf(line *regexp.Regexp, text, key string) []int {
	all := line.FindAllStringIndex(text, -1)
	for _, at := range all {
		if strings.HasPrefix(text[at[0]:], key) {
			return at
		}
	}
	if len(all) > 0 {
		return all[0]
	}
	return nil
}
