package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/tagging/report"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/zeroshot"
)

func classifyCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "classify",
		Usage:     "say which of a few labels fits a picture file best",
		ArgsUsage: "FILE...",
		Description: `The files need not be in an index. The labels exclude one another: their
probabilities are the model's softmax and add up to 1, whatever is in the picture.
With --independent each label is judged by itself, and none of them may fit.

   search classify zoo/*.jpg --labels giraffe,zebra,elephant
   search classify zoo.jpg --labels giraffe,zebra,elephant --chart zoo.png
   search classify zoo/*.jpg --labels animals.yaml --template ensemble --json`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), labelFlags(), []cli.Flag{
			&cli.IntFlag{Name: "top", Usage: "show the best `N` labels of a picture", DefaultText: "all; 10 on the terminal", Category: "Output"},
			&cli.BoolFlag{Name: "independent", Usage: "judge each label by itself", Category: "Labels"},
			&cli.StringFlag{Name: "chart", Usage: "draw pictures and bars into a .png or .html `FILE`", Category: "Output"},
		}),
		Action: func(c *cli.Context) error { return classify(c, p) },
	}
}

// chartSide is the longer side of a picture in a chart.
const chartSide = 480

// maxCharts is how many pictures a page of charts holds; each is some 40 kB.
const maxCharts = 2000

func classify(c *cli.Context, p *cmdline.Program) error {
	const example = "for example: search classify zoo.jpg --labels giraffe,zebra,elephant"
	if c.NArg() == 0 {
		return fault.Usagef(example, "search classify needs at least one file")
	}
	if c.IsSet("top") && c.Int("top") < 1 {
		return fault.Usagef("", "--top is %d; it must be at least 1", c.Int("top"))
	}
	if err := checkChart(c.String("chart"), c.NArg()); err != nil {
		return err
	}
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	list, err := readLabels(c)
	if err != nil {
		return err
	}
	how, err := readLabelling(c)
	if err != nil {
		return err
	}
	if !c.Bool("independent") {
		list = list.Exclusive()
	}
	enc, err := p.OpenModel(c.Context, cfg, app.OneQuery)
	if err != nil {
		return err
	}
	defer enc.Close()
	classifier, err := how.prepare(c.Context, p, enc, list)
	if err != nil {
		return err
	}
	x := &classification{
		program: p, classifier: classifier, top: c.Int("top"), json: c.Bool("json"), chart: c.String("chart"),
		pictures: query.New(nil, enc, cfg.Collection, app.Limits(cfg)),
	}
	failed, err := x.files(c.Context, c.Args().Slice())
	if err != nil {
		return err
	}
	if err := x.writeChart(); err != nil {
		return err
	}
	if notice := enc.Spec().Notice; notice != "" && !x.json && cmdline.IsTerminal(p.Stdout) {
		p.Notef("note: %s", notice)
	}
	if failed > 0 {
		return fault.Partialf(failed, "classified", "")
	}
	return nil
}

func checkChart(name string, files int) error {
	switch ending := strings.ToLower(filepath.Ext(name)); {
	case name == "":
	case ending != ".png" && ending != ".html":
		return fault.Usagef("", "--chart is %q; it must end in .png or .html", name)
	case ending == ".png" && files > report.MaxChartsPNG:
		return fault.Usagef("write an .html file", "a PNG takes up to %d pictures, there are %d", report.MaxChartsPNG, files)
	case files > maxCharts:
		return fault.Usagef("", "a page takes up to %d pictures, there are %d", maxCharts, files)
	}
	return nil
}

// classification goes through files and prints what they are.
type classification struct {
	program    *cmdline.Program
	classifier *zeroshot.Classifier
	pictures   *query.Service
	top        int // 0 for all
	json       bool
	chart      string
	charts     []report.Chart
}

// files classifies each file; one that cannot be read is reported and passed over.
func (x *classification) files(ctx context.Context, files []string) (failed int64, err error) {
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return failed, err
		}
		v, err := x.pictures.EmbedImage(ctx, file)
		if err != nil {
			failed++
			if err := x.showFailure(file, err); err != nil {
				return failed, err
			}
			continue
		}
		scores, err := x.classifier.Score(ctx, v)
		if err != nil {
			return failed, err
		}
		if err := x.show(file, scores[0]); err != nil {
			return failed, err
		}
	}
	return failed, nil
}

// showFailure tells what is wrong with a file: people on stderr, scripts among the
// results, as indexer run does it.
func (x *classification) showFailure(file string, err error) error {
	if !x.json {
		x.program.Notef("failed: %s", terminal.Safe(err.Error()))
		return nil
	}
	return json.NewEncoder(x.program.Stdout).Encode(cmdline.NewFailure(file, err.Error()))
}

// shownLabels is how many labels of a picture the terminal and a chart show.
const shownLabels = 10

func (x *classification) show(file string, scores []zeroshot.Score) error {
	shown := len(scores)
	if x.top > 0 {
		shown = min(x.top, shown)
	} else if !x.json {
		shown = min(shownLabels, shown)
	}
	labels := x.classifier.List().Labels
	if x.chart != "" {
		chart := report.Chart{Name: filepath.Base(file)}
		img, err := thumbnail(file, chartSide)
		if err != nil {
			return fmt.Errorf("picture for the chart: %w", err) // it was there a moment ago
		}
		chart.Image = img
		for _, s := range scores[:min(shown, shownLabels)] {
			chart.Bars = append(chart.Bars, report.Bar{Label: labels[s.Label].Name, Probability: s.Probability})
		}
		x.charts = append(x.charts, chart)
	}
	out := bufio.NewWriter(x.program.Stdout)
	if x.json {
		for _, s := range scores[:shown] {
			if err := writeTagJSON(out, file, labels[s.Label].Name, s.Cosine, s.Probability); err != nil {
				return err
			}
		}
		return out.Flush()
	}
	writeBars(out, file, scores[:shown], labels)
	return out.Flush()
}

// writeTagJSON prints a tag for scripts.
func writeTagJSON(w io.Writer, path, label string, score, probability float32) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(newTagJSON(path, label, score, probability))
}

// barCells is the length of a whole bar on the terminal.
const barCells = 30

// writeBars prints a picture's labels with bars.
func writeBars(w io.Writer, file string, scores []zeroshot.Score, labels []zeroshot.Label) {
	fmt.Fprintln(w, terminal.Safe(file))
	const widest = 32
	width := 0
	for _, s := range scores {
		width = max(width, min(widest, ansi.StringWidth(terminal.Safe(labels[s.Label].Name))))
	}
	for _, s := range scores {
		name := ansi.Truncate(terminal.Safe(labels[s.Label].Name), widest, "…")
		pad := strings.Repeat(" ", width-ansi.StringWidth(name))
		fmt.Fprintf(w, "  %s%s  %s %5.1f %%\n", name, pad, bar(s.Probability), 100*s.Probability)
	}
}

// bar draws a probability in eighths of a character.
func bar(p float32) string {
	eighths := int(min(max(p, 0), 1)*barCells*8 + 0.5)
	b := strings.Repeat("█", eighths/8)
	cells := eighths / 8
	if rest := eighths % 8; rest > 0 {
		b += string([]rune(" ▏▎▍▌▋▊▉")[rest])
		cells++
	}
	return b + strings.Repeat(" ", barCells-cells)
}

func (x *classification) writeChart() error {
	if x.chart == "" || len(x.charts) == 0 {
		return nil
	}
	err := atomicfile.Write(x.chart, func(w io.Writer) error {
		if strings.EqualFold(filepath.Ext(x.chart), ".png") {
			return report.WriteChartPNG(w, x.charts)
		}
		return report.WriteChartHTML(w, "What the pictures show", x.charts)
	})
	if err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	if cmdline.IsTerminal(os.Stdout) && !x.json {
		x.program.Notef("the chart is in %s", x.chart)
	}
	return nil
}
