package main

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/export"
	"github.com/sightline/sightline/internal/zeroshot"
)

func tagCommand(p *cmdline.Program) *cli.Command {
	const run, out, runs = "The run", "Where tags go", "Runs"
	return &cli.Command{
		Name:      "tag",
		ArgsUsage: "[EXPORT-FILE...]",
		Usage:     "label the whole index from a list of labels",
		Description: `Labels are words, or a file: text (one a line), CSV or YAML with aliases, prompts,
parents, groups that exclude one another, and thresholds. Tags go into the index, each
with its run; search --tag finds them. The same command goes on where it was stopped,
and tags only what is new when it had finished. --undo takes exactly its tags back.

   search tag --labels beach,dog,snow
   search tag --labels labels.yaml --min-probability 0.7 --report report.html
   search tag --labels labels.txt --per label --k 200 --dry-run
   search tag --labels labels.txt --export tags.csv --export tags.parquet --xmp
   search tag --runs
   search tag --undo last

With --xmp labels are also written into the sidecars of the pictures, as dc:subject and
lr:hierarchicalSubject. An existing photo.jpg.xmp or photo.xmp is added to, anything in
it stays as it is; else photo.jpg.xmp is made.`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), labelFlags(), []cli.Flag{
			&cli.StringFlag{Name: "per", Usage: "find the best labels of each `image|label`, or the best pictures", Value: "image", Category: run},
			&cli.IntFlag{Name: "top", Usage: "with --per image: at most `N` labels a picture", Value: 5, Category: run},
			&cli.IntFlag{Name: "k", Usage: "with --per label: at most `N` pictures a label", Value: 100, Category: run},
			&cli.Float64Flag{Name: "min-probability", Usage: "leave out tags below `P`, 0 to 1", Value: zeroshot.DefaultMinProbability, Category: run},
			&cli.BoolFlag{Name: "hubness-correction", Usage: "with --per label: prefer pictures that stand out over those that are near to every label", Category: run},
			&cli.BoolFlag{Name: "retag", Usage: "look at all pictures again", Category: run},
			&cli.BoolFlag{Name: "dry-run", Usage: "show what would be written, and write nothing", Category: run},
			&cli.StringFlag{Name: "progress", Usage: "show progress on stderr as `auto|text|json|none`", DefaultText: "auto", Category: "Output"},
			&cli.StringSliceFlag{Name: "export", Usage: "write the tags to a .csv, .jsonl or .parquet `FILE`; repeatable", Category: out},
			&cli.BoolFlag{Name: "xmp", Usage: "write the labels into XMP sidecars", Category: out},
			&cli.StringFlag{Name: "report", Usage: "write a page about the run to an HTML `FILE`", Category: out},
			&cli.BoolFlag{Name: "runs", Usage: "list the runs of the index", Category: runs},
			&cli.StringFlag{Name: "undo", Usage: "take the tags of a `RUN` back: its id, or last", Category: runs},
		}),
		Action: func(c *cli.Context) error {
			switch {
			case c.Bool("runs"):
				return listRuns(c, p)
			case c.IsSet("undo"):
				return undoRun(c, p)
			}
			return tag(c, p)
		},
	}
}

// tagOptions is what the flags of a run say.
type tagOptions struct {
	cfg     config.Config
	list    *zeroshot.List
	how     labelling
	per     tagging.Direction
	count   int
	least   float32
	exports []exportFile
	hubness bool
	retag   bool
	dryRun  bool
	xmp     bool
	report  string
	json    bool
}

type exportFile struct {
	path   string
	format export.Format
}

func readTagOptions(c *cli.Context, p *cmdline.Program) (o tagOptions, err error) {
	o = tagOptions{
		per: tagging.Direction(c.String("per")), least: float32(c.Float64("min-probability")),
		hubness: c.Bool("hubness-correction"), retag: c.Bool("retag"), dryRun: c.Bool("dry-run"), xmp: c.Bool("xmp"), report: c.String("report"), json: c.Bool("json"),
	}
	if o.exports, err = exportFiles(c); err != nil {
		return o, err
	}
	switch o.per {
	case tagging.PerImage:
		o.count = c.Int("top")
	case tagging.PerLabel:
		o.count = c.Int("k")
	default:
		return o, fault.Usagef("", "--per is %q; it can be image or label", c.String("per"))
	}
	if o.hubness && o.per != tagging.PerLabel {
		return o, fault.Usagef("a picture's own labels are always set against the bank", "--hubness-correction needs --per label")
	}
	if o.count < 1 {
		return o, fault.Usagef("", "%d tags were asked for; at least 1 is needed", o.count)
	}
	if !(o.least >= 0 && o.least <= 1) {
		return o, fault.Usagef("a probability lies between 0 and 1", "--min-probability is %g", o.least)
	}
	if o.cfg, err = p.Config(c); err != nil {
		return o, err
	}
	if o.list, err = readLabels(c); err != nil {
		return o, err
	}
	if o.per == tagging.PerLabel {
		if err := tagging.CheckCount(len(o.list.Labels), o.count); err != nil {
			return o, fault.Usagef("give a smaller --k, or use --per image", "%s", err)
		}
	}
	o.how, err = readLabelling(c)
	return o, err
}

// exportFiles reads --export, whose value is a file, or a format with the file behind
// it: --export csv tags.txt.
func exportFiles(c *cli.Context) ([]exportFile, error) {
	rest := c.Args().Slice()
	var files []exportFile
	for _, value := range c.StringSlice("export") {
		if f := export.Format(value); f.Known() && len(rest) > 0 {
			files = append(files, exportFile{rest[0], f})
			rest = rest[1:]
			continue
		}
		f, err := export.FormatOf(value)
		if err != nil {
			return nil, err
		}
		files = append(files, exportFile{value, f})
	}
	if len(rest) > 0 {
		return nil, fault.Usagef("for example: search tag --labels beach,dog,snow", "search tag takes no arguments, and there is %q", rest[0])
	}
	return files, nil
}

// tag does a run.
func tag(c *cli.Context, p *cmdline.Program) (err error) {
	o, err := readTagOptions(c, p)
	if err != nil {
		return err
	}
	access := store.ReadWrite
	if o.dryRun {
		access = store.ReadOnly
	}
	open, err := p.OpenIndex(c.Context, o.cfg, access, app.OneQuery)
	if err != nil {
		return err
	}
	defer open.Close()
	dir, err := app.RunsDir(c.Context, o.cfg, open.Store)
	if err != nil {
		return err
	}
	reporter, err := p.Reporter(c.String("progress"), o.json)
	if err != nil {
		return err
	}
	defer reporter.Close()
	reporter.Verb("tagged")
	engine := p.MatrixEngine(o.cfg)
	defer engine.Close()
	o.how.engine = engine
	classifier, err := o.how.prepare(c.Context, p, open.Encoder, o.list)
	if err != nil {
		return err
	}
	spec := open.Encoder.Spec()
	registry := tagging.OpenRegistry(dir)
	x := &tagRun{
		program: p, tagOptions: o, reporter: reporter, registry: registry,
		tagger: tagging.New(open.Store, registry, observer{reporter}),
		run: tagging.Run{
			Plan: tagging.Plan{
				Collection: o.cfg.Collection, Provenance: classifier.Provenance(),
				Direction: o.per, Count: o.count, MinProbability: o.least, CorrectHubness: o.hubness,
			},
			ModelName: spec.Name + " " + spec.Precision, LabelsFrom: o.list.Source, LabelCount: len(o.list.Labels),
			Templates: o.how.templatesOrDefault(),
		},
		keywords: keywordsOf(o.list),
	}
	_, notFile := os.Stat(c.String("labels"))
	x.labelsFile = notFile == nil
	if x.wd, err = os.Getwd(); err != nil {
		x.wd = "" // only for shorter paths
	}
	if o.dryRun {
		return x.preview(c.Context, classifier)
	}
	if err := x.do(c.Context, classifier); err != nil {
		return err
	}
	if spec.Notice != "" && !o.json && cmdline.IsTerminal(p.Stdout) {
		p.Notef("note: %s", spec.Notice)
	}
	if x.failed > 0 {
		return fault.Partialf(x.failed, "given a sidecar", fmt.Sprintf("the tags are in the index; mend what is wrong and run the same command again (run %s)", x.run.ID))
	}
	return nil
}
