package main

import (
	"errors"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal/progress"
	"github.com/sightline/sightline/internal/transfer"
)

func copyCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "copy",
		Usage: "copy the index from one kind of store to another",
		Description: `Copies pictures, embeddings, tags, the list of failures and the documents that
belong to the index, such as what search tag did; nothing is embedded again. What the target has already is not sent, so that a copy that broke off goes on
where it was, and a later one brings over what changed. What the target has beside
the source stays. In the end counts and a random sample of the embeddings are
compared; a difference ends with 1. An index of another model is refused.

   indexer copy --from local --to milvus --milvus-address db.example:19530
   indexer copy --from milvus --to local --db /srv/index`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags(), progressFlags(), []cli.Flag{
			&cli.StringFlag{Name: "from", Usage: "`KIND` of store to read: " + strings.Join(app.StoreKinds(), " or "), DefaultText: "the one in use"},
			&cli.StringFlag{Name: "to", Usage: "`KIND` of store to write: " + strings.Join(app.StoreKinds(), " or ")},
		}),
		Action: func(c *cli.Context) error { return copyIndex(c, p) },
	}
}

func copyIndex(c *cli.Context, p *cmdline.Program) error {
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	from := cfg.Store
	if c.IsSet("from") {
		from = c.String("from")
	}
	job, err := p.OpenCopy(c.Context, cfg, from, c.String("to"))
	if err != nil {
		return err
	}
	defer job.Close()
	reporter, err := reporterFor(c, p)
	if err != nil {
		return err
	}
	start := time.Now()
	report, err := job.Run(c.Context, func(done, total int64) {
		reporter.Bytes(progress.Bytes{What: "copying", Done: done, Total: total, Rate: float64(done) / time.Since(start).Seconds()})
	})
	reporter.Close()
	if err == nil || c.Context.Err() != nil || errors.Is(err, transfer.ErrCheck) {
		printCopy(c, p, report, err == nil)
	}
	if err == nil && report.Refused > 0 {
		err = fault.Partialf(report.Refused, "copied", "the target cannot keep them as they are: indexer status --failures lists them with the reasons")
	}
	return err
}

// copyJSON is the outcome of a copy for scripts.
type copyJSON struct {
	Records   int64   `json:"records"`
	Copied    int64   `json:"copied"`
	Unchanged int64   `json:"unchanged"`
	Extra     int64   `json:"extra"`
	Failures  int64   `json:"failures"`
	Refused   int64   `json:"refused"`   // pictures that the target cannot keep; they are failures there
	Documents int64   `json:"documents"` // such as the runs of search tag
	Sampled   int64   `json:"sampled"`
	Seconds   float64 `json:"seconds"`
	Complete  bool    `json:"complete"` // everything is there and was checked
}

func printCopy(c *cli.Context, p *cmdline.Program, r transfer.Report, complete bool) {
	if c.Bool("json") {
		p.PrintJSON(copyJSON{
			Records: r.Records, Copied: r.Copied, Unchanged: r.Unchanged, Extra: r.Extra, Failures: r.Failures, Refused: r.Refused,
			Documents: r.Documents, Sampled: r.Sampled, Seconds: r.Seconds, Complete: complete,
		})
		return
	}
	p.Printf("%d pictures read: %d copied, %d there already, %d failures in %s\n",
		r.Records, r.Copied, r.Unchanged, r.Failures, time.Duration(r.Seconds*float64(time.Second)).Round(10*time.Millisecond))
	if r.Extra > 0 {
		p.Printf("%d pictures that are only in the target were left there\n", r.Extra)
	}
	if complete {
		p.Printf("checked: the counts, and %d records with their embeddings\n", r.Sampled)
	}
}
