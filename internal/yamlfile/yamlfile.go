// Package yamlfile reads YAML that a person wrote, and says what is wrong with it in that
// person's words: the line, and what to change there. YAML's parser names neither reliably.
// A message never quotes the text, which may hold a password.
package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Error is what keeps a text from being read.
type Error struct {
	Line   int // from 1; 0 where the text as a whole is meant
	Reason string
}

// Error is the reason after its line.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Reason
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
}

// In is the message about a text that comes from a file: "config.yaml line 3: ...".
func (e *Error) In(file string) string {
	if e.Line == 0 {
		return file + ": " + e.Reason
	}
	return fmt.Sprintf("%s line %d: %s", file, e.Line, e.Reason)
}

func wrong(line int, format string, args ...any) error {
	return &Error{Line: line, Reason: fmt.Sprintf(format, args...)}
}

// Parse returns the root of a text, or nil where it holds comments alone. Aliases stay
// what they are, so a small text cannot grow; one that leads into a circle is refused, as
// are a second document, a name that stands twice in one section, and tags like !!binary.
// Every error is an *Error.
func Parse(text []byte) (*yaml.Node, error) {
	if err := checkBytes(text); err != nil {
		return nil, err
	}
	documents := yaml.NewDecoder(bytes.NewReader(text))
	var document, next yaml.Node
	if err := documents.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, explain(text)
	}
	if err := documents.Decode(&next); err == nil {
		return nil, wrong(max(next.Line, 2), "a second document begins here with ---; everything must stand in one")
	} else if !errors.Is(err, io.EOF) {
		return nil, explain(text)
	}
	if len(document.Content) == 0 {
		return nil, nil
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	return root, checkNode(root, nil)
}

// checkBytes refuses what no editor shows: YAML forbids control characters, and a text in
// another encoding than UTF-8 would be read as something else. UTF-16 that says so is left
// to the parser, which reads it.
func checkBytes(text []byte) error {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil
	}
	line := 1
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size <= 1:
			return wrong(line, "it is not UTF-8; save the file in that encoding")
		case r == '\n':
			line++
		case r < ' ' && r != '\t' && r != '\r', r == 0x7f:
			return wrong(line, "it holds a control character (code %d)", r)
		}
		text = text[size:]
	}
	return nil
}

// checkNode looks through what was parsed, without following aliases. around are the nodes
// that n stands inside of.
func checkNode(n *yaml.Node, around []*yaml.Node) error {
	if n.Style&yaml.TaggedStyle != 0 {
		return wrong(n.Line, "a value that begins with ! must stand in quotes")
	}
	around = append(around, n)
	names := make(map[string]int)
	for i, child := range n.Content {
		if child.Kind == yaml.AliasNode {
			for _, outer := range around {
				if child.Alias == outer {
					return wrong(child.Line, "this stands inside of what it repeats")
				}
			}
			continue
		}
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			if child.Kind != yaml.ScalarNode {
				return wrong(child.Line, "the name before a colon must be a word")
			}
			if before := names[child.Value]; before > 0 {
				return wrong(child.Line, "%q stands on line %d already", child.Value, before)
			}
			names[child.Value] = child.Line
		}
		if err := checkNode(child, around); err != nil {
			return err
		}
	}
	return nil
}
