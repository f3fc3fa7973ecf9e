package server

import (
	"errors"
	"strings"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/explore"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/lazyregexp"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/saved"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/zeroshot"
)

// hints are what to do about errors for who asks over HTTP, and for who calls tools, where
// the command line's own hint names its commands and flags.
var hints = []struct {
	is        error
	http, mcp string
}{
	{store.ErrNotFound, "give the id of a picture of the index, as hits have it; POST /search/image searches by any other picture", "give the id of a picture, as find and like return it"},
	{query.ErrEmpty, "say what to look for: q=a dog on a beach", "say what to look for in query, such as: a dog on a beach"},
	{query.ErrNoSubject, "give like, unlike, sample or q", "give like, unlike or query"},
	{query.ErrAddress, "POST /search/url takes addresses, where the server was started with --allow-remote", "addresses are not fetched; describe the picture in query, or give like the id of a picture of the index"},
	{query.ErrCutoff, "for example: cutoff=auto, cutoff=0.25 or cutoff=p0.3", ""},
	{saved.ErrUnknown, `GET /labels lists what is there; to search for the sign use quotes: "#tag"`, `leave #NAME out, and describe in words what it stands for; to search for the sign use quotes: "#tag"`},
	{saved.ErrExists, "give another name, or replace it with replace: true", ""},
	{saved.ErrModel, "save it again with POST /labels and replace: true", "leave the label out, and describe in words what it stands for"},
	{saved.ErrDamaged, "remove it with DELETE /labels/NAME, and save it again", "leave the label out, and describe in words what it stands for"},
	{explore.ErrNoCluster, "GET /clusters lists them; indexer explore renumbers them", "leave cluster: out"},
	{label.ErrInvalid, "labels is a list of names; list is the text of a file with a label a line, or csv or yaml as format says", "labels is a list of names, each given once"},
	{zeroshot.ErrTemplate, `for example: templates: ["a photo of a {}"]`, ""},
	{tagging.ErrNoRun, "GET /runs lists the runs", ""},
}

// httpWords and toolWords are the same for hints, details and remarks that name a command.
var (
	httpWords = strings.NewReplacer(
		"search label save --help", "POST /labels",
		"search tags lists those that there are", "GET /tags lists those that there are",
	)
	toolWords = strings.NewReplacer(
		"make a label of what belongs together: search label save --help", "ask for each part by itself",
		"search tags lists those that there are", "the tool tags lists those that there are",
	)
)

// apiProblem explains an error to who asks over HTTP.
func apiProblem(err error) *Problem {
	p := problemOf(err)
	var own interface{ Hint() string }
	if errors.As(err, &own) && own.Hint() != "" {
		p.Hint = httpWords.Replace(p.Hint)
		return p
	}
	for _, h := range hints {
		if errors.Is(err, h.is) {
			p.Hint = h.http
			break
		}
	}
	return p
}

// oursOnly is what a hint names that can be done at the computer alone: a command, a flag,
// a request of the HTTP API.
var oursOnly = lazyregexp.New(`\b(indexer|search) [a-z]+|--[a-z]|\b(GET|POST|DELETE) /|/openapi\.json|scripts/`)

// toolProblem explains an error to a program that calls tools: what it can do, or what it
// can tell the person whom it works for.
func toolProblem(err error) *Problem {
	p := *problemOf(err)
	p.Hint = toolHint(&p)
	return &p
}

func toolHint(p *Problem) string {
	hint := p.Hint
	var own interface{ Hint() string }
	if p.cause != nil {
		_, hint = app.Explain(p.cause)
		if errors.As(p.cause, &own) && own.Hint() != "" {
			hint = own.Hint()
		} else {
			for _, h := range hints {
				if errors.Is(p.cause, h.is) {
					return h.mcp
				}
			}
		}
	}
	if hint = toolWords.Replace(hint); oursOnly().MatchString(hint) {
		return "the person at the computer can help: " + hint
	}
	return hint
}
