package query

import "strings"

// Refinement is a conversation about pictures: what is asked next may refine what was
// asked before. The zero value has asked nothing.
type Refinement struct {
	line string // as asked so far
}

// Next reads a typed line. One that begins with an operator, or that holds filters alone,
// is added to the line before it; any other begins a new one. Names of pictures are taken for
// pictures: see JoinArguments. After an error the conversation is as it was.
func (r *Refinement) Next(typed string, o FilterOptions) (line Line, pictures []string, err error) {
	typed, pictures = JoinArguments([]string{typed})
	if line, err = ParseLine(typed, o); err != nil {
		return line, nil, err
	}
	refines := len(line.Query.Terms) == 0 || beginsWithOperator(typed)
	if refines && r.line != "" {
		if typed = r.line + " " + typed; len(line.Query.Terms) > 0 || line.Filter != nil {
			if line, err = ParseLine(typed, o); err != nil {
				return line, nil, err
			}
		}
	}
	line, more := line.WithPictures()
	r.line = typed
	return line, append(pictures, more...), nil
}

// Line is the question as asked so far, with all its refinements.
func (r *Refinement) Line() string { return r.line }

// beginsWithOperator reports whether the first word of a line joins it to a term before.
func beginsWithOperator(line string) bool {
	word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch word {
	case "+", "-", "NOT", "AND":
		return rest != ""
	}
	return false
}
