package main

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/report"
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
	classifier, err := prepareLabels(c, p, enc, list, how)
	if err != nil {
		return err
	}
	show := &classified{program: p, labels: list.Names(), top: c.Int("top"), json: c.Bool("json"), chart: c.String("chart")}
	pictures := query.New(nil, enc, cfg.Collection, app.Limits(cfg))
	for res, err := range tagging.Classify(c.Context, pictures, classifier, c.Args().Slice()) {
		if err == nil {
			err = show.add(res)
		}
		if err != nil {
			return err
		}
	}
	if err := show.writeChart(); err != nil {
		return err
	}
	noteModel(p, enc.Spec(), c.Bool("json"))
	if show.failed > 0 {
		return fault.Partialf(show.failed, "classified", "")
	}
	return nil
}

// maxCharts is how many pictures a page of charts holds; each is some 40 kB.
const maxCharts = 2000

func checkChart(name string, files int) error {
	switch ending := strings.ToLower(filepath.Ext(name)); {
	case name == "":
		return nil
	case ending != ".png" && ending != ".html":
		return fault.Usagef("", "--chart is %q; it must end in .png or .html", name)
	case ending == ".png" && files > report.MaxChartsPNG:
		return fault.Usagef("write an .html file", "a PNG takes up to %d pictures, there are %d", report.MaxChartsPNG, files)
	case files > maxCharts:
		return fault.Usagef("", "a page takes up to %d pictures, there are %d", maxCharts, files)
	}
	err := report.CheckChart(name)
	if errors.Is(err, report.ErrPicture) {
		return fault.Usagef("give another name, or remove that file", "--chart: %s", err)
	}
	return err
}
