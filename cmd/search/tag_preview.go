package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/terminal"
)

// previewTags shows what a run would write.
func previewTags(c *cli.Context, p *cmdline.Program, t *tagger, learned *tagging.Learned, o tagOptions) error {
	began := time.Now()
	out := bufio.NewWriter(p.Stdout)
	wd, err := os.Getwd()
	if err != nil {
		wd = "" // only for shorter paths
	}
	diff := t.SidecarDiff(out, learned.Classifier, o.run)
	var show tagging.Sink = &textPreview{out: out, wd: wd}
	switch {
	case o.json:
		show = tagging.Lines(out)
	case o.run.Sidecars:
		show = diff
	}
	if o.run.Report != "" {
		show = both{show, tagging.ReportTo(o.run.Report)}
	}
	s, err := t.Preview(c.Context, learned.Classifier, o.run, show)
	if err = errors.Join(err, out.Flush()); err != nil {
		return err
	}
	t.Close()
	for _, f := range o.run.Exports {
		p.Notef("dry run: %s is not written", terminal.Safe(f.Path))
	}
	if o.run.Report != "" {
		p.Notef("dry run: %s shows what would be", terminal.Safe(o.run.Report))
	}
	if o.json {
		return writeTagSummaryJSON(p.Stdout, s, learned, time.Since(began))
	}
	p.Printf("dry run: %s on %s\n%s", cmdline.Count(s.Run.Tags, "tag", "tags"), cmdline.Count(s.Run.Tagged, "picture", "pictures"), countTable(s.Labels))
	writeLearned(p, s, learned)
	if diff.Failed > 0 {
		return fault.Partialf(diff.Failed, "given a sidecar", "")
	}
	return nil
}

// mostPreviewed is how many pictures a dry run shows to people.
const mostPreviewed = 20

// textPreview shows the tags of a dry run to people, those of the first pictures.
type textPreview struct {
	out   io.Writer
	wd    string
	shown int
	more  int64
}

// Add implements tagging.Sink.
func (x *textPreview) Add(_ context.Context, r *store.Record, tags []store.Tag) error {
	if x.shown == mostPreviewed {
		x.more++
		return nil
	}
	x.shown++
	_, err := fmt.Fprintln(x.out, terminal.Safe(cmdline.Shorten(r.Path, x.wd)))
	for _, t := range tags {
		fmt.Fprintf(x.out, "  + %s  %.1f %%\n", terminal.Safe(t.Label), 100*t.Probability)
	}
	return err
}

// Finish implements tagging.Sink.
func (x *textPreview) Finish(context.Context, *tagging.Run) error {
	if x.more == 0 {
		return nil
	}
	_, err := fmt.Fprintf(x.out, "and %s (--json lists all, --report FILE shows them)\n", cmdline.Count(x.more, "more picture", "more pictures"))
	return err
}

// Abandon implements tagging.Sink.
func (*textPreview) Abandon() error { return nil }

// both feeds two outputs.
type both [2]tagging.Sink

// Add implements tagging.Sink.
func (b both) Add(ctx context.Context, r *store.Record, tags []store.Tag) error {
	return errors.Join(b[0].Add(ctx, r, tags), b[1].Add(ctx, r, tags))
}

// Finish implements tagging.Sink.
func (b both) Finish(ctx context.Context, r *tagging.Run) error {
	return errors.Join(b[0].Finish(ctx, r), b[1].Finish(ctx, r))
}

// Abandon implements tagging.Sink.
func (b both) Abandon() error { return errors.Join(b[0].Abandon(), b[1].Abandon()) }
