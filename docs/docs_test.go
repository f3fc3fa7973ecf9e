// Package docs_test keeps the pages readable and true where a test can tell: no paragraph
// is long, every link leads somewhere, and the map in design.md names every package.
package docs_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

const root = ".."

// longest is the most words that a paragraph may have.
const longest = 120

// pages are the paths of the project's pages, relative to its root.
func pages(t *testing.T) []string {
	t.Helper()
	found := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "models/starter/README.md", "scripts/starter/README.md"}
	for _, pattern := range []string{"*.md", "guides/*.md"} {
		entries, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			found = append(found, path.Join("docs", filepath.ToSlash(e)))
		}
	}
	return found
}

func read(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(page)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var listItem = regexp.MustCompile(`^\s*([-*]|\d+\.)\s+`)

// paragraphs cuts a page into what a reader takes in at once: paragraphs, items of lists,
// cells of tables. Code is left out.
func paragraphs(text string) []string {
	var found []string
	var words []string
	end := func() {
		if len(words) > 0 {
			found = append(found, strings.Join(words, " "))
			words = nil
		}
	}
	fenced := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(trimmed, "```"):
			end()
			fenced = !fenced
		case fenced:
		case trimmed == "":
			end()
		case strings.HasPrefix(line, "    ") && len(words) == 0:
		case strings.HasPrefix(trimmed, "#"):
			end()
		case strings.HasPrefix(trimmed, "|"):
			end()
			for cell := range strings.SplitSeq(trimmed, "|") {
				words = strings.Fields(cell)
				end()
			}
		default:
			if mark := listItem.FindString(line); mark != "" {
				end()
				line = line[len(mark):]
			}
			words = append(words, strings.Fields(line)...)
		}
	}
	end()
	return found
}

func TestParagraphsAreShort(t *testing.T) {
	for _, page := range pages(t) {
		for _, p := range paragraphs(read(t, page)) {
			if n := len(strings.Fields(p)); n > longest {
				t.Errorf("%s: a paragraph of %d words (at most %d): %.80s...", page, n, longest, p)
			}
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// anchors are the names under which the headings of a page can be linked to, as GitHub
// makes them.
func anchors(text string) []string {
	var found []string
	fenced := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if fenced || !strings.HasPrefix(line, "#") {
			continue
		}
		heading := strings.ToLower(strings.TrimSpace(strings.TrimLeft(line, "#")))
		found = append(found, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsNumber(r), r == '-', r == '_':
				return r
			}
			return -1
		}, heading))
	}
	return found
}

func TestLinksLeadSomewhere(t *testing.T) {
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := page
			if file != "" {
				target = path.Join(path.Dir(page), file)
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(target))); err != nil {
				t.Errorf("%s: the link to %s leads nowhere: %v", page, m[1], err)
				continue
			}
			if anchor != "" && !slices.Contains(anchors(read(t, target)), anchor) {
				t.Errorf("%s: the link to %s leads to no heading", page, m[1])
			}
		}
	}
}

// tree reads the map of design.md: the folders that it names, as paths. A line names one or
// more folders, each with a slash at its end, below those that are indented less.
func tree(text string) []string {
	type folder struct {
		indent int
		path   string
	}
	var above []folder
	var found []string
	for line := range strings.Lines(text) {
		rest := strings.TrimLeft(line, " ")
		indent := len(line) - len(rest)
		if indent < 4 {
			above = nil
			continue
		}
		for len(above) > 0 && above[len(above)-1].indent >= indent {
			above = above[:len(above)-1]
		}
		below := ""
		if len(above) > 0 {
			below = above[len(above)-1].path
		}
		for _, name := range strings.Fields(rest) {
			if !strings.HasSuffix(name, "/") {
				break
			}
			p := path.Join(below, name)
			found = append(found, p)
			if above = append(above, folder{indent, p}); len(above) > 1 && above[len(above)-2].indent == indent {
				above = slices.Delete(above, len(above)-2, len(above)-1)
			}
		}
	}
	return found
}

func TestTreeNamesEveryPackage(t *testing.T) {
	named := tree(read(t, "docs/design.md"))
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == "testdata" {
			return errOr(err, fs.SkipDir)
		}
		if d.IsDir() || !strings.HasSuffix(d.Name(), ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		if pkg := filepath.ToSlash(rel); !slices.Contains(named, pkg) {
			t.Errorf("docs/design.md does not name %s in its tree", pkg)
			named = append(named, pkg) // once is enough
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func errOr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// The tests above see what they should.

func TestParagraphs(t *testing.T) {
	text := "# A heading\n\nOne two\nthree.\n\n    code is left out\n\n- an item\n  goes on\n- another\n\n| a cell | b |\n|---|---|\n```\ncode\n```\nlast\n"
	want := []string{"One two three.", "an item goes on", "another", "a cell", "b", "---", "---", "last"}
	if diff := cmp.Diff(want, paragraphs(text)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAnchors(t *testing.T) {
	want := []string{"the-house", "json-and-csv"}
	if diff := cmp.Diff(want, anchors("# The house\ntext\n```\n# no\n```\n### JSON, and CSV\n")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTree(t *testing.T) {
	text := "text\n\n    cmd/x/   a command\n    internal/\n      a/     one\n        b/ c/   two\n      d/     three\n\nmore\n"
	want := []string{"cmd/x", "internal", "internal/a", "internal/a/b", "internal/a/c", "internal/d"}
	if diff := cmp.Diff(want, tree(text)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
