package main

import (
	"errors"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/zeroshot"
)

// labelFlags say what to look for, and how texts are made of it.
func labelFlags() []cli.Flag {
	const category = "Labels"
	return []cli.Flag{
		&cli.StringFlag{Name: "labels", Usage: "labels divided by commas, a text, CSV, YAML or JSON `FILE` of them (- is the standard input), or a list that ships (search labels list)", Category: category},
		&cli.StringSliceFlag{Name: "template", Usage: "put labels into `T`, such as \"a photo of a {}\"; ensemble for the built-in set; @FILE; repeatable", Category: category},
		&cli.StringFlag{Name: "calibration", Usage: "how probabilities are made of cosines; with :GAIN,OFFSET as search eval --labels finds them (`auto|bank|contrast|cosine|sigmoid`)", DefaultText: "auto", Category: category},
		&cli.StringFlag{Name: "bank", Usage: "`FILE` of concepts that stand for \"none of these\"", DefaultText: "built in", Category: category},
	}
}

// readLabels reads what --labels names.
func readLabels(c *cli.Context) (*label.List, error) {
	if !c.IsSet("labels") {
		return nil, fault.Usagef("for example: --labels beach,dog,snow or --labels labels.txt", "%s needs --labels", c.Command.HelpName)
	}
	if c.String("labels") == "-" {
		return label.Read(c.App.Reader, "the standard input", label.Text)
	}
	return label.Load(c.String("labels"))
}

// hintAtList says which of the lists that ship may be meant where one word alone was given,
// which is a label.
func hintAtList(p *cmdline.Program, list *label.List) {
	if list.Source != label.Given || len(list.Labels) != 1 {
		return
	}
	name := list.Labels[0].Name
	known := label.BundledNames()
	if near := spelling.Nearest(name, known); len(near) > 0 && !slices.Contains(known, name) {
		p.Notef("hint: %q is a label here: did you mean the list %s?", terminal.Safe(name), spelling.Or(near))
	}
}

// readLabelling reads how the labels are made ready.
func readLabelling(c *cli.Context) (app.Labelling, error) {
	l := app.Labelling{Calibration: c.String("calibration")}
	for _, spec := range c.StringSlice("template") {
		t, err := zeroshot.Templates(spec)
		if err != nil {
			return l, err
		}
		l.Templates = append(l.Templates, t...)
	}
	if name := c.String("bank"); name != "" {
		var err error
		if l.Background, err = zeroshot.ReadBackground(name); err != nil {
			return l, err
		}
	}
	return l, nil
}

// defaultMinimum tells what leastProbability does.
const defaultMinimum = "0.3, and more for lists of more than 50 labels"

// leastProbability is --min-probability, or what suits the list where it is not given.
func leastProbability(c *cli.Context, list *label.List) float32 {
	if c.IsSet("min-probability") {
		return float32(c.Float64("min-probability"))
	}
	return zeroshot.DefaultMinimum(list)
}

// checkProbability refuses a --min-probability that is none.
func checkProbability(p float64) error {
	if !(p >= 0 && p <= 1) {
		return fault.Usagef("a probability lies between 0 and 1", "--min-probability is %g", p)
	}
	return nil
}

// prepareLabels makes a list ready for a model.
func prepareLabels(c *cli.Context, p *cmdline.Program, enc clip.Encoder, list *label.List, how app.Labelling) (*zeroshot.Classifier, error) {
	// A line of progress on a terminal alone: mostly the texts come from the cache.
	if mode := c.String("progress"); mode == "text" || (mode == "" || mode == "auto") && cmdline.IsTerminal(p.Stderr) {
		r, err := p.Reporter("text", false)
		if err != nil {
			return nil, err
		}
		defer r.Close()
		r.Verb("texts of labels embedded")
		r.WalkDone()
		how.Observer = r
	}
	classifier, err := p.Classifier(c.Context, enc, list, how)
	if errors.Is(err, zeroshot.ErrCalibration) {
		err = fault.Usagef("", "--calibration: %s", err)
	}
	return classifier, err
}

// noteModel tells people what they should know of a model, where it says something.
func noteModel(p *cmdline.Program, s clip.Spec, asJSON bool) {
	if s.Notice != "" && !asJSON && cmdline.IsTerminal(p.Stdout) {
		p.NoteOnce(s.Notice)
	}
}
