package main

import (
	"context"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/terminal"
)

// queryFlags are those of every command that finds pictures.
func queryFlags() []cli.Flag {
	const narrowing, accuracy = "Narrowing", "Accuracy"
	return cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), []cli.Flag{
		&cli.IntFlag{Name: "k", Aliases: []string{"n", "t", "top"}, Usage: "find at most `N` pictures", Value: 10, Category: narrowing},
		&cli.Float64Flag{Name: "min-score", Usage: "leave out pictures below this cosine `S`, -1 to 1", Value: -1, Category: narrowing},
		&cli.StringSliceFlag{Name: "under", Usage: "only below `PATH`; repeatable", Category: narrowing},
		&cli.StringFlag{Name: "after", Usage: "only taken on `DATE` or later (2024-05-31, 2024-05, 2024), by the clock of where it was taken", Category: narrowing},
		&cli.StringFlag{Name: "before", Usage: "only taken before `DATE`", Category: narrowing},
		&cli.BoolFlag{Name: "file-dates", Usage: "let the time of its file stand for the date of a picture that has none", Category: narrowing},
		&cli.StringSliceFlag{Name: "tag", Usage: "only with this `TAG`; of several flags all must hold; in the query: tag:a OR tag:b, -tag:c", Category: narrowing},
		&cli.StringSliceFlag{Name: "format", Usage: "only of `jpeg|png|gif|webp|bmp|tiff|heic|avif|jxl|psd|pnm|tga|pcx|qoi|ico|raw`, or a maker's RAW such as nef; repeatable, or divided by commas", Category: narrowing},
		&cli.StringSliceFlag{Name: "cluster", Usage: "only in this `CLUSTER` of indexer explore, such as 3 or 3.1; repeatable, for any of them", Category: narrowing},
		&cli.StringFlag{Name: "cutoff", Usage: "end the list `WHERE`: auto (nothing where nothing matches), none, a cosine such as 0.25, a probability such as p0.3", DefaultText: "say so where nothing matches", Category: narrowing},
		&cli.IntFlag{Name: "offset", Usage: "pass over the first `N` pictures", Category: narrowing},
		&cli.IntFlag{Name: "page", Usage: "show the `N`th page of -k pictures, from 1", Category: narrowing},
		&cli.BoolFlag{Name: "no-fold", Usage: "list every copy of a picture, and not only the first", Category: narrowing},
		&cli.BoolFlag{Name: "allow-urls", Usage: "fetch the pictures on the web that the query names", Category: narrowing},
		&cli.StringFlag{Name: "group-by", Usage: "put the pictures of a page together by `cluster|dir|day`", Category: cmdline.CategoryOut},
		&cli.BoolFlag{Name: "explain", Usage: "say what each part of the query does to each picture", Category: narrowing},
		&cli.BoolFlag{Name: "exact", Usage: "look at every picture, where the index would pass some over", Category: accuracy},
		&cli.StringFlag{Name: "server", Usage: "let a running search serve of this index answer: `auto|off|ADDRESS`", Value: "auto", Category: accuracy},
		&cli.BoolFlag{Name: "verify", Usage: "search exactly as well, and say what share of the nearest the index found", Category: accuracy},
	}, cmdline.HitFlags())
}

// paramsOf reads the flags that narrow a query.
func paramsOf(c *cli.Context) (query.Params, error) {
	if k := c.Int("k"); k < 1 || k > mostHits {
		return query.Params{}, fault.Usagef("", "-k is %d; it must be between 1 and %d", k, mostHits)
	}
	if s := c.Float64("min-score"); !(s >= -1 && s <= 1) { // NaN is neither
		return query.Params{}, fault.Usagef("a cosine lies between -1 and 1", "--min-score is %g", s)
	}
	offset, err := offsetOf(c)
	if err != nil {
		return query.Params{}, err
	}
	cutoff, err := query.ParseCutoff(c.String("cutoff"))
	if err != nil {
		return query.Params{}, err
	}
	filter, err := query.Filters{
		Under: c.StringSlice("under"), After: c.String("after"), Before: c.String("before"), FileDates: c.Bool("file-dates"),
		Tags: c.StringSlice("tag"), Formats: splitCommas(c.StringSlice("format")),
	}.Compile()
	if err != nil {
		return query.Params{}, fault.Usagef("", "%s", err)
	}
	return query.Params{
		K: c.Int("k"), Offset: offset, MinScore: float32(c.Float64("min-score")), Filter: filter, Exact: c.Bool("exact"),
		Cutoff: cutoff, Unfolded: c.Bool("no-fold"), Explain: c.Bool("explain"),
	}, nil
}

// mostHits bounds how many hits can be asked for, and where they begin.
const mostHits = 1 << 30

// offsetOf is the place of the first hit to show, from 0.
func offsetOf(c *cli.Context) (int, error) {
	offset, page := c.Int("offset"), c.Int("page")
	switch {
	case c.IsSet("offset") && c.IsSet("page"):
		return 0, fault.Usagef("give one of them", "--offset and --page say the same in two ways")
	case offset < 0 || offset > mostHits:
		return 0, fault.Usagef("", "--offset is %d; it must be between 0 and %d", offset, mostHits)
	case c.IsSet("page") && (page < 1 || page > mostHits/c.Int("k")):
		return 0, fault.Usagef("", "--page is %d; it must be between 1 and %d", page, mostHits/c.Int("k"))
	case c.IsSet("page"):
		return (page - 1) * c.Int("k"), nil
	}
	return offset, nil
}

// splitCommas divides values that can hold no comma themselves, as names of formats.
func splitCommas(values []string) []string {
	var out []string
	for _, v := range values {
		out = append(out, strings.Split(v, ",")...)
	}
	return out
}

// find opens the index, asks it, and prints the hits.
func find(c *cli.Context, p *cmdline.Program, q query.Question) error {
	params, err := paramsOf(c)
	if err != nil {
		return err
	}
	if err := cmdline.CheckSheet(c); err != nil {
		return err
	}
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	params.Pair = cfg.Index.RAW == config.RAWTwin
	if err := narrowToClusters(c, p, &params); err != nil {
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
		if near := line.MistypedPicture(); len(near) > 0 {
			p.Notef("hint: there is no file of that name: did you mean %s?", terminal.Safe(spelling.Or(near)))
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

// sayWhyNothing says which of the filters name what the index does not have.
func sayWhyNothing(c *cli.Context, p *cmdline.Program, q query.Question, why func(context.Context, query.Conditions) ([]string, error)) error {
	conditions := query.Conditions{Tags: c.StringSlice("tag"), Under: c.StringSlice("under")}
	if line, ok := q.(query.Line); ok {
		conditions = conditions.With(line.Conditions())
	}
	reasons, err := why(c.Context, conditions)
	for _, r := range reasons {
		p.Notef("hint: %s", terminal.Safe(r))
	}
	return err
}

// recallJSON is the line that follows the hits.
type recallJSON struct {
	Recall       float64 `json:"recall"` // share of the exact hits that the index found
	K            int     `json:"k"`
	Found        int     `json:"found"`
	Exact        int     `json:"exact"` // exact hits, at most k
	Seconds      float64 `json:"seconds"`
	ExactSeconds float64 `json:"exact_seconds"`
}

// showRecall says what share of the true nearest the index found: in JSON as one
// more line, else on stderr, where it disturbs no pipe.
func showRecall(c *cli.Context, p *cmdline.Program, k int, a query.Answer, v query.Verification) {
	if c.Bool("json") {
		p.PrintJSON(recallJSON{
			Recall: v.Recall, K: k, Found: v.Found, Exact: v.Exact, Seconds: a.Took.Seconds(), ExactSeconds: v.ExactTook.Seconds(),
		})
		return
	}
	p.Notef("recall@%d %.3f: the index found %d of the %d nearest (in %s, exactly in %s)",
		k, v.Recall, v.Found, v.Exact, a.Took.Round(time.Millisecond), v.ExactTook.Round(time.Millisecond))
}
