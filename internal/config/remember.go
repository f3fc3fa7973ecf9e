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
// not there is made. value "" takes the setting out. A file in which the value would not
// be in force, because it is written in another way, is left as it is: that is an error.
func Remember(path, key, value string) error {
	content, err := smallfile.Read(path, maxFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	line := regexp.MustCompile(`(?m)^#? ?` + regexp.QuoteMeta(key) + `:([^\n]*?)([ \t]+#[^\n]*)?(?:\n|\z)`)
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
		if remark := remarkOf(text, at); set != "" && remark != "" {
			set = strings.TrimSuffix(set, "\n") + remark + "\n"
		}
		text = text[:at[0]] + set + text[at[1]:]
	default:
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		text += set
	}
	if err := checkRemembered(text, key, value); err != nil {
		return fmt.Errorf("%s is left as it is: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return atomicfile.WriteBytes(path, []byte(text))
}

// checkRemembered reports why a file's text does not give a setting that value.
func checkRemembered(text, key, value string) error {
	places, err := placesIn([]byte(text))
	if err != nil {
		return err
	}
	at, there := places[strings.ToLower(key)]
	switch {
	case !there && value == "":
		return nil
	case there && at.node.Kind == yaml.ScalarNode && at.node.Value == value && value != "":
		return nil
	case there:
		return fmt.Errorf("its line %d has %s in a form that only you can change", at.line, key)
	}
	return fmt.Errorf("write %s: %s into it yourself", key, value)
}

// remarkOf is the comment behind a value at a place, with the blanks before it. A # in a
// value that stands in quotes begins none.
func remarkOf(text string, at []int) string {
	if at[4] < 0 || strings.HasPrefix(text[at[0]:], "#") || strings.ContainsAny(text[at[2]:at[3]], `"'`) {
		return ""
	}
	return text[at[4]:at[5]]
}

// placeOf is where the setting stands in a file, else where it stands as a comment: the
// bounds of the line, of what follows its colon, and of the comment behind that.
func placeOf(line *regexp.Regexp, text, key string) []int {
	all := line.FindAllStringSubmatchIndex(text, -1)
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
