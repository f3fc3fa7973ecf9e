package query

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/lazyregexp"
	"github.com/sightline/sightline/internal/query/syntax"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/webfetch"
)

// People who come from other programs write ./dog.jpg or an address where a query has
// @./dog.jpg. What stands alone as a term and names a picture is taken for one here; a
// phrase in quotes stays words.

// JoinArguments makes one line of arguments that a shell has divided. One that names a
// picture as a whole, with a weight before it or not, becomes a picture term however its
// name is written: it may hold blanks and operators. pictures are the names so found.
func JoinArguments(args []string) (line string, pictures []string) {
	words := make([]string, len(args))
	for i, arg := range args {
		weight := weighted().FindString(arg)
		name, ok := pictureNamed(arg[len(weight):])
		if !ok {
			if name, ok = pictureNamed(arg); ok {
				weight = ""
			}
		}
		if !ok {
			words[i] = arg
			continue
		}
		words[i] = strings.Replace(weight, ":", "*", 1) + "@" + quoted(name)
		pictures = append(pictures, name)
	}
	return strings.Join(words, " "), pictures
}

// weighted is a weight before a term: 2:./dog.jpg.
var weighted = lazyregexp.New(`^(\d+(\.\d*)?|\.\d+)[:*]`)

// quoted is a value between the quotes of a query.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// WithPictures returns the line with picture terms in place of the texts that name
// pictures as a whole, and those names.
func (l Line) WithPictures() (Line, []string) {
	var pictures []string
	q := *l.Query
	q.Terms = slices.Clone(q.Terms)
	for i, t := range q.Terms {
		if t.Kind != syntax.Text {
			continue
		}
		if name, ok := pictureNamed(t.Value); ok {
			q.Terms[i].Kind, q.Terms[i].Value = syntax.Picture, name
			pictures = append(pictures, name)
		}
	}
	l.Query = &q
	return l, pictures
}

// pictureNamed recognises what is no word: the address of a file on the web, a path that
// says that it is one (./dog.jpg, /photos/dog.jpg), or the name of a picture file that
// exists. It returns the name, of a file: address the path.
func pictureNamed(text string) (name string, ok bool) {
	if webfetch.Is(text) {
		return text, true
	}
	if rest, isFile := strings.CutPrefix(text, "file://"); isFile {
		if u, err := url.Parse(text); err == nil && u.Path != "" {
			return u.Path, true
		}
		return rest, rest != ""
	}
	if text == "" || strings.HasSuffix(text, "/") {
		return "", false
	}
	text = AtHome(text)
	isPath := strings.HasPrefix(text, "./") || strings.HasPrefix(text, "../") || strings.HasPrefix(text, "/")
	known := imaging.KnownExtension(text)
	info, err := os.Stat(text)
	switch {
	case err == nil && info.Mode().IsRegular():
		return text, isPath || known
	case isPath && known && !strings.ContainsAny(text, " \t\n"): // of the index, or mistyped, which is reported
		return text, true
	}
	return "", false
}

// NamedFolder returns the folder that a line of one term names by a path (./album, /photos,
// ~/Pictures), which is there; "" for any other line.
func (l Line) NamedFolder() string {
	if len(l.Query.Terms) != 1 || l.Query.Terms[0].Kind != syntax.Text {
		return ""
	}
	name := l.Query.Terms[0].Value
	isPath := slices.ContainsFunc([]string{"./", "../", "/", "~/"}, func(start string) bool { return strings.HasPrefix(name, start) })
	if info, err := os.Stat(AtHome(name)); !isPath || err != nil || !info.IsDir() {
		return ""
	}
	return name
}

// NearFiles returns the names beside a file that does not exist which may have been
// meant.
func NearFiles(path string) []string {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	near := spelling.Nearest(filepath.Base(path), names)
	for i, n := range near {
		near[i] = filepath.Join(filepath.Dir(path), n)
	}
	return near
}

// MistypedPicture returns the name of a line that is only the name of a picture file, which
// is not there, and the files that may be meant; "" for any other line.
func (l Line) MistypedPicture() (name string, near []string) {
	if len(l.Query.Terms) != 1 || l.Query.Terms[0].Kind != syntax.Text {
		return "", nil
	}
	name = l.Query.Terms[0].Value
	if _, err := os.Stat(name); err == nil || !imaging.KnownExtension(name) {
		return "", nil
	}
	return name, NearFiles(name)
}
