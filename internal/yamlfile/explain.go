package yamlfile

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// explain finds what is wrong with a text that the parser refused.
func explain(text []byte) error {
	lines := strings.Split(string(text), "\n")
	n := firstWrong(text)
	for n > 1 && isBlank(lines[n-1]) {
		n--
	}
	line := lines[n-1]
	if indent := indentOf(line); strings.Contains(indent, "\t") {
		return wrong(n, "it begins with a tab; write blanks in its place")
	}
	if reason := wrongValue(line); reason != "" {
		return wrong(n, "%s", reason)
	}
	before := n - 1
	for before > 0 && isBlank(lines[before-1]) {
		before--
	}
	if before > 0 && !hasName(lines[before-1]) && indentOf(lines[before-1]) == indentOf(line) {
		n, line = before, lines[before-1]
	}
	if !hasName(line) {
		return wrong(n, `a name, a colon and a blank must stand before a value, or a dash and a blank before an item: "name: value", "- item"`)
	}
	return wrong(n, "it is indented in another way than the lines around it")
}

// manyLines is how many lines are tried one after the other. Longer texts are halved,
// which may name another line where values have several lines.
const manyLines = 500

// firstWrong returns the number of the line, from 1, from which on a text cannot be read:
// what ends before it can be, and whatever ends later cannot.
func firstWrong(text []byte) int {
	ends := []int{0}
	for i, c := range text {
		if c == '\n' {
			ends = append(ends, i+1)
		}
	}
	if ends[len(ends)-1] != len(text) {
		ends = append(ends, len(text))
	}
	good, bad := 0, len(ends)-1
	for good+1 < bad {
		middle := (good + bad) / 2
		if len(ends) < manyLines {
			middle = bad - 1
		}
		if parses(text[:ends[middle]]) {
			good = middle
		} else {
			bad = middle
		}
	}
	return max(bad, 1)
}

func parses(text []byte) bool {
	documents := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var n yaml.Node
		if err := documents.Decode(&n); err != nil {
			return err.Error() == "EOF"
		}
	}
}

// isBlank reports whether a line holds nothing, or a comment.
func isBlank(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

func indentOf(line string) string {
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

// split takes a line apart: the items' dashes are dropped, and what stands before the first
// colon is the name. named is false where there is neither.
func split(line string) (value string, named bool) {
	line = strings.TrimSpace(line)
	for line == "-" || strings.HasPrefix(line, "- ") {
		line, named = strings.TrimSpace(line[1:]), true
	}
	if line == "" || strings.ContainsRune(`"'[{&*!|>@%`+"`", rune(line[0])) {
		return line, named
	}
	if name, ok := strings.CutSuffix(line, ":"); ok && !strings.Contains(name, ": ") {
		return "", true
	}
	if _, after, ok := strings.Cut(line, ": "); ok {
		return strings.TrimSpace(after), true
	}
	return line, named
}

func hasName(line string) bool {
	_, named := split(line)
	return named
}

// wrongValue says what is wrong with the value of a line by itself, or "".
func wrongValue(line string) string {
	value, named := split(line)
	if value == "" {
		return ""
	}
	switch first := value[:1]; first {
	case `"`, `'`:
		return wrongQuotes(value)
	case "[", "{":
		return "the " + first + " has no " + map[string]string{"[": "]", "{": "}"}[first] + ", or a comma is missing after it"
	case "@", "`", "%", "&", "*", "!":
		return "a value that begins with " + first + " must stand in quotes"
	case "|", ">":
		return "a text after " + first + " must begin on the next line"
	}
	if named && (strings.Contains(value, ": ") || strings.HasSuffix(value, ":")) {
		return "a value with a colon before a blank must stand in quotes"
	}
	return ""
}

// escapes are what may follow a backslash in double quotes.
const escapes = "0abt\tnvfre \"/\\N_LPxuU"

// wrongQuotes says what is wrong with a value that begins with a quote.
func wrongQuotes(value string) string {
	quote := value[0]
	for i := 1; i < len(value); i++ {
		switch {
		case quote == '"' && value[i] == '\\':
			if i++; i < len(value) && !validEscape(value[i:]) {
				return `a backslash in double quotes has a meaning of its own; write single quotes: 'C:\photos'`
			}
		case quote == '\'' && strings.HasPrefix(value[i:], "''"):
			i++
		case value[i] == quote:
			if rest := strings.TrimSpace(value[i+1:]); rest != "" && rest[0] != '#' {
				return "something follows the closing quote"
			}
			return ""
		}
	}
	return "the quote " + value[:1] + " is not closed"
}

// validEscape reports whether what follows a backslash is an escape of YAML.
func validEscape(s string) bool {
	digits, ok := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[0]]
	if !ok {
		return strings.IndexByte(escapes, s[0]) >= 0
	}
	if len(s) <= digits {
		return false
	}
	return strings.Trim(s[1:digits+1], "0123456789abcdefABCDEF") == ""
}
