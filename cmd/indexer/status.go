package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

func statusCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "status",
		Usage: "say what is in the index: counts, model, store, failures",
		Description: `   indexer status
   indexer status --failures             every file that failed, with the reason
   indexer status --json                 for scripts`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "failures", Usage: "list every failure, not only the first ten"},
		}),
		Action: func(c *cli.Context) error {
			_, st, err := p.OpenAnyStore(c, store.ReadOnly)
			if err != nil {
				return err
			}
			defer st.Close()
			d, err := st.Describe(c.Context)
			if err != nil {
				return err
			}
			const few = 10
			var failures []store.Failure
			for f, err := range st.Failures(c.Context) {
				if err != nil {
					return err
				}
				if !c.Bool("failures") && len(failures) == few {
					break
				}
				failures = append(failures, f)
			}
			if c.Bool("json") {
				return printStatusJSON(p, d, failures)
			}
			printStatus(p, d, failures)
			return nil
		},
	}
}

// statusJSON is the answer for scripts.
type statusJSON struct {
	Store       string            `json:"store"`
	Location    string            `json:"location"`
	Collection  string            `json:"collection"`
	Records     int64             `json:"records"`
	Failures    int64             `json:"failures"`
	Model       modelJSON         `json:"model"`
	Created     time.Time         `json:"created"`
	Updated     time.Time         `json:"updated"`
	Bytes       int64             `json:"bytes"`
	Format      int               `json:"format"`
	FailedFiles []cmdline.Failure `json:"failed_files"`
}

type modelJSON struct {
	Name        string `json:"name"`
	Precision   string `json:"precision"`
	Pixels      string `json:"pixels"`
	Colour      string `json:"colour"`
	Dim         int    `json:"dim"`
	Fingerprint string `json:"fingerprint"`
}

func printStatusJSON(p *cmdline.Program, d store.Description, failures []store.Failure) error {
	s := statusJSON{
		Store: d.Kind, Location: d.Location, Collection: d.Collection, Records: d.Records, Failures: d.Failures,
		Model:   modelJSON{d.Model.Name, d.Model.Precision, d.Model.Pixels, cmp.Or(d.Model.Colour, "ignore"), d.Model.Dim, d.Model.Fingerprint},
		Created: d.Created, Updated: d.Updated, Bytes: d.Bytes, Format: d.Format, FailedFiles: []cmdline.Failure{},
	}
	for _, f := range failures {
		s.FailedFiles = append(s.FailedFiles, cmdline.NewFailure(f.Path, f.Reason))
	}
	return json.NewEncoder(p.Stdout).Encode(s)
}

func printStatus(p *cmdline.Program, d store.Description, failures []store.Failure) {
	p.Printf("store       %s, %s\n", d.Kind, terminal.Safe(d.Location))
	p.Printf("collection  %s\n", d.Collection)
	size := "" // a server does not tell
	if d.Bytes > 0 {
		size = fmt.Sprintf(" (%s on disk)", humanize.Bytes(uint64(d.Bytes)))
	}
	p.Printf("pictures    %d%s\n", d.Records, size)
	p.Printf("failures    %d\n", d.Failures)
	p.Printf("model       %s, %d dimensions, %s pixels, colours %s\n",
		terminal.Safe(d.Model.Label()), d.Model.Dim, d.Model.Pixels, cmp.Or(d.Model.Colour, "ignored"))
	p.Printf("created     %s\n", d.Created.Local().Format(time.DateTime))
	p.Printf("updated     %s\n", d.Updated.Local().Format(time.DateTime))
	for _, f := range failures {
		p.Printf("failed: %s: %s\n", terminal.Safe(f.Path), terminal.Safe(f.Reason))
	}
	if more := d.Failures - int64(len(failures)); more > 0 {
		p.Printf("... and %d more: indexer status --failures\n", more)
	}
	if d.Failures > 0 {
		p.Printf("indexer retry tries them again\n")
	}
}
