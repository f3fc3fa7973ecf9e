package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/export"
)

// tagOptions is what the flags of a run say.
type tagOptions struct {
	cfg    config.Config
	list   *label.List
	how    app.Labelling
	run    tagging.Options
	dryRun bool
	json   bool
}

// filesOf lists the paths of exports.
func filesOf(exports []tagging.ExportFile) []string {
	var files []string
	for _, f := range exports {
		files = append(files, f.Path)
	}
	return files
}

func readTagOptions(c *cli.Context, p *cmdline.Program) (o tagOptions, err error) {
	o.dryRun, o.json = c.Bool("dry-run"), c.Bool("json")
	r := &o.run
	r.Direction = tagging.Direction(c.String("per"))
	r.CorrectHubness, r.Retag = c.Bool("hubness-correction"), c.Bool("retag")
	r.Sidecars, r.Report = c.Bool("xmp"), c.String("report")
	if r.Exports, err = exportFiles(c); err != nil {
		return o, err
	}
	for _, file := range append(filesOf(r.Exports), r.Report) {
		if file == "" || o.dryRun && file != r.Report {
			continue
		}
		if err := atomicfile.Check(file); err != nil { // and not after hours
			return o, err
		}
	}
	switch r.Direction {
	case tagging.PerImage:
		r.Count = c.Int("top")
	case tagging.PerLabel:
		r.Count = c.Int("k")
	default:
		return o, fault.Usagef("", "--per is %q; it can be image or label", c.String("per"))
	}
	if r.CorrectHubness && r.Direction != tagging.PerLabel {
		return o, fault.Usagef("a picture's own labels are always set against the bank", "--hubness-correction needs --per label")
	}
	if r.Count < 1 {
		return o, fault.Usagef("", "%d tags were asked for; at least 1 is needed", r.Count)
	}
	if err := checkProbability(c.Float64("min-probability")); err != nil {
		return o, err
	}
	if o.cfg, err = p.Config(c); err != nil {
		return o, err
	}
	r.Collection = o.cfg.Collection
	if o.list, err = readLabels(c); err != nil {
		return o, err
	}
	hintAtList(p, o.list)
	r.MinProbability = leastProbability(c, o.list)
	if r.Direction == tagging.PerLabel {
		if err := tagging.CheckCount(len(o.list.Labels), r.Count); err != nil {
			return o, fault.Usagef("give a smaller --k, or use --per image", "%s", err)
		}
	}
	o.how, err = readLabelling(c)
	return o, err
}

// exportFiles reads --export, whose value is a file, or a format with the file behind
// it: --export csv tags.txt.
func exportFiles(c *cli.Context) ([]tagging.ExportFile, error) {
	rest := c.Args().Slice()
	var files []tagging.ExportFile
	for _, value := range c.StringSlice("export") {
		if f := export.Format(value); f.Known() && len(rest) > 0 {
			files = append(files, tagging.ExportFile{Path: rest[0], Format: f})
			rest = rest[1:]
			continue
		}
		f, err := export.FormatOf(value)
		if err != nil {
			return nil, err
		}
		files = append(files, tagging.ExportFile{Path: value, Format: f})
	}
	if len(rest) > 0 {
		var near []string
		for _, sub := range c.Command.Subcommands {
			if strings.HasPrefix(sub.Name, rest[0]) || spelling.Distance(sub.Name, rest[0]) == 1 {
				near = append(near, sub.Name)
			}
		}
		if len(near) > 0 {
			return nil, fault.Usagef("did you mean search tag "+spelling.Or(near)+"?", "search tag has no command %q", rest[0])
		}
		return nil, fault.Usagef("for example: search tag --labels beach,dog,snow", "it is not clear what %q is to search tag: labels stand behind --labels", rest[0])
	}
	return files, nil
}
