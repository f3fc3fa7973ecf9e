package walk

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRules(t *testing.T) {
	tests := []struct {
		lines   string
		path    string // a slash at the end: a folder
		ignored bool
	}{
		{"*.jpg", "a.jpg", true},
		{"*.jpg", "a/b/c.jpg", true},
		{"*.jpg", "a.jpeg", false},
		{"# a.jpg", "a.jpg", false},
		{`\#a.jpg`, "#a.jpg", true},
		{`\!a.jpg`, "!a.jpg", true},
		{"*.jpg\n!a.jpg", "a.jpg", false},
		{"!a.jpg\n*.jpg", "a.jpg", true},
		{"old/", "x/old/", true},
		{"old/", "x/old", false},
		{"/old", "old", true},
		{"/old", "x/old", false},
		{"x/old", "x/old", true},
		{"x/old", "y/x/old", false},
		{"**/old", "y/x/old", true},
		{"**/old", "old", true},
		{"a/**/z", "a/z", true},
		{"a/**/z", "a/b/c/z", true},
		{"a/**", "a/", false},
		{"a/**", "a/b", true},
		{"a/**", "a/b/c", true},
		{"a/*", "a/b/c", false},
		{"img_?.png", "img_1.png", true},
		{"img_[0-9].png", "img_x.png", false},
		{"img_[!0-9].png", "img_x.png", true},
		{"*.{tif,tiff}", "a.tiff", true},
		{"a  ", "a", true},
		{`a\ `, "a ", true},
		{"a\r\nb\r\n", "a", true},
		{"\ufeffa", "a", true},
		{"/", "a", true},
		{"*.bak", "\xff\xfe.bak", true},
		{"?.bak", "\xff.bak", true},
	}
	for _, tt := range tests {
		list, problems := parseLines([]byte(tt.lines))
		if len(problems) > 0 {
			t.Errorf("%q: %v", tt.lines, problems)
			continue
		}
		path, dir := strings.CutSuffix(tt.path, "/")
		for _, base := range []string{"/", "/base"} {
			full := strings.TrimSuffix(base, "/") + "/" + path
			if got := newRules(nil, base, list).match(full, dir); got != tt.ignored {
				t.Errorf("%q on %q below %q: ignored %v, want %v", tt.lines, tt.path, base, got, tt.ignored)
			}
		}
	}
}

func TestValidateGlobs(t *testing.T) {
	if err := ValidateGlobs([]string{"*.jpg", "/a/**/b/", "!x", `\#x`, "{a,b}"}); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"[a", "{a", "", "  ", "# comment", "!", "!/", `a\`} {
		if err := ValidateGlobs([]string{"ok", bad}); !errors.Is(err, errInvalidGlob) {
			t.Errorf("%q gave %v", bad, err)
		}
	}
}

func TestIgnoreFileTooLarge(t *testing.T) {
	name := filepath.Join(t.TempDir(), IgnoreFile)
	if err := os.WriteFile(name, make([]byte, maxIgnoreFile+1), 0o644); err != nil {
		t.Fatal(err)
	}
	list, problems := readIgnoreFile(name)
	if len(list) != 0 || len(problems) != 1 || !errors.Is(problems[0], ErrIgnoreFile) {
		t.Errorf("%d rules and %v", len(list), problems)
	}
}

// FuzzRules looks for lines and names that make the parser or the matcher panic, and
// for globs that the validation lets through and the reading does not.
func FuzzRules(f *testing.F) {
	for _, s := range []string{"*.jpg", "!a/**/b/", "[a-z]?", "{a,{b,c}}", "\\", "a/**", "/", "\xff[\xfe]", "!\\ "} {
		f.Add(s, "a/b.jpg")
	}
	f.Fuzz(func(t *testing.T, line, name string) {
		r, ok, err := parseRule(line)
		if valid := ValidateGlobs([]string{line}) == nil; valid != (ok && err == nil) {
			t.Fatalf("%q: valid %v, but parsed %v, %v", line, valid, ok, err)
		}
		if ok {
			newRules(nil, "/", []rule{r}).match("/"+name, true)
		}
	})
}
