package syntax

import (
	"strconv"
	"strings"
	"unicode"
)

// String writes the query so that Parse reads it as the same one.
func (q *Query) String() string {
	var terms, filters []string
	parenthesis := false
	for i, t := range q.Terms {
		terms = append(terms, t.line(i == 0))
		parenthesis = parenthesis || t.Kind == Text && strings.Contains(t.Value, "(")
	}
	if and, ok := q.Filter.(And); ok { // side by side, as people write it
		for _, f := range and {
			filters = append(filters, f.String())
		}
	} else if q.Filter != nil {
		filters = append(filters, q.Filter.String())
	}
	if parenthesis { // which must not seem to open a group of the filters
		return strings.Join(append(filters, terms...), " ")
	}
	return strings.Join(append(terms, filters...), " ")
}

// String is the term with its operator.
func (t Term) String() string { return t.line(false) }

func (t Term) line(first bool) string {
	var b strings.Builder
	switch {
	case t.Op == Subtract:
		b.WriteString("- ")
	case t.Op == Exclude:
		b.WriteString("NOT ")
	case !first:
		b.WriteString("+ ")
	}
	if t.Weight != 0 {
		b.WriteString(strconv.FormatFloat(t.Weight, 'f', -1, 64))
		b.WriteByte('*')
		if t.Kind == Text && t.Value != "" && t.Value[0] >= '0' && t.Value[0] <= '9' {
			b.WriteByte(' ') // 2*3 is text
		}
	}
	switch t.Kind {
	case Text:
		b.WriteString(t.Value)
	case Phrase:
		b.WriteString(quote(t.Value))
	case Picture:
		b.WriteByte('@')
		b.WriteString(word(t.Value))
	case Label:
		b.WriteByte('#')
		if nameFollows(t.Value) {
			b.WriteString(word(t.Value))
		} else {
			b.WriteString(quote(t.Value))
		}
	}
	if t.Least != nil {
		b.WriteString(" >=")
		if t.Least.Probability {
			b.WriteByte('p')
		}
		b.WriteString(strconv.FormatFloat(t.Least.Value, 'f', -1, 64))
	}
	return b.String()
}

// String is the parts side by side, in parentheses.
func (f And) String() string { return group(f, " ") }

// String is the parts with OR between them, in parentheses.
func (f Or) String() string { return group(f, " OR ") }

func group(parts []Filter, between string) string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = p.String()
	}
	return "(" + strings.Join(out, between) + ")"
}

// String is a dash before the part, or NOT where it begins with a dash itself.
func (f Not) String() string {
	if _, twice := f.Part.(Not); twice {
		return "NOT " + f.Part.String()
	}
	return "-" + f.Part.String()
}

// String is the field, the comparison and the value, in quotes where it needs them.
func (c Condition) String() string { return string(c.Field) + string(c.How) + word(c.Value) }

// word writes a value as one word, in quotes where it would not be one.
func word(s string) string {
	special := func(r rune) bool { return unicode.IsSpace(r) || r == '"' || r == '(' || r == ')' }
	if s == "" || strings.ContainsFunc(s, special) || thresholdAt(s) >= 0 {
		return quote(s)
	}
	return s
}

// quote writes a value in double quotes, in which a backslash makes the quotes and
// itself literal.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
