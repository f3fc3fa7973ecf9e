package milvustest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/scanner"
)

// Eval evaluates an expression of Milvus's filter language for a row: the part of the
// language that package milvus uses. It is stricter than a server: string literals
// must hold no character that would need care, and every field must exist.
func Eval(expr string, row Row) (bool, error) {
	if expr == "" {
		return true, nil
	}
	p := parser{row: row}
	p.s.Init(strings.NewReader(expr))
	p.s.Mode = scanner.ScanIdents | scanner.ScanInts | scanner.ScanStrings
	p.s.Error = func(*scanner.Scanner, string) {} // seen as a token that does not fit
	p.next()
	v := p.or()
	if p.tok != scanner.EOF {
		p.fail("something follows")
	}
	return v, p.err
}

// parser evaluates while it reads, by recursive descent.
type parser struct {
	row Row
	s   scanner.Scanner
	tok rune
	err error
}

func (p *parser) next() { p.tok = p.s.Scan() }

func (p *parser) fail(why string) {
	if p.err == nil {
		p.err = fmt.Errorf("at %d, %q: %s", p.s.Offset, p.s.TokenText(), why)
	}
}

// word consumes an identifier if it is the next token.
func (p *parser) word(w string) bool {
	if p.tok == scanner.Ident && p.s.TokenText() == w {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(tok rune) {
	if p.tok != tok {
		p.fail("expected " + scanner.TokenString(tok))
		return
	}
	p.next()
}

func (p *parser) or() bool {
	v := p.and()
	for p.err == nil && p.word("or") {
		right := p.and() // always read
		v = v || right
	}
	return v
}

func (p *parser) and() bool {
	v := p.unary()
	for p.err == nil && p.word("and") {
		right := p.unary()
		v = v && right
	}
	return v
}

func (p *parser) unary() bool {
	switch {
	case p.err != nil:
		return false
	case p.word("not"):
		return !p.unary()
	case p.tok == '(':
		p.next()
		v := p.or()
		p.expect(')')
		return v
	case p.word("array_contains"):
		p.expect('(')
		list, ok := p.field().([]string)
		if !ok {
			p.fail("not an array")
		}
		p.expect(',')
		want, _ := p.literal().(string)
		p.expect(')')
		return slices.Contains(list, want)
	}
	return p.comparison()
}

func (p *parser) field() any {
	if p.tok != scanner.Ident {
		p.fail("expected a field")
		return nil
	}
	v, ok := p.row[p.s.TokenText()]
	if !ok {
		p.fail("no such field")
	}
	p.next()
	return v
}

func (p *parser) literal() any {
	negative := false
	if p.tok == '-' {
		negative = true
		p.next()
	}
	text := p.s.TokenText()
	switch p.tok {
	case scanner.Int:
		if negative {
			text = "-" + text
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			p.fail(err.Error())
		}
		p.next()
		return n
	case scanner.String:
		inside := text[1 : len(text)-1]
		if strings.ContainsAny(inside, "\"'\\\n\r\t\x00") {
			p.fail("a literal that needs quoting")
		}
		p.next()
		return inside
	}
	p.fail("expected a literal")
	return nil
}

func (p *parser) comparison() bool {
	left := p.field()
	if p.word("in") {
		p.expect('[')
		found := false
		for p.err == nil && p.tok != ']' {
			found = p.literal() == left || found
			if p.tok == ',' {
				p.next()
			}
		}
		p.expect(']')
		return found
	}
	op := string(p.tok)
	p.next()
	if p.tok == '=' {
		op += "="
		p.next()
	}
	order := p.compare(left, p.literal())
	switch op {
	case "==":
		return order == 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	}
	p.fail("unknown operator " + op)
	return false
}

func (p *parser) compare(a, b any) int {
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b)
		}
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
	}
	p.fail("compared with something else")
	return 0
}
