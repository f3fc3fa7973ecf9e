package syntax

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDepth bounds how deeply filters nest, and maxLine how long a line is, in bytes.
const (
	maxDepth = 50
	maxLine  = 64 << 10
	// maxTerms bounds the terms of a line: each is embedded by the model.
	maxTerms = 100
)

// Parse reads a line. The error is an *Error.
func Parse(line string) (*Query, error) {
	if len(line) > maxLine {
		return nil, &Error{Column: 1, Message: "the query is longer than 64 KiB"}
	}
	p := &parser{text: line}
	q, bad := p.query()
	if bad != nil {
		return nil, bad
	}
	return q, nil
}

// parser stands at a byte of the line.
type parser struct {
	text string
	at   int
}

// column is the place of a byte in characters, from 1.
func (p *parser) column(at int) int { return utf8.RuneCountInString(p.text[:at]) + 1 }

func (p *parser) fail(at int, advice, message string) *Error {
	return &Error{Column: p.column(at), Message: message, Advice: advice}
}

// query reads the whole line: filters wherever they stand, and terms from the rest.
func (p *parser) query() (*Query, *Error) {
	var filters And
	terms := builder{p: p}
	for p.space(); p.at < len(p.text); p.space() {
		if p.filterAt(p.at, 0) {
			f, bad := p.alternatives(0)
			if bad != nil {
				return nil, bad
			}
			filters = append(filters, f)
			continue
		}
		if bad := terms.read(); bad != nil {
			return nil, bad
		}
	}
	list, bad := terms.finish()
	if bad != nil {
		return nil, bad
	}
	if len(list) > maxTerms {
		return nil, &Error{
			Column: list[maxTerms].Column, Message: fmt.Sprintf("the query has %d terms, at most %d are compared", len(list), maxTerms),
			Advice: "make a label of what belongs together: search label save --help",
		}
	}
	return &Query{Terms: list, Filter: single(filters)}, nil
}

// single takes a list of one out of its And, and makes nil of none.
func single(list And) Filter {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return list
}

// space passes over white space.
func (p *parser) space() {
	p.at += len(p.text[p.at:]) - len(strings.TrimLeftFunc(p.text[p.at:], unicode.IsSpace))
}

// wordAt returns what stands at a place up to the next white space.
func (p *parser) wordAt(at int) string {
	rest := p.text[at:]
	if i := strings.IndexFunc(rest, unicode.IsSpace); i >= 0 {
		return rest[:i]
	}
	return rest
}

// quoted reads a quoted text, at whose first quote the parser stands.
func (p *parser) quoted() (string, *Error) {
	var b strings.Builder
	for i := p.at + 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.at = i + 1
			return b.String(), nil
		case c == '\\' && i+1 < len(p.text) && (p.text[i+1] == '"' || p.text[i+1] == '\\'):
			i++
			b.WriteByte(p.text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", p.fail(p.at, `close it, or write \" for a quote within quotes`, "the quote is not closed")
}

// value reads a value, quoted or up to the next white space. Within parentheses it
// also ends before the one that closes them.
func (p *parser) value(depth int) (string, *Error) {
	if strings.HasPrefix(p.text[p.at:], `"`) {
		return p.quoted()
	}
	start, open := p.at, 0
	for i, r := range p.text[start:] {
		switch {
		case unicode.IsSpace(r), r == ')' && depth > 0 && open == 0:
			p.at = start + i
			return p.text[start:p.at], nil
		case r == '(':
			open++
		case r == ')':
			open--
		}
	}
	p.at = len(p.text)
	return p.text[start:], nil
}

// weightOf recognises a weight at the start of a word: 2*red, 2:cat, 2:./cat.jpg or
// 2:"black cat". It returns its length.
func weightOf(word string) (weight float64, n int, ok bool) {
	for n < len(word) && (word[n] >= '0' && word[n] <= '9' || word[n] == '.') {
		n++
	}
	if n == 0 || n == len(word) {
		return 0, 0, false
	}
	next, _ := utf8.DecodeRuneInString(word[n+1:])
	switch {
	case word[n] == '*' && !(next >= '0' && next <= '9'):
	case word[n] == ':' && (unicode.IsLetter(next) || next == '"' || next == '@' || next == '#' || beginsPath(word[n+1:])):
	default:
		return 0, 0, false
	}
	weight, err := strconv.ParseFloat(word[:n], 64)
	return weight, n + 1, err == nil
}

// beginsPath recognises a path that says that it is one.
func beginsPath(s string) bool {
	return strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../") || strings.HasPrefix(s, "/") && len(s) > 1 || strings.HasPrefix(s, "~/")
}

// thresholdAt returns where in a word a threshold begins, -1 where none does.
func thresholdAt(word string) int {
	i := strings.LastIndex(word, ">=")
	if i < 0 {
		return -1
	}
	if _, err := strconv.ParseFloat(strings.TrimPrefix(word[i+2:], "p"), 64); err != nil {
		return -1
	}
	return i
}
