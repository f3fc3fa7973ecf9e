package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/saved"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
)

// Problem is an error as RFC 9457 writes it, with the kind and the hint that the command
// line gives for the same error.
type Problem struct {
	Type   string `json:"type" doc:"urn:sightline:KIND" example:"urn:sightline:usage"`
	Title  string `json:"title" doc:"What the status means"`
	Status int    `json:"status" doc:"The status of the answer"`
	Detail string `json:"detail" doc:"What is wrong"`
	Kind   string `json:"kind" enum:"fatal,usage,partial,unreachable,model,locked,interrupted,unauthorized,forbidden,missing,busy" doc:"What the error means for the request"`
	Hint   string `json:"hint,omitempty" doc:"What to do about it"`
	Column int    `json:"column,omitempty" doc:"Where the mistake is in the query, from 1, in characters"`
	// Errors are the parameters that break the rules of the document.
	Errors []ProblemDetail `json:"errors,omitempty" doc:"The parameters that are wrong"`
	// Suggestions are queries that may have been meant.
	Suggestions []Suggestion `json:"suggestions,omitempty" doc:"What was probably meant by the part of the query that is wrong"`

	retryAfter int // seconds; 0 for never
	cause      error
}

// ProblemDetail is one parameter that is wrong.
type ProblemDetail struct {
	Location string `json:"location,omitempty" doc:"Where the parameter is, such as query.limit"`
	Message  string `json:"message" doc:"What is wrong with it"`
}

// Error is the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{"Cache-Control": {"no-store"}}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	return h
}

// The kinds of problems that the command line does not have.
const (
	kindUnauthorized = "unauthorized"
	kindForbidden    = "forbidden"
	kindMissing      = "missing"
	kindBusy         = "busy"
)

// kindNames are the kinds of faults for programs.
var kindNames = map[fault.Kind]string{
	fault.Unknown: "fatal", fault.Fatal: "fatal", fault.Usage: "usage", fault.Partial: "partial",
	fault.Unreachable: "unreachable", fault.Model: "model", fault.Locked: "locked", fault.Interrupted: "interrupted",
}

func newProblem(status int, kind, detail, hint string) *Problem {
	return &Problem{
		Type: "urn:sightline:" + kind, Title: http.StatusText(status), Status: status, Detail: detail, Kind: kind, Hint: hint,
	}
}

// statuses say which status an error has, where its kind alone does not say it. The first
// that matches is it.
var statuses = []struct {
	is     error
	status int
}{
	{store.ErrNotFound, http.StatusNotFound},
	{tagging.ErrNoRun, http.StatusNotFound},
	{saved.ErrExists, http.StatusConflict},
	{store.ErrNoIndex, http.StatusServiceUnavailable},
	{query.ErrPicture, http.StatusUnprocessableEntity},
	{imaging.ErrTooLarge, http.StatusUnprocessableEntity},
	{context.DeadlineExceeded, http.StatusGatewayTimeout},
}

// problemOf explains an error as the command line does.
func problemOf(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	kind, hint := app.Explain(err)
	status := http.StatusInternalServerError
	switch kind {
	case fault.Usage:
		status = http.StatusBadRequest
	case fault.Locked, fault.Model:
		status = http.StatusConflict
	case fault.Unreachable, fault.Interrupted:
		status = http.StatusServiceUnavailable
	}
	for _, s := range statuses {
		if errors.Is(err, s.is) {
			status = s.status
			break
		}
	}
	p = newProblem(status, kindNames[kind], err.Error(), hint)
	p.cause = err
	if status == http.StatusServiceUnavailable {
		p.retryAfter = 5
	}
	var placed interface{ Place() (string, int) }
	if errors.As(err, &placed) {
		_, p.Column = placed.Place()
	}
	return p
}

// asProblem turns huma's own errors, those of parameters that break the rules, into ours.
func asProblem(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	kind := "usage"
	if m.Status >= 500 {
		kind = "fatal"
	}
	p := newProblem(m.Status, kind, m.Detail, "/openapi.json says what there is")
	for _, e := range m.Errors {
		p.Errors = append(p.Errors, ProblemDetail{Location: e.Location, Message: e.Message})
	}
	if len(p.Errors) > 0 {
		p.Detail += ": " + p.Errors[0].Location + ": " + p.Errors[0].Message
	}
	return p, nil
}
