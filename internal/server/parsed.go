package server

import (
	"slices"

	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/syntax"
)

// ParsedQuery is a query as it was understood.
type ParsedQuery struct {
	Line  string `json:"line" doc:"The query as it was understood; it means the same as what was typed"`
	Chips []Chip `json:"chips" doc:"Its terms and filters, in that order"`
}

// Chip is one part of a query, with what is left without it.
type Chip struct {
	Text    string `json:"text" doc:"The part, as it would be written"`
	Kind    string `json:"kind" enum:"text,phrase,picture,label,filter"`
	Op      string `json:"op" enum:"add,subtract,exclude,filter" doc:"What the part does"`
	Column  int    `json:"column,omitempty" doc:"Where it begins in what was typed, from 1, in characters"`
	Without string `json:"without" doc:"The query without this part"`
}

var (
	termKinds = map[syntax.Kind]string{syntax.Text: "text", syntax.Phrase: "phrase", syntax.Picture: "picture", syntax.Label: "label"}
	termOps   = map[syntax.Op]string{syntax.Add: "add", syntax.Subtract: "subtract", syntax.Exclude: "exclude"}
)

// parsedQuery takes a line apart for a page.
func parsedQuery(l query.Line) ParsedQuery {
	p := ParsedQuery{Chips: []Chip{}}
	if l.Query == nil {
		return p
	}
	q := *l.Query
	p.Line = q.String()
	for i, t := range q.Terms {
		rest := syntax.Query{Terms: slices.Delete(slices.Clone(q.Terms), i, i+1), Filter: q.Filter}
		text := t.String()
		if i == 0 {
			text = (&syntax.Query{Terms: []syntax.Term{t}}).String()
		}
		p.Chips = append(p.Chips, Chip{Text: text, Kind: termKinds[t.Kind], Op: termOps[t.Op], Column: t.Column, Without: rest.String()})
	}
	parts := syntax.Parts(q.Filter)
	for i, f := range parts {
		rest := syntax.Query{Terms: q.Terms}
		switch left := slices.Delete(slices.Clone(parts), i, i+1); len(left) {
		case 0:
		case 1:
			rest.Filter = left[0]
		default:
			rest.Filter = syntax.And(left)
		}
		p.Chips = append(p.Chips, Chip{Text: f.String(), Kind: "filter", Op: "filter", Column: columnOf(f), Without: rest.String()})
	}
	return p
}

// columnOf is where the first condition of a filter begins.
func columnOf(f syntax.Filter) int {
	switch f := f.(type) {
	case syntax.And:
		return columnOf(f[0])
	case syntax.Or:
		return columnOf(f[0])
	case syntax.Not:
		return columnOf(f.Part)
	case syntax.Condition:
		return f.Column
	}
	return 0
}
