package server

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/lazyregexp"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/syntax"
	"github.com/sightline/sightline/internal/query/taglist"
	"github.com/sightline/sightline/internal/spelling"
)

// Suggestion is what was probably meant by a part of a query, so that a page can offer it.
type Suggestion struct {
	Instead string `json:"instead" doc:"The part of the query that may be mistyped; a remark or the error has it in quotes"`
	Text    string `json:"text" doc:"What was probably meant"`
	Query   string `json:"query" doc:"The whole query with it"`
}

// meant finds what messages of package query end with.
var meant = lazyregexp.New(`"([^"\s]+)".*: did you mean (.+)\?$`)

// suggestionsIn are those of a message about a query: a word, and what was meant by it.
func suggestionsIn(q, message string) []Suggestion {
	m := meant().FindStringSubmatch(message)
	if m == nil {
		return nil
	}
	var out []Suggestion
	for _, text := range strings.Split(strings.ReplaceAll(m[2], " or ", ", "), ", ") {
		if line, ok := replaceWord(q, m[1], text); ok {
			out = append(out, Suggestion{Instead: m[1], Text: text, Query: line})
		}
	}
	return out
}

// replaceWord puts another word in the place of the first one of a line, and reports whether
// that is a query.
func replaceWord(line, word, by string) (string, bool) {
	lower, want := strings.ToLower(line), strings.ToLower(word)
	if len(lower) != len(line) { // letters whose other case has another length
		lower, want = line, word
	}
	for from := 0; ; {
		i := strings.Index(lower[from:], want)
		if i < 0 {
			return "", false
		}
		i += from
		end := i + len(word)
		if !partOfWord(line[:i], true) && !partOfWord(line[end:], false) {
			out := line[:i] + by + line[end:]
			_, err := syntax.Parse(out)
			return out, err == nil
		}
		from = end
	}
}

// partOfWord reports whether a word goes on at the end, or the beginning, of a text.
func partOfWord(s string, end bool) bool {
	letters := []rune(s)
	if len(letters) == 0 {
		return false
	}
	r := letters[0]
	if end {
		r = letters[len(letters)-1]
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// missing says which tags and folders of a line's filters no picture has, and which may be
// meant. Nothing but the index is looked at: what folders this machine has is nobody's
// business.
func (s *Server) missing(ctx context.Context, x *Index, line query.Line) (remarks []string, found []Suggestion, err error) {
	c := line.Conditions()
	if remarks, err = query.Unmet(ctx, x.Store, c.Others); err != nil || len(c.Tags)+len(c.Under) == 0 {
		return remarks, nil, err
	}
	f, err := s.facets.get(ctx, x)
	if err != nil {
		return nil, nil, err
	}
	tags := make([]taglist.Tag, len(f.Tags))
	for i, t := range f.Tags {
		tags[i] = taglist.Tag{Label: t.Label, Pictures: t.Pictures}
	}
	for _, name := range c.Tags {
		if slices.ContainsFunc(f.Tags, func(t TagCount) bool { return label.Fold(t.Label) == label.Fold(name) }) {
			continue
		}
		remarks = append(remarks, fmt.Sprintf("no picture has the tag %q", name))
		for _, t := range taglist.Near(tags, name) {
			found = append(found, Suggestion{Instead: name, Text: t.Label, Query: replaceValue(line.Query, syntax.Tag, name, t.Label)})
		}
	}
	for _, p := range c.Under {
		clean := strings.TrimSuffix(p, "/")
		var names []string
		there := false
		for _, folder := range f.Folders {
			there = there || folder.Path == clean || strings.HasSuffix(folder.Path, "/"+clean)
			names = append(names, path.Base(folder.Path))
		}
		if there {
			continue
		}
		remarks = append(remarks, fmt.Sprintf("nothing is indexed below %q", p))
		near := spelling.Nearest(path.Base(clean), names)
		for _, folder := range f.Folders {
			if slices.Contains(near, path.Base(folder.Path)) && len(found) < maxSuggested {
				found = append(found, Suggestion{Instead: p, Text: folder.Path, Query: replaceValue(line.Query, syntax.Under, p, folder.Path)})
			}
		}
	}
	return remarks, found, nil
}

// maxSuggested bounds the folders that are suggested.
const maxSuggested = 6

// replaceValue is a query with another value in a filter that every picture must meet.
func replaceValue(q *syntax.Query, field syntax.Field, value, by string) string {
	parts := slices.Clone(syntax.Parts(q.Filter))
	for i, f := range parts {
		if c, ok := f.(syntax.Condition); ok && c.Field == field && c.Value == value {
			c.Value = by
			parts[i] = c
		}
	}
	out := syntax.Query{Terms: q.Terms, Filter: syntax.And(parts)}
	if len(parts) == 1 {
		out.Filter = parts[0]
	}
	return out.String()
}
