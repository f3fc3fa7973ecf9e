package syntax

import (
	"strings"
	"unicode"
)

// filterAt reports whether a filter begins at a place: a condition, or a group that
// begins with one, with a dash or NOT before it or not.
func (p *parser) filterAt(at, depth int) bool {
	for ; at < len(p.text) && depth <= maxDepth; depth++ {
		rest := p.text[at:]
		switch {
		case rest[0] == '(':
			at++
			at += len(p.text[at:]) - len(strings.TrimLeftFunc(p.text[at:], unicode.IsSpace))
		case p.wordAt(at) == "NOT":
			at += len("NOT")
			at += len(p.text[at:]) - len(strings.TrimLeftFunc(p.text[at:], unicode.IsSpace))
		case rest[0] == '-' && len(rest) > 1 && rest[1] != '-':
			at++
		default:
			_, _, ok := conditionAt(rest)
			return ok
		}
	}
	return false
}

// conditionAt recognises the start of a condition: its field and its comparison.
func conditionAt(rest string) (Field, Comparison, bool) {
	n := strings.IndexFunc(rest, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') })
	if n <= 0 {
		return "", "", false
	}
	name, after := rest[:n], rest[n:]
	if value, ok := strings.CutPrefix(after, ":"); ok {
		f, known := fieldOf(name, fields)
		// "before:" with nothing behind it are words of a text. "under:" is a filter whose
		// variable was empty in a script: taken for a word it would mean everything.
		words := f == Before || f == After
		return f, Is, known && (!words || value != "" && strings.IndexFunc(value, unicode.IsSpace) != 0)
	}
	for _, how := range []Comparison{Least, Most, More, Less, Exactly} {
		if strings.HasPrefix(after, string(how)) {
			f, known := fieldOf(name, numbers)
			return f, how, known
		}
	}
	return "", "", false
}

// alternatives reads a filter and those that OR joins to it.
func (p *parser) alternatives(depth int) (Filter, *Error) {
	first, bad := p.filter(depth)
	if bad != nil {
		return nil, bad
	}
	any := Or{first}
	for {
		before := p.at
		p.space()
		or := p.at
		if p.wordAt(p.at) != "OR" {
			p.at = before
			break
		}
		p.at += len("OR")
		p.space()
		if !p.filterAt(p.at, depth) {
			if depth == 0 { // a word of the text
				p.at = before
				break
			}
			return nil, p.fail(or, "for example: (tag:sea OR tag:lake)", "no filter follows OR")
		}
		next, bad := p.filter(depth)
		if bad != nil {
			return nil, bad
		}
		any = append(any, next)
	}
	if len(any) == 1 {
		return first, nil
	}
	return any, nil
}

// filter reads one filter: a condition or a group, inverted or not.
func (p *parser) filter(depth int) (Filter, *Error) {
	if depth > maxDepth {
		return nil, p.fail(p.at, "", "the filters are nested too deeply")
	}
	switch {
	case p.wordAt(p.at) == "NOT":
		p.at += len("NOT")
		p.space()
		part, bad := p.filter(depth + 1)
		return Not{part}, bad
	case p.text[p.at] == '-':
		p.at++
		part, bad := p.filter(depth + 1)
		return Not{part}, bad
	case p.text[p.at] == '(':
		return p.group(depth + 1)
	}
	return p.condition(depth)
}

// group reads filters in parentheses, at whose first one the parser stands.
func (p *parser) group(depth int) (Filter, *Error) {
	open := p.at
	p.at++
	var all And
	for p.space(); ; p.space() {
		switch {
		case p.at == len(p.text):
			return nil, p.fail(open, "close it with )", "the parenthesis is not closed")
		case p.text[p.at] == ')':
			p.at++
			return single(all), nil // filterAt has seen one
		case !p.filterAt(p.at, depth):
			return nil, p.fail(p.at, "words to look for stand outside of the parentheses", "only filters can stand in parentheses with filters")
		}
		f, bad := p.alternatives(depth)
		if bad != nil {
			return nil, bad
		}
		all = append(all, f)
	}
}

// condition reads a field, a comparison and a value.
func (p *parser) condition(depth int) (Filter, *Error) {
	start := p.at
	field, how, ok := conditionAt(p.text[p.at:])
	if !ok { // a group or a NOT that filterAt looked into further than maxDepth
		return nil, p.fail(p.at, "", "a filter is missing here")
	}
	p.at += len(field) + len(how)
	at := p.at
	value, bad := p.value(depth)
	if bad != nil {
		return nil, bad
	}
	c, bad := newCondition(field, how, value)
	if bad != nil {
		bad.Column = p.column(at)
		return nil, bad
	}
	c.Column = p.column(start)
	return c, nil
}
