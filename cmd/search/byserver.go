package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/syntax"
	"github.com/sightline/sightline/internal/server"
	"github.com/sightline/sightline/internal/terminal"
)

// findByServer lets a running server answer, and prints the same as find does. It reports
// whether it did: what names files or relative paths, what asks for more than a server
// does, and what finds nothing, which is then looked into, are answered here.
func findByServer(c *cli.Context, p *cmdline.Program, cfg config.Config, q query.Question, params query.Params) (bool, error) {
	in, ok := askOf(c, q, params)
	if !ok || c.Bool("verify") || c.Bool("exact") {
		return false, nil
	}
	out, ok, err := askServer(c, p, cfg, in)
	if !ok || err != nil {
		return ok, err
	}
	for _, r := range out.Remarks {
		p.Notef("hint: %s", terminal.Safe(r))
	}
	return true, p.ShowAnswer(c, out.Answer, out.Notice)
}

// listByServer is findByServer for a list.
func listByServer(c *cli.Context, p *cmdline.Program, cfg config.Config, line query.Line, params query.Params) (bool, error) {
	in, ok := askOf(c, line, params)
	if !ok {
		return false, nil
	}
	in.List, in.Tags = true, c.StringSlice("tag")
	out, ok, err := askServer(c, p, cfg, in)
	if !ok || err != nil {
		return ok, err
	}
	return true, p.ShowAnswer(c, out.Answer, "")
}

// askServer asks the server that --server means. It reports whether one answered.
func askServer(c *cli.Context, p *cmdline.Program, cfg config.Config, in server.Ask) (server.Asked, bool, error) {
	address := c.String("server")
	automatic := address == "auto"
	switch {
	case address == "off" || address == "":
		return server.Asked{}, false, nil
	case !automatic && !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "unix:"):
		return server.Asked{}, false, fault.Usagef("give auto, off, http://HOST:PORT or unix:PATH", "--server is %q", address)
	case automatic:
		path := server.SocketPath(p.Getenv, cfg)
		// A model that is named may be another one than the server's.
		if _, err := os.Lstat(path); err != nil || cfg.Model != "" || cfg.Precision != "" || cfg.Pixels != "" || cfg.Colour != "" {
			return server.Asked{}, false, nil
		}
		address = "unix:" + path
	}
	out, err := server.NewClient(address, p.Getenv(config.TokenVariable)).Ask(c.Context, in)
	switch {
	case err == nil:
		return out, len(out.Answer.Hits) > 0, nil
	case automatic && errors.Is(err, server.ErrNoServer):
		return server.Asked{}, false, nil
	}
	return server.Asked{}, false, err
}

// askOf is a question as a server takes it, if it takes it.
func askOf(c *cli.Context, q query.Question, params query.Params) (server.Ask, bool) {
	in := server.Ask{
		Version: cmdline.Version, FileDates: c.Bool("file-dates"), K: params.K, Offset: params.Offset, MinScore: params.MinScore,
		Cutoff: params.Cutoff, Unfolded: params.Unfolded, Explain: params.Explain, Pair: params.Pair,
		Filters: query.Filters{
			After: c.String("after"), Before: c.String("before"), FileDates: c.Bool("file-dates"),
			Tags: c.StringSlice("tag"), Formats: splitCommas(c.StringSlice("format")),
		},
	}
	for _, path := range c.StringSlice("under") {
		abs, err := filepath.Abs(query.AtHome(path))
		if err != nil {
			return in, false
		}
		in.Filters.Under = append(in.Filters.Under, abs)
	}
	if asksClusters(c, q) {
		return in, false
	}
	switch q := q.(type) {
	case query.Text:
		in.Line, in.Literal = string(q), true
		return in, true
	case query.Line:
		in.Line = q.Typed
		return in, q.Query == nil || !namesFiles(q)
	}
	return in, false
}

// namesFiles reports whether a line means something else in another folder, or to somebody
// who reads no files.
func namesFiles(l query.Line) bool {
	return slices.ContainsFunc(l.Query.Terms, func(t syntax.Term) bool { return t.Kind == syntax.Picture }) ||
		slices.ContainsFunc(l.Conditions().Under, func(p string) bool { return !filepath.IsAbs(p) }) || nested(l.Query.Filter) ||
		isMistypedPicture(l)
}

func isMistypedPicture(l query.Line) bool {
	name, _ := l.MistypedPicture()
	return name != ""
}

// nested reports whether a relative path is in a part of a filter.
func nested(f syntax.Filter) bool {
	switch f := f.(type) {
	case syntax.And:
		return slices.ContainsFunc(f, nested)
	case syntax.Or:
		return slices.ContainsFunc(f, nested)
	case syntax.Not:
		return nested(f.Part)
	case syntax.Condition:
		return f.Field == syntax.Under && !filepath.IsAbs(f.Value)
	}
	return false
}
