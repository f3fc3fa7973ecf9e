package server

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/sightline/sightline/internal/spelling"
)

// parameters are those of an operation's query. One that is not known is refused: it was
// meant to change the answer, and would not.
type parameters struct{ names []string }

// read takes the parameters of an operation from the API's document, once it is registered.
func (p *parameters) read(api huma.API, o huma.Operation) {
	item := api.OpenAPI().Paths[o.Path]
	for _, op := range []*huma.Operation{item.Get, item.Post, item.Delete} {
		if op == nil || op.OperationID != o.OperationID {
			continue
		}
		for _, param := range op.Parameters {
			if param.In == "query" {
				p.names = append(p.names, param.Name)
			}
		}
	}
}

// check is the middleware that refuses what is not known.
func (p *parameters) check(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	if problem := p.problem(r.URL.RawQuery); problem != nil {
		writeProblem(w, problem)
		return
	}
	next(ctx)
}

// problem says what is wrong with a query; nil for nothing.
func (p *parameters) problem(raw string) *Problem {
	if raw == "" {
		return nil
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return newProblem(http.StatusBadRequest, "usage", "the parameters cannot be read: "+err.Error(), "write a sign of the query as %XX: % itself is %25")
	}
	var unknown []string
	for name := range values {
		if !slices.Contains(p.names, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	out := newProblem(http.StatusUnprocessableEntity, "usage", "", "")
	for _, name := range unknown {
		message := "there is no such parameter"
		if near := spelling.Nearest(name, p.names); len(near) > 0 {
			message += ": did you mean " + spelling.Or(near) + "?"
		}
		if len(name) > 80 {
			name = name[:80]
		}
		out.Errors = append(out.Errors, ProblemDetail{Location: "query." + name, Message: message})
	}
	out.Detail = "validation failed: " + out.Errors[0].Location + ": " + out.Errors[0].Message
	out.Hint = "this operation takes no parameters"
	if len(p.names) > 0 {
		out.Hint = "the parameters are " + and(p.names)
	}
	return out
}

// and joins names as a person would: a, b and c.
func and(names []string) string {
	out := names[0]
	for i, name := range names[1:] {
		if i == len(names)-2 {
			out += " and " + name
		} else {
			out += ", " + name
		}
	}
	return out
}
