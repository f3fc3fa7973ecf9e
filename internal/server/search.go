package server

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sightline/sightline/internal/query"
)

// SearchRequest is a question: the body of POST /search, and the parameters of GET.
type SearchRequest struct {
	Q       string `json:"q,omitempty" query:"q" maxLength:"10000" doc:"The query, in the whole language of docs/query.md. With filters alone, or with nothing, it lists pictures: the surest tags and the newest first"`
	Literal bool   `json:"literal,omitempty" query:"literal" doc:"Take q for a text as it stands, whatever is in it"`
	SearchOptions
}

// SearchOptions is what a question says besides its subject.
type SearchOptions struct {
	Limit  int    `json:"limit,omitempty" query:"limit" minimum:"1" maximum:"1000" default:"60" doc:"Hits of a page"`
	Cursor string `json:"cursor,omitempty" query:"cursor" maxLength:"500" doc:"The next of the page before, with otherwise the same parameters"`
	Cutoff string `json:"cutoff,omitempty" query:"cutoff" maxLength:"40" doc:"Where the list ends: auto (nothing where nothing matches), none, a cosine such as 0.25, a probability such as p0.3"`
	Unfold bool   `json:"unfold,omitempty" query:"unfold" doc:"List every copy of a picture, and not only the first"`
	// FileDates is --file-dates.
	FileDates bool `json:"file_dates,omitempty" query:"file_dates" doc:"Let the time of its file stand for the date of a picture that has none"`
	Exact     bool `json:"exact,omitempty" query:"exact" doc:"Look at every picture, where an approximate index would pass some over"`
	Explain   bool `json:"explain,omitempty" query:"explain" doc:"Say what each part of the query does to each picture"`
}

// SearchAnswer is a page of hits.
type SearchAnswer struct {
	Query     ParsedQuery `json:"query"`
	Hits      []Hit       `json:"hits"`
	Next      string      `json:"next,omitempty" doc:"The cursor of the next page; left out on the last one"`
	Confident *bool       `json:"confident,omitempty" doc:"Whether anything matches at all: false where the hits are only the nearest. Left out where it was not judged"`
	Remarks   []string    `json:"remarks" doc:"What a person should know: typing errors, words that the model cannot read"`
	// Suggestions are for remarks that a part of the query may be mistyped.
	Suggestions []Suggestion `json:"suggestions" doc:"What was probably meant by parts that may be mistyped"`
	Depth       int          `json:"depth,omitempty" doc:"Set where the search was given up after so many pictures"`
	Total       int64        `json:"total" doc:"Pictures in the index, as of a second ago at most"`
	Notice      string       `json:"notice,omitempty" doc:"What the model's licence asks to be shown"`
	Seconds     float64      `json:"seconds" doc:"What the search took"`
}

// SearchOutput is the answer to a search.
type SearchOutput struct {
	Body SearchAnswer
}

func (s *Server) registerSearch(api huma.API) {
	register(s, api, operation{Method: http.MethodGet, Path: "/search", Tag: "search", Summary: "Find pictures by a query"},
		func(ctx context.Context, in *SearchRequest) (*SearchOutput, error) { return s.search(ctx, *in) })
	register(s, api, operation{ID: "search-post", Method: http.MethodPost, Path: "/search", Tag: "search", Summary: "Find pictures by a query", Reads: true},
		func(ctx context.Context, in *struct{ Body SearchRequest }) (*SearchOutput, error) {
			return s.search(ctx, in.Body)
		})
}

func (s *Server) search(ctx context.Context, in SearchRequest) (*SearchOutput, error) {
	x, release, err := s.source.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	var subject query.Question
	var line query.Line
	switch text := strings.TrimSpace(in.Q); {
	case in.Literal && text != "":
		subject = query.Text(text)
	case !in.Literal:
		if line, err = query.ParseLine(in.Q, x.reading(ctx, in.FileDates)); err != nil {
			return nil, s.mistyped(ctx, err, in.Q)
		}
		if len(line.Query.Terms) > 0 {
			subject = line
		}
	}
	key := listKey("search", in.Q, in.Literal, in.SearchOptions)
	out, err := s.page(ctx, x, subject, line, key, in.SearchOptions)
	if err != nil {
		return nil, err
	}
	out.Body.Query = parsedQuery(line)
	if in.Cursor == "" {
		err = s.suggest(ctx, x, line, in.Q, &out.Body)
	}
	return out, err
}

// suggest adds to an answer what was probably meant.
func (s *Server) suggest(ctx context.Context, x *Index, line query.Line, q string, a *SearchAnswer) error {
	for _, remark := range a.Remarks {
		a.Suggestions = append(a.Suggestions, suggestionsIn(q, remark)...)
	}
	if len(a.Hits) > 0 || line.Query == nil {
		return nil
	}
	remarks, found, err := s.missing(ctx, x, line)
	a.Remarks, a.Suggestions = append(a.Remarks, remarks...), append(a.Suggestions, found...)
	return err
}

// mistyped is the problem of a query that cannot be read, with what was probably meant.
func (s *Server) mistyped(ctx context.Context, err error, q string) error {
	p := s.explain(ctx, err)
	if p.Suggestions = suggestionsIn(q, p.Detail); p.Suggestions == nil {
		p.Suggestions = suggestionsIn(q, p.Detail+": "+p.Hint)
	}
	return p
}

// params are the parameters of the services.
func (o SearchOptions) params(x *Index) (query.Params, error) {
	cutoff, err := query.ParseCutoff(o.Cutoff)
	return query.Params{
		K: o.Limit, MinScore: -1, Exact: o.Exact, Cutoff: cutoff, Unfolded: o.Unfold, Explain: o.Explain, Pair: x.Pair,
	}, err
}

// page answers a question with the page that a cursor stands for. A question without a
// subject is a list.
func (s *Server) page(ctx context.Context, x *Index, subject query.Question, line query.Line, key string, o SearchOptions) (*SearchOutput, error) {
	p, err := o.params(x)
	if err != nil {
		return nil, err
	}
	ask := func(ctx context.Context, p query.Params) (query.Answer, error) {
		if subject == nil {
			return line.List(ctx, x.Store, nil, p)
		}
		return x.Service.Ask(ctx, subject, p)
	}
	a, next, err := s.lists.page(ctx, x, key, o.Cursor, p, subject == nil, ask)
	if err != nil {
		return nil, err
	}
	out := &SearchOutput{Body: SearchAnswer{
		Query: parsedQuery(line), Hits: hitsOf(a), Next: next, Remarks: []string{}, Suggestions: []Suggestion{}, Depth: a.Depth, Notice: x.Notice, Seconds: a.Took.Seconds(),
	}}
	if a.Confidence != query.NotJudged {
		confident := a.Confidence == query.Confident
		out.Body.Confident = &confident
	}
	if out.Body.Total, err = x.total(ctx); err != nil {
		return nil, err
	}
	if o.Cursor != "" || subject == nil {
		return out, nil
	}
	remarks, err := x.Service.Remarks(subject)
	if err != nil {
		return nil, err
	}
	out.Body.Remarks = append(append(out.Body.Remarks, adviceOn(line)...), remarks...)
	return out, nil
}

// adviceOn is what a person should know about a line that is read without complaint.
func adviceOn(l query.Line) []string {
	if l.Query == nil {
		return nil
	}
	return l.Advice()
}
