package walk

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/bmatcuk/doublestar/v4"
)

// IgnoreFile is the name of the files that say what to ignore in their folder and
// below it. They are written like .gitignore files: a glob a line; # starts a
// comment; ! takes back what an earlier line ignored; a slash at the end means
// folders alone; a slash elsewhere ties the glob to the folder of the file, and
// without one it fits a name at any depth; ** stands for any number of folders.
// {a,b} is understood as well. The last line that fits decides, and a deeper file
// overrules a higher one, but nothing below an ignored folder is looked at.
const IgnoreFile = ".sightlineignore"

// maxIgnoreFile bounds what is read of an ignore file, in bytes.
const maxIgnoreFile = 1 << 20

// rule is one line.
type rule struct {
	glob     string
	anchored bool // fits the path from the rule's folder, not the name alone
	dirOnly  bool
	negate   bool
}

// ValidateGlobs says which of globs, lines as in an ignore file, is malformed.
func ValidateGlobs(globs []string) error {
	_, err := parseGlobs(globs)
	return err
}

func parseGlobs(globs []string) ([]rule, error) {
	var list []rule
	for _, g := range globs {
		r, ok, err := parseRule(g)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("%w %q: it says nothing", errInvalidGlob, g)
		}
		list = append(list, r)
	}
	return list, nil
}

// readIgnoreFile returns the lines that can be used and the problems with others.
func readIgnoreFile(path string) ([]rule, []error) {
	// O_NONBLOCK: to open a pipe would wait for a writer for ever.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, []error{fmt.Errorf("%w: %w", ErrIgnoreFile, cause(err))}
	}
	defer f.Close() // nothing was written
	if info, err := f.Stat(); err != nil {
		return nil, []error{fmt.Errorf("%w: %w", ErrIgnoreFile, cause(err))}
	} else if !info.Mode().IsRegular() {
		return nil, []error{fmt.Errorf("%w: it is not a regular file", ErrIgnoreFile)}
	}
	text, err := io.ReadAll(io.LimitReader(f, maxIgnoreFile+1))
	if err != nil {
		return nil, []error{fmt.Errorf("%w: %w", ErrIgnoreFile, cause(err))}
	}
	if len(text) > maxIgnoreFile {
		return nil, []error{fmt.Errorf("%w: larger than %d bytes", ErrIgnoreFile, maxIgnoreFile)}
	}
	return parseLines(text)
}

func parseLines(text []byte) ([]rule, []error) {
	var list []rule
	var problems []error
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		r, ok, err := parseRule(line)
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("%w: line %d: %w", ErrIgnoreFile, n, err))
		case ok:
			list = append(list, r)
		}
	}
	return list, problems
}

// parseRule reads one line; ok is false for a blank one or a comment.
func parseRule(line string) (r rule, ok bool, err error) {
	g := trimSpaces(line)
	if g == "" || g[0] == '#' {
		return r, false, nil
	}
	if g[0] == '!' {
		r.negate = true
		g = g[1:]
	}
	if body := strings.TrimRight(g, "/"); body != g {
		r.dirOnly = true
		g = body
	}
	r.anchored = strings.Contains(g, "/")
	g = strings.TrimPrefix(g, "/")
	if g == "" {
		if r.dirOnly && !r.negate { // a lone slash
			return rule{glob: "*"}, true, nil
		}
		return r, false, fmt.Errorf("%w %q: it names nothing", errInvalidGlob, line)
	}
	// x/** is what lies in x and not x itself, to git; to doublestar it is both.
	if strings.HasSuffix(g, "/**") {
		g += "/*"
	}
	if !doublestar.ValidatePattern(g) {
		return r, false, fmt.Errorf("%w %q", errInvalidGlob, line)
	}
	r.glob = g
	return r, true, nil
}

// trimSpaces drops spaces at the end, save one that a backslash keeps.
func trimSpaces(s string) string {
	t := strings.TrimRight(s, " \t")
	if slashes := len(t) - len(strings.TrimRight(t, `\`)); slashes%2 == 1 && len(t) < len(s) {
		t = s[:len(t)+1]
	}
	return t
}

func (r *rule) match(rel, name string, dir bool) bool {
	if r.dirOnly && !dir {
		return false
	}
	if r.anchored {
		return doublestar.MatchUnvalidated(r.glob, rel)
	}
	return doublestar.MatchUnvalidated(r.glob, name)
}

// rules are the lines of one ignore file, and those of the folders above it.
type rules struct {
	above *rules
	base  string // the folder with one slash behind it
	list  []rule
}

func newRules(above *rules, folder string, list []rule) *rules {
	if len(list) == 0 {
		return above
	}
	return &rules{above: above, base: strings.TrimSuffix(folder, "/") + "/", list: list}
}

// match says whether the file or folder at path is ignored. A nil receiver ignores
// nothing.
func (rs *rules) match(path string, dir bool) bool {
	if rs == nil {
		return false
	}
	name := path[strings.LastIndexByte(path, '/')+1:]
	for ; rs != nil; rs = rs.above {
		rel := path[len(rs.base):]
		for i := len(rs.list) - 1; i >= 0; i-- {
			if r := &rs.list[i]; r.match(rel, name, dir) {
				return !r.negate
			}
		}
	}
	return false
}
