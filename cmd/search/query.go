package main

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/terminal"
)

// readQuery reads the settings, and the flags that say which pictures are wanted.
func readQuery(c *cli.Context, p *cmdline.Program) (config.Config, query.Params, error) {
	params, err := paramsOf(c)
	if err != nil {
		return config.Config{}, params, err
	}
	if err := cmdline.CheckSheet(c); err != nil {
		return config.Config{}, params, err
	}
	cfg, err := p.Config(c)
	if err != nil {
		return cfg, params, err
	}
	params.Pair = cfg.Index.RAW == config.RAWTwin
	return cfg, params, narrowToClusters(c, p, &params)
}

// find opens the index, asks it, and prints the hits.
func find(c *cli.Context, p *cmdline.Program, q query.Question) error {
	cfg, params, err := readQuery(c, p)
	if err != nil {
		return err
	}
	if done, err := findByServer(c, p, cfg, q, params); done || err != nil {
		return err
	}
	search, err := p.OpenSearch(c.Context, cfg)
	if err != nil {
		return err
	}
	defer search.Close()
	_, err = ask(c, p, search, q, params)
	return err
}

// ask asks an open index, and prints the hits and what is to be said of them.
func ask(c *cli.Context, p *cmdline.Program, search *app.Search, q query.Question, params query.Params) (query.Answer, error) {
	answer, err := search.Ask(c.Context, q, params)
	if err != nil {
		return answer, err
	}
	if err := group(c, p, &answer); err != nil {
		return answer, err
	}
	remarks, err := search.Remarks(q)
	if err != nil {
		return answer, err
	}
	for _, r := range remarks {
		p.Notef("hint: %s", terminal.Safe(r))
	}
	if line, ok := q.(query.Line); ok {
		if name, near := line.MistypedPicture(); len(near) > 0 {
			p.Notef("hint: there is no file of that name: did you mean %s?", terminal.Safe(spelling.Or(near)))
		} else if name != "" {
			p.Notef("hint: there is no file %s here, and so the words are looked for", terminal.Safe(name))
		}
	}
	if len(answer.Hits) == 0 {
		if err := sayWhyNothing(c, p, q, search.WhyNothing); err != nil {
			return answer, err
		}
	}
	if err := p.ShowAnswer(c, answer, search.Notice); err != nil || !c.Bool("verify") {
		return answer, err
	}
	v, err := search.Verify(c.Context, q, params, answer)
	if err != nil {
		return answer, err
	}
	showRecall(c, p, params.K, answer, v)
	return answer, nil
}

// sayWhyNothing says which filters leave no picture by themselves.
func sayWhyNothing(c *cli.Context, p *cmdline.Program, q query.Question, why func(context.Context, query.Conditions) ([]string, error)) error {
	conditions := query.Conditions{Tags: c.StringSlice("tag"), Under: c.StringSlice("under"), Dated: c.IsSet("after") || c.IsSet("before")}
	if formats := c.StringSlice("format"); len(formats) > 0 {
		f, err := query.Filters{Formats: formats}.Compile()
		if err != nil {
			return err
		}
		conditions.Others = append(conditions.Others, query.Condition{Typed: "--format " + strings.Join(formats, ","), Filter: f})
	}
	if line, ok := q.(query.Line); ok {
		conditions = conditions.With(line.Conditions())
	}
	conditions.Dated = conditions.Dated && !c.Bool("file-dates")
	reasons, err := why(c.Context, conditions)
	for _, r := range reasons {
		p.Notef("hint: %s", terminal.Safe(r))
	}
	return err
}
