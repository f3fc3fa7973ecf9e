package milvustest

import (
	"cmp"
	"errors"
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
	match, err := compile(expr)
	if err != nil {
		return false, err
	}
	return match(row)
}

// predicate reports whether a row matches. All of an expression is evaluated for every
// row, so that no mistake in it is passed over.
type predicate func(Row) (bool, error)

// compile reads an expression once for all rows: some list a thousand ids.
func compile(expr string) (predicate, error) {
	if expr == "" {
		return func(Row) (bool, error) { return true, nil }, nil
	}
	var p parser
	p.s.Init(strings.NewReader(expr))
	p.s.Mode = scanner.ScanIdents | scanner.ScanInts | scanner.ScanStrings
	p.s.Error = func(*scanner.Scanner, string) {} // seen as a token that does not fit
	p.next()
	match := p.or()
	if p.tok != scanner.EOF {
		p.fail("something follows")
	}
	return match, p.err
}

// parser makes predicates by recursive descent.
type parser struct {
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

// both joins two predicates.
func both(a, b predicate, join func(a, b bool) bool) predicate {
	return func(r Row) (bool, error) {
		x, errX := a(r)
		y, errY := b(r)
		return join(x, y), errors.Join(errX, errY)
	}
}

func (p *parser) or() predicate {
	v := p.and()
	for p.err == nil && p.word("or") {
		v = both(v, p.and(), func(a, b bool) bool { return a || b })
	}
	return v
}

func (p *parser) and() predicate {
	v := p.unary()
	for p.err == nil && p.word("and") {
		v = both(v, p.unary(), func(a, b bool) bool { return a && b })
	}
	return v
}

func (p *parser) unary() predicate {
	switch {
	case p.err != nil:
		return nil // never called
	case p.word("not"):
		v := p.unary()
		return func(r Row) (bool, error) {
			yes, err := v(r)
			return !yes, err
		}
	case p.tok == '(':
		p.next()
		v := p.or()
		p.expect(')')
		return v
	case p.word("array_contains"):
		p.expect('(')
		field := p.field()
		p.expect(',')
		want, _ := p.literal().(string)
		p.expect(')')
		return func(r Row) (bool, error) {
			list, ok := r[field].([]string)
			if !ok {
				return false, fmt.Errorf("%q is not an array", field)
			}
			return slices.Contains(list, want), nil
		}
	}
	return p.comparison()
}

func (p *parser) field() string {
	name := p.s.TokenText()
	if p.tok != scanner.Ident {
		p.fail("expected a field")
	}
	p.next()
	return name
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

func (p *parser) comparison() predicate {
	field := p.field()
	if p.word("in") {
		p.expect('[')
		list := make(map[any]bool)
		for p.err == nil && p.tok != ']' {
			list[p.literal()] = true
			if p.tok == ',' {
				p.next()
			}
		}
		p.expect(']')
		return func(r Row) (bool, error) {
			switch v := r[field].(type) {
			case string, int64:
				return list[v], nil
			}
			return false, fmt.Errorf("no field %q of a kind to look for", field)
		}
	}
	op := string(p.tok)
	p.next()
	if p.tok == '=' {
		op += "="
		p.next()
	}
	means, ok := operators[op]
	if !ok {
		p.fail("unknown operator " + op)
	}
	right := p.literal()
	return func(r Row) (bool, error) {
		order, err := compare(r[field], right)
		return err == nil && means(order), err
	}
}

// operators tell what the order of two values must be.
var operators = map[string]func(order int) bool{
	"==": func(o int) bool { return o == 0 },
	"<":  func(o int) bool { return o < 0 },
	"<=": func(o int) bool { return o <= 0 },
	">":  func(o int) bool { return o > 0 },
	">=": func(o int) bool { return o >= 0 },
}

func compare(a, b any) (int, error) {
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b), nil
		}
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b), nil
		}
	}
	return 0, fmt.Errorf("%T is compared with %T", a, b)
}
