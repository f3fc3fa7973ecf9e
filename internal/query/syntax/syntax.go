// Package syntax is the language that people ask in: what to look for, and among
// which pictures, in one line.
//
//	dog on a beach                        a text
//	"not a drill"                         a text taken as it stands
//	2*red car + night - 0.5*people        a weighted sum of embeddings
//	dog NOT cat                           dogs, without the pictures that show a cat
//	dog >=0.2                             a term with a threshold of its own
//	@photo.jpg + snow                     a picture, by file, path in the index, or id
//	#holiday                              a saved label
//	boat under:trips/2024 tag:sea         a text among the pictures that meet filters
//	(tag:sea OR tag:lake) -tag:indoor     filters alone
//
// Terms. Words make one text, however many they are. A new term begins at + (add), -
// (subtract), NOT (exclude) and AND (the same as +), each a word of its own, and at a
// weight: a number with a star (2*red), or with a colon before a letter (2:cat). A
// quoted phrase, a picture (@) and a saved label (#) are terms by themselves. A word
// >=0.25, or >=p0.3 for a probability, behind a term is its threshold.
//
// Filters are words with a known name and a colon, or a comparison of a number:
// width>=2000. A dash before one, or NOT, inverts it. Filters side by side must all
// hold; OR stands between two filters and binds them more tightly; parentheses group
// filters. They can stand anywhere in the line.
//
// What looks like none of this is text, so that plain sentences stay what they are:
// a dash within a word, a time such as 12:30, parentheses around words, OR between
// words, a colon behind a word that is no filter.
//
// Parse returns a tree; its String is a line that parses to the same tree.
package syntax

import "fmt"

// Query is a parsed line: terms to compare pictures with, and a condition on them.
type Query struct {
	Terms  []Term
	Filter Filter // nil for all pictures
}

// Kind says what a term is compared by.
type Kind int

// The kinds of terms.
const (
	Text    Kind = iota // words
	Phrase              // words in quotes, which are no operators
	Picture             // a file, a path in the index, or an id
	Label               // a saved label
)

// Op says what a term does to the sum.
type Op int

// The operators.
const (
	Add      Op = iota // of the sum
	Subtract           // from the sum, by Weight
	Exclude            // takes out pictures that show the term
)

// Term is one thing to look for.
type Term struct {
	Op     Op
	Kind   Kind
	Value  string  // the words, the file or id, or the name of the label
	Weight float64 // as written; 0 where none was
	Least  *Threshold
	Column int // where it begins, from 1, in characters
}

// Threshold is the least that a picture must reach for a term.
type Threshold struct {
	Value       float64
	Probability bool // else a cosine
}

// Filter is a condition on records: And, Or, Not or Condition.
type Filter interface{ String() string }

// And holds where all parts hold. It has at least two.
type And []Filter

// Parts are the filters that must all hold where f does: those of an And, else f itself. A
// nil filter has none.
func Parts(f Filter) []Filter {
	switch f := f.(type) {
	case nil:
		return nil
	case And:
		return f
	}
	return []Filter{f}
}

// Or holds where any part holds. It has at least two.
type Or []Filter

// Not holds where its part does not.
type Not struct{ Part Filter }

// Comparison is how a Condition compares.
type Comparison string

// The comparisons. Is is that of the fields with a colon.
const (
	Is      Comparison = ":"
	Least   Comparison = ">="
	Most    Comparison = "<="
	More    Comparison = ">"
	Less    Comparison = "<"
	Exactly Comparison = "="
)

// Condition is one filter. Value has been checked against the field; Number is its
// value where the field is numeric.
type Condition struct {
	Field  Field
	How    Comparison
	Value  string
	Number float64
	Column int // where it begins, from 1, in characters
}

// Error is a mistake in a line.
type Error struct {
	Column  int // from 1, in characters
	Message string
	Advice  string // what to write instead; "" where the message says it
}

// Error says what is wrong and where.
func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Message) }

// Hint is the advice.
func (e *Error) Hint() string { return e.Advice }
