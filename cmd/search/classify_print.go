package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/report"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/zeroshot"
)

const (
	chartSide   = 480 // longer side of a picture in a chart, in pixels
	shownLabels = 10  // of a picture, on the terminal and in a chart
	barCells    = 30  // length of a whole bar on the terminal
	widestLabel = 32  // cells of a label on the terminal
)

// classified prints what files show, and collects the charts of them.
type classified struct {
	program *cmdline.Program
	labels  []string
	top     int // 0 for all
	json    bool
	chart   string
	charts  []report.Chart
	failed  int64
}

// add shows a picture. What is wrong with one that could not be read goes to stderr for
// people, and among the results for scripts, as indexer run does it.
func (x *classified) add(res tagging.Classified) error {
	if res.Err != nil {
		x.failed++
		if !x.json {
			x.program.Notef("failed: %s", terminal.Safe(fault.Words(res.Err)))
			return nil
		}
		return json.NewEncoder(x.program.Stdout).Encode(cmdline.NewFailure(res.Path, fault.Words(res.Err)))
	}
	shown := res.Scores
	if x.top > 0 {
		shown = shown[:min(x.top, len(shown))]
	} else if !x.json {
		shown = shown[:min(shownLabels, len(shown))]
	}
	if x.chart != "" {
		if err := x.addChart(res.Path, shown[:min(shownLabels, len(shown))]); err != nil {
			return err
		}
	}
	out := bufio.NewWriter(x.program.Stdout)
	if !x.json {
		x.writeBars(out, res.Path, shown)
		return out.Flush()
	}
	for _, s := range shown {
		if err := tagging.WriteLine(out, res.Path, store.Tag{Label: x.labels[s.Label], Score: s.Cosine, Probability: s.Probability}); err != nil {
			return err
		}
	}
	return out.Flush()
}

func (x *classified) addChart(path string, scores []zeroshot.Score) error {
	img, err := imaging.Thumbnail(path, chartSide)
	if err != nil {
		return fmt.Errorf("picture for the chart: %w", err) // it was there a moment ago
	}
	chart := report.Chart{Name: filepath.Base(path), Image: img}
	for _, s := range scores {
		chart.Bars = append(chart.Bars, report.Bar{Label: x.labels[s.Label], Probability: s.Probability})
	}
	x.charts = append(x.charts, chart)
	return nil
}

func (x *classified) writeChart() error {
	if len(x.charts) == 0 {
		return nil
	}
	if err := report.WriteChartFile(x.chart, "What the pictures show", x.charts); err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	if cmdline.IsTerminal(os.Stdout) && !x.json {
		x.program.Notef("the chart is in %s", x.chart)
	}
	return nil
}

// writeBars prints a picture's labels with bars.
func (x *classified) writeBars(w io.Writer, path string, scores []zeroshot.Score) {
	fmt.Fprintln(w, terminal.Safe(path))
	width := 0
	for _, s := range scores {
		width = max(width, min(widestLabel, ansi.StringWidth(terminal.Safe(x.labels[s.Label]))))
	}
	for _, s := range scores {
		name := ansi.Truncate(terminal.Safe(x.labels[s.Label]), widestLabel, "…")
		pad := strings.Repeat(" ", width-ansi.StringWidth(name))
		fmt.Fprintf(w, "  %s%s  %s %5.1f %%\n", name, pad, terminal.Bar(s.Probability, barCells), 100*s.Probability)
	}
}
