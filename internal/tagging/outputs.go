package tagging

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"path/filepath"
	"unicode/utf8"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging/export"
	"github.com/sightline/sightline/internal/tagging/report"
)

// Outputs says what a run writes beside the tags in the index.
type Outputs struct {
	Exports  []ExportFile // tables of the tags
	Report   string       // an HTML page about the run; "" for none
	Sidecars bool         // labels go into the XMP files beside the pictures, too
	Lines    io.Writer    // takes each tag as a line of JSON; nil for none
}

// ExportFile is a table and where it goes.
type ExportFile struct {
	Path   string
	Format export.Format
}

// exportSink writes the tags of a run as a table.
type exportSink struct {
	run   *Run
	file  ExportFile
	table *export.Table // nil before the first picture, or where it cannot be written
}

// Add implements Sink.
func (e *exportSink) Add(_ context.Context, r *store.Record, tags []store.Tag) error {
	if err := e.create(); err != nil {
		return err
	}
	from := e.run.Plan.Provenance
	for _, t := range tags {
		err := e.table.Write(export.Row{
			Path: r.Path, Label: t.Label, Score: t.Score, Probability: t.Probability, ID: r.ID,
			Run: e.run.ID, Model: from.Model, Labels: from.Labels, Templates: from.Templates, Time: e.run.Started,
		})
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	return nil
}

func (e *exportSink) create() (err error) {
	if e.table == nil {
		if e.table, err = export.Create(e.file.Path, e.file.Format); err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	return nil
}

// Finish implements Sink. A run without tags leaves a table without rows.
func (e *exportSink) Finish(context.Context, *Run) error {
	if err := e.create(); err != nil {
		return err
	}
	if err := e.table.Commit(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// Abandon implements Sink.
func (e *exportSink) Abandon() error {
	if e.table == nil {
		return nil
	}
	return e.table.Abort()
}

// reportSide is the longer side of a picture in a report, in pixels.
const reportSide = 240

// reportSink collects a page about a run and writes it at the end.
type reportSink struct {
	path string
	page *report.RunPage
}

// Add implements Sink.
func (s *reportSink) Add(_ context.Context, r *store.Record, tags []store.Tag) error {
	if len(tags) == 0 {
		return nil
	}
	shown := make([]report.Tag, len(tags))
	for i, t := range tags {
		shown[i] = report.Tag{Label: t.Label, Probability: t.Probability}
	}
	s.page.Add(report.Picture{Path: r.Path, Content: string(r.ContentHash)}, shown)
	return nil
}

// Finish implements Sink.
func (s *reportSink) Finish(ctx context.Context, r *Run) error {
	absolute, err := filepath.Abs(s.path)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	err = atomicfile.Write(s.path, func(w io.Writer) error {
		return s.page.Write(ctx, w, filepath.Dir(absolute), factsOf(r), func(path string) (image.Image, error) {
			return imaging.Thumbnail(path, reportSide)
		})
	})
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// ReportTo returns a sink that writes the page about a run, or about a preview, to a file.
func ReportTo(file string) Sink { return &reportSink{file, report.NewRunPage()} }

// Abandon implements Sink.
func (s *reportSink) Abandon() error { return nil }

// factsOf is a run as its report describes it.
func factsOf(r *Run) report.Facts {
	what := "labels a picture"
	if r.Plan.Direction == PerLabel {
		what = "pictures a label"
	}
	name, started := r.ID, r.Started.Format("2006-01-02 15:04 MST")
	if r.Started.IsZero() {
		name, started = r.ID+" (a dry run)", "no tags were written"
	}
	return report.Facts{
		Run: name, Model: r.ModelName, Labels: fmt.Sprintf("%d from %s", r.LabelCount, r.LabelsFrom),
		Time:      started,
		Direction: fmt.Sprintf("at most %d %s, from a probability of %g", r.Plan.Count, what, r.Plan.MinProbability),
		Templates: r.Templates, Pictures: r.Pictures, Tagged: r.Tagged, Tags: r.Tags,
	}
}

// Line is a tag for scripts, one JSON object per line.
type Line struct {
	Path        string  `json:"path"`
	Label       string  `json:"label"`
	Score       float32 `json:"score"`       // cosine
	Probability float32 `json:"probability"` // calibrated
	// PathBase64 is the path's bytes where they are not UTF-8, which JSON cannot hold.
	PathBase64 string `json:"path_base64,omitempty"`
}

// WriteLine writes a tag of a picture as a line of JSON.
func WriteLine(w io.Writer, path string, t store.Tag) error {
	line := Line{Path: path, Label: t.Label, Score: t.Score, Probability: t.Probability}
	if !utf8.ValidString(path) {
		line.PathBase64 = base64.StdEncoding.EncodeToString([]byte(path))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(line)
}

// lineSink writes each tag as a line of JSON.
type lineSink struct{ out *bufio.Writer }

// Add implements Sink.
func (s lineSink) Add(_ context.Context, r *store.Record, tags []store.Tag) error {
	for _, t := range tags {
		if err := WriteLine(s.out, r.Path, t); err != nil {
			return err
		}
	}
	return nil
}

// Finish implements Sink.
func (s lineSink) Finish(context.Context, *Run) error { return s.out.Flush() }

// Abandon implements Sink. Whole lines are written, so that a reader finds no half of one.
func (s lineSink) Abandon() error { return s.out.Flush() }
