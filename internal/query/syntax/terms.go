package syntax

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxWeight bounds a weight: more would drown every other term.
const maxWeight = 1000

// builder makes terms of what is no filter.
type builder struct {
	p     *parser
	terms []Term

	term     Term     // in the making
	words    []string // of it, where it is a text
	operator int      // where an operator or weight stands that waits for its term; -1 for none
	waiting  string   // that operator
}

// read takes the next word, phrase, picture or label of the line.
func (b *builder) read() *Error {
	p, start := b.p, b.p.at
	word := p.wordAt(start)
	switch {
	case word == "+" || word == "AND":
		return b.operate(Add, word)
	case word == "-":
		return b.operate(Subtract, word)
	case word == "NOT":
		return b.operate(Exclude, word)
	case word[0] == '"':
		return b.whole(Phrase, 0)
	case word[0] == '@' && len(word) > 1:
		return b.whole(Picture, 1)
	case word[0] == '#' && nameFollows(word[1:]):
		return b.whole(Label, 1)
	}
	if w, n, ok := weightOf(word); ok {
		return b.weigh(w, word[:n])
	}
	if i := thresholdAt(word); i >= 0 && !isOperator(word[:i]) && thresholdAt(word[:i]) < 0 {
		if i > 0 {
			b.word(word[:i], start)
		}
		p.at = start + len(word)
		bad := b.threshold(word[i+2:], start+i)
		if meant := MistypedFilter(word); bad != nil && meant != "" {
			bad.Advice = "did you mean " + meant + "?"
		}
		return bad
	}
	b.word(word, start)
	p.at = start + len(word)
	return nil
}

// isOperator reports whether a word is one.
func isOperator(word string) bool {
	switch word {
	case "+", "-", "AND", "NOT", "OR":
		return true
	}
	return false
}

// nameFollows reports whether a name of a label follows: #1 is text.
func nameFollows(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return r == '"' || unicode.IsLetter(r)
}

// word adds a word to the text in the making.
func (b *builder) word(word string, at int) {
	if len(b.words) == 0 {
		b.begin(at)
	}
	b.words = append(b.words, word)
}

// begin marks the place of the term in the making.
func (b *builder) begin(at int) {
	if b.waiting == "" {
		b.term.Column = b.p.column(at)
	}
	b.waiting = ""
}

// operate ends the term in the making and begins the next with an operator.
func (b *builder) operate(op Op, word string) *Error {
	at := b.p.at
	if b.waiting != "" {
		return b.p.fail(at, "write it in quotes to search for it", fmt.Sprintf("%s follows %s, and a term is missing between them", word, b.waiting))
	}
	b.end()
	b.term = Term{Op: op, Column: b.p.column(at)}
	b.operator, b.waiting = at, word
	b.p.at = at + len(word)
	return nil
}

// weigh begins a term with a weight.
func (b *builder) weigh(weight float64, word string) *Error {
	at := b.p.at
	if !(weight > 0 && weight <= maxWeight) {
		advice := "use - or NOT before a term to have less of it"
		if weight > maxWeight {
			advice = fmt.Sprintf("%d* outweighs everything else", maxWeight)
		}
		return b.p.fail(at, advice, fmt.Sprintf("the weight %s is not above 0 and at most %d", word[:len(word)-1], maxWeight))
	}
	if b.waiting == "" {
		b.end()
		b.term = Term{Column: b.p.column(at)}
	} else if b.term.Weight != 0 {
		return b.p.fail(at, "", fmt.Sprintf("%s follows the weight %s", word, b.waiting))
	}
	b.term.Weight = weight
	b.operator, b.waiting = at, word
	b.p.at = at + len(word)
	return nil
}

// whole takes a term that is one value: a phrase, a picture or a label, behind a sign
// of so many bytes.
func (b *builder) whole(kind Kind, sign int) *Error {
	at := b.p.at
	if b.waiting == "" {
		b.end()
		b.term = Term{}
	}
	b.p.at += sign
	value, bad := b.p.value(0)
	if bad != nil {
		return bad
	}
	if strings.TrimSpace(value) == "" {
		return b.p.fail(at, "", "there is nothing between the quotes")
	}
	b.begin(at)
	b.term.Kind, b.term.Value = kind, value
	b.terms = append(b.terms, b.term)
	b.term, b.words = Term{}, nil
	return nil
}

// threshold gives the term before it the least that a picture must reach.
func (b *builder) threshold(number string, at int) *Error {
	digits, probability := strings.CutPrefix(number, "p")
	value, _ := strconv.ParseFloat(digits, 64) // thresholdAt has parsed it
	least := -1.0
	if probability {
		least = 0
	}
	if !(value >= least && value <= 1) {
		advice := "write a filter without spaces, such as rating>=3"
		if probability {
			advice = "for example: dog >=p0.3"
		} else if math.IsNaN(value) || math.IsInf(value, 0) {
			advice = "for example: dog >=0.2"
		}
		return b.p.fail(at, advice, fmt.Sprintf("the threshold %s is not between %g and 1", number, least))
	}
	b.end()
	if len(b.terms) == 0 || b.waiting != "" {
		return b.p.fail(at, "for example: dog >=0.2", "the threshold belongs to no term")
	}
	last := &b.terms[len(b.terms)-1]
	if last.Least != nil {
		return b.p.fail(at, "", "the term has a threshold already")
	}
	last.Least = &Threshold{Value: value, Probability: probability}
	return nil
}

// end closes the text in the making, if there is one.
func (b *builder) end() {
	if len(b.words) == 0 {
		return
	}
	b.term.Kind, b.term.Value = Text, strings.Join(b.words, " ")
	b.terms = append(b.terms, b.term)
	b.term, b.words = Term{}, nil
}

// finish returns the terms of the line.
func (b *builder) finish() ([]Term, *Error) {
	b.end()
	if b.waiting != "" {
		advice := "write it in quotes to search for it"
		if b.waiting == "-" {
			advice = "to leave pictures out by a filter write -tag:beach; to search for the sign write it in quotes"
		}
		return nil, b.p.fail(b.operator, advice, "nothing follows "+b.waiting)
	}
	return b.terms, nil
}
