package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging/corrections"
	"github.com/sightline/sightline/internal/terminal"
)

// correctionFlags correct the tags of single pictures.
func correctionFlags() []cli.Flag {
	const category = "Corrections"
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "approve", Usage: "the pictures given, by id or path, show `LABEL`; repeatable", Category: category},
		&cli.StringSliceFlag{Name: "reject", Usage: "they do not show `LABEL`; repeatable", Category: category},
		&cli.StringSliceFlag{Name: "withdraw", Usage: "take back what was said of `LABEL` on them; repeatable", Category: category},
		&cli.StringSliceFlag{Name: "threshold", Usage: "give a label from a probability on, as in `LABEL=0.6`; LABEL=none takes that back; repeatable", Category: category},
		&cli.BoolFlag{Name: "corrections", Usage: "list what was corrected", Category: category},
		&cli.BoolFlag{Name: "no-corrections", Usage: "let a run learn nothing from corrections", Category: category},
	}
}

// corrects reports whether the flags correct something.
func corrects(c *cli.Context) bool {
	return c.IsSet("approve") || c.IsSet("reject") || c.IsSet("withdraw") || c.IsSet("threshold")
}

// openDesk opens the corrections of an index.
func openDesk(c *cli.Context, p *cmdline.Program, st store.Store, docs store.Documents) *corrections.Desk {
	return corrections.NewDesk(corrections.Open(docs), st, p.Getenv("USER"), time.Now)
}

// correctTags keeps what the flags say of pictures.
func correctTags(c *cli.Context, p *cmdline.Program) error {
	verdicts := []struct {
		flag, did string
		verdict   corrections.Verdict
	}{{"approve", "approved", corrections.Approved}, {"reject", "rejected", corrections.Rejected}, {"withdraw", "withdrawn", ""}}
	if c.IsSet("labels") {
		return fault.Usagef("correct first; the next run with --labels learns from it", "corrections and a run do not go together")
	}
	limits, err := readThresholds(c.StringSlice("threshold"))
	if err != nil {
		return err
	}
	about := c.IsSet("approve") || c.IsSet("reject") || c.IsSet("withdraw")
	if about && c.NArg() == 0 || !about && c.NArg() > 0 {
		return fault.Usagef("for example: search tag --approve beach --reject desert photo.jpg", "say which label is right or wrong on which pictures")
	}
	seen := make(map[string]string)
	for _, v := range verdicts {
		for _, name := range c.StringSlice(v.flag) {
			if other := seen[label.Fold(name)]; other != "" && other != v.flag {
				return fault.Usagef("a label is right or wrong on a picture, not both", "--%s and --%s both name %q", other, v.flag, name)
			}
			seen[label.Fold(name)] = v.flag
		}
	}
	cfg, st, err := p.OpenAnyStore(c, store.ReadWrite)
	if err != nil {
		return err
	}
	defer st.Close()
	docs, err := app.Documents(st)
	if err != nil {
		return err
	}
	desk := openDesk(c, p, st, docs)
	pictures := query.New(st, nil, store.IDSpace(st, cfg.Collection), app.Limits(cfg))
	var records []store.Record
	for _, name := range c.Args().Slice() { // all of them before the first change
		r, err := pictures.Find(c.Context, name)
		if err != nil {
			return err
		}
		records = append(records, r)
	}
	for _, v := range verdicts {
		for _, name := range c.StringSlice(v.flag) {
			for i := range records {
				o, err := desk.Say(c.Context, name, &records[i], v.verdict)
				if err != nil {
					return err
				}
				showOutcome(c, p, name, v.did, &records[i], o)
			}
		}
	}
	for _, l := range limits {
		if err := l.keep(c, desk); err != nil {
			return err
		}
		if c.Bool("json") {
			p.PrintJSON(map[string]any{"label": l.label, "threshold": l.probability})
		} else if l.probability == 0 {
			p.Printf("%s: no threshold of its own\n", terminal.Safe(l.label))
		} else {
			p.Printf("%s: given from a probability of %g on\n", terminal.Safe(l.label), l.probability)
		}
	}
	if !c.Bool("json") {
		p.Notef("search tag --labels learns from it when it is next run")
	}
	return nil
}

// showOutcome tells what became of a correction.
func showOutcome(c *cli.Context, p *cmdline.Program, name, did string, r *store.Record, o corrections.Outcome) {
	if c.Bool("json") {
		p.PrintJSON(struct {
			Label      string              `json:"label"`
			Path       string              `json:"path"`
			PathBase64 string              `json:"path_base64,omitempty"`
			Verdict    string              `json:"verdict"`
			Before     corrections.Verdict `json:"before,omitempty"`
			Pictures   int                 `json:"pictures"`
			InFile     bool                `json:"in_file,omitempty"`
		}{name, r.Path, query.PathBase64(r.Path), did, o.Before, o.Pictures, o.InFile})
		return
	}
	beside := ""
	if o.Pictures > 1 {
		beside = fmt.Sprintf(" (and %s)", cmdline.Count(int64(o.Pictures-1), "copy", "copies"))
	}
	p.Printf("%s: %s on %s%s\n", terminal.Safe(name), did, terminal.Safe(r.Path), beside)
	if o.InFile {
		p.Notef("note: %s is among the keywords of the file itself, and stays there", terminal.Safe(name))
	}
}
