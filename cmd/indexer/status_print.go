package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/terminal"
)

// statusJSON is the answer for scripts.
type statusJSON struct {
	Store       string            `json:"store"`
	Location    string            `json:"location"`
	Collection  string            `json:"collection"`
	Records     int64             `json:"records"`
	Failures    int64             `json:"failures"`
	Damaged     *int64            `json:"damaged,omitempty"` // where the store can count them
	Model       modelJSON         `json:"model"`
	Created     time.Time         `json:"created"`
	Updated     time.Time         `json:"updated"`
	Bytes       int64             `json:"bytes"`
	Format      int               `json:"format"`
	Details     map[string]string `json:"details,omitempty"` // what only this kind of store has to say
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

func printStatusJSON(p *cmdline.Program, d index.Status) {
	s := statusJSON{
		Store: d.Kind, Location: d.Location, Collection: d.Collection, Records: d.Records, Failures: d.Failures,
		Model:   modelJSON{d.Model.Name, d.Model.Precision, d.Model.Pixels, cmp.Or(d.Model.Colour, "ignore"), d.Model.Dim, d.Model.Fingerprint},
		Created: d.Created, Updated: d.Updated, Bytes: d.Bytes, Format: d.Format, FailedFiles: []cmdline.Failure{},
	}
	if d.Damaged >= 0 {
		s.Damaged = &d.Damaged
	}
	for _, x := range d.Details {
		if s.Details == nil {
			s.Details = make(map[string]string)
		}
		s.Details[x.Name] = x.Value
	}
	for _, f := range d.Listed {
		s.FailedFiles = append(s.FailedFiles, cmdline.NewFailure(f.Path, f.Reason))
	}
	p.PrintJSON(s)
}

func printStatus(p *cmdline.Program, d index.Status) {
	width := len("collection")
	for _, x := range d.Details {
		width = max(width, len(x.Name))
	}
	line := func(name, format string, args ...any) {
		p.Printf("%-*s  %s\n", width, name, fmt.Sprintf(format, args...))
	}
	line("store", "%s, %s", d.Kind, terminal.Safe(d.Location))
	line("collection", "%s", d.Collection)
	size := "" // unknown on a server
	if d.Bytes > 0 {
		size = fmt.Sprintf(" (%s on disk)", humanize.Bytes(uint64(d.Bytes)))
	}
	line("pictures", "%d%s", d.Records, size)
	line("failures", "%d", d.Failures)
	if d.Damaged > 0 {
		line("damaged", "%d, indexed as far as their files go (search has:damage)", d.Damaged)
	}
	line("model", "%s, %d dimensions, %s pixels, colours %s",
		terminal.Safe(d.Model.Label()), d.Model.Dim, d.Model.Pixels, cmp.Or(d.Model.Colour, "ignored"))
	for _, x := range d.Details {
		line(x.Name, "%s", terminal.Safe(x.Value))
	}
	line("created", "%s", d.Created.Local().Format(time.DateTime))
	line("updated", "%s", d.Updated.Local().Format(time.DateTime))
	for _, f := range d.Listed {
		p.Printf("failed: %s: %s\n", terminal.Safe(f.Path), terminal.Safe(f.Reason))
	}
	if more := d.Unlisted(); more > 0 {
		p.Printf("... and %d more: indexer status --failures\n", more)
	}
	if d.Failures > 0 {
		p.Printf("indexer retry tries them again\n")
	}
}
