package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/corrections"
)

func tagCommand(p *cmdline.Program) *cli.Command {
	const run, out, runs = "The run", "Where tags go", "Runs"
	return &cli.Command{
		Name:      "tag",
		ArgsUsage: "[EXPORT-FILE...] [PICTURE...]",
		Usage:     "label the whole index from a list of labels",
		Description: `Labels are words, or a file: text (one per line), CSV or YAML with aliases, prompts,
parents, groups that exclude one another, and thresholds. Tags go into the index, each
with its run; search --tag finds them. The same command goes on where it was stopped,
and tags only what is new when it had finished. --undo takes exactly its tags back.

   search tag --labels beach,dog,snow
   search tag --labels everyday               a list that ships: search labels list
   search tag add beach.jpg sea               by hand; search tags lists what there is
   search tag --labels labels.yaml --min-probability 0.7 --report report.html
   search tag --labels labels.txt --per label --k 200 --dry-run
   search tag --labels '#holiday,beach'           a label made of pictures: search label save
   search tag --labels labels.txt --export tags.csv --export tags.parquet --xmp
   search tag --runs
   search tag --undo last
   search tag --approve beach --reject desert photo.jpg
   search tag review --labels labels.txt

What --approve and --reject say of pictures, by id or path, is kept with the index, and
holds for their copies. An approved picture has the label from then on, as a tag of the
source user; a rejected one loses it, and no run gives it again. The next run learns
from both, and says what changed; search tag review asks what is worth correcting.

With --xmp labels are also written into the sidecars of the pictures, as dc:subject and
lr:hierarchicalSubject. An existing photo.jpg.xmp or photo.xmp is added to, anything in
it stays as it is; else photo.jpg.xmp is made.

A text file has a label per line, a YAML or JSON file a list of labels, or of these
(search labels init writes an example with comments):
   - name: dog
     aliases: [puppy, hound]
     prompts: [a photo of a dog]
     parent: animal
     group: animals                one label of a group per picture
     threshold: 0.6`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), labelFlags(), correctionFlags(), []cli.Flag{
			&cli.StringFlag{Name: "per", Usage: "find the best labels of each image, or the best pictures of each label (`image|label`)", Value: "image", Category: run},
			&cli.IntFlag{Name: "top", Usage: "with --per image: at most `N` labels a picture", Value: 5, Category: run},
			&cli.IntFlag{Name: "k", Usage: "with --per label: at most `N` pictures a label", Value: 100, Category: run},
			&cli.Float64Flag{Name: "min-probability", Usage: "leave out tags below `P`, 0 to 1", DefaultText: defaultMinimum, Category: run},
			&cli.BoolFlag{Name: "hubness-correction", Usage: "with --per label: prefer pictures that stand out over those that are near to every label", Category: run},
			&cli.BoolFlag{Name: "retag", Usage: "look at all pictures again", Category: run},
			&cli.BoolFlag{Name: "dry-run", Usage: "show what would be written, and write nothing", Category: run},
			&cli.StringFlag{Name: "progress", Usage: "how to show progress on stderr (`auto|text|json|none`)", DefaultText: "auto", Category: "Output"},
			&cli.StringSliceFlag{Name: "export", Usage: "write the tags to a .csv, .jsonl or .parquet `FILE`; repeatable", Category: out},
			&cli.BoolFlag{Name: "xmp", Usage: "write the labels into XMP sidecars", Category: out},
			&cli.StringFlag{Name: "report", Usage: "write a page about the run to an HTML `FILE`", Category: out},
			&cli.BoolFlag{Name: "runs", Usage: "list the runs of the index", Category: runs},
			&cli.StringFlag{Name: "undo", Usage: "take the tags of a `RUN` back: its id, or last", Category: runs},
		}),
		Subcommands: []*cli.Command{tagAddCommand(p), tagRemoveCommand(p), reviewCommand(p)},
		Action: func(c *cli.Context) error {
			switch {
			case c.Bool("runs"):
				return listRuns(c, p)
			case c.IsSet("undo"):
				return undoRun(c, p)
			case c.Bool("corrections"):
				return listCorrections(c, p)
			case corrects(c):
				return correctTags(c, p)
			}
			return tag(c, p)
		},
	}
}

// tag does a run, or shows what it would do.
func tag(c *cli.Context, p *cmdline.Program) error {
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
	t, err := openTagger(c, p, o.cfg, open.Store)
	if err != nil {
		return err
	}
	defer t.Close()
	t.Verb("tagged")
	o.how.Engine = open.Engine
	if o.list, o.how, err = p.ResolveLabels(c.Context, o.cfg, open, o.list, o.how); err != nil {
		return err
	}
	classifier, err := prepareLabels(c, p, open.Encoder, o.list, o.how)
	if err != nil {
		return err
	}
	learned := &tagging.Learned{Classifier: classifier}
	if !c.Bool("no-corrections") {
		docs, err := app.Documents(open.Store)
		if err != nil {
			return err
		}
		if learned, err = tagging.Learn(c.Context, open.Store, classifier, corrections.Open(docs), o.run.MinProbability); err != nil {
			return err
		}
	}
	o.run.Verdicts = learned.Verdicts
	if o.dryRun {
		return previewTags(c, p, t, learned, o)
	}
	began := time.Now()
	if o.json {
		o.run.Lines = p.Stdout
	}
	s, err := t.Tag(c.Context, learned.Classifier, o.run)
	if err != nil {
		return err
	}
	t.Close()
	if !o.json {
		writeTagSummary(c.Context, p, t.registry, s, learned)
	} else if err := writeTagSummaryJSON(p.Stdout, s, learned, time.Since(began)); err != nil {
		return err
	}
	noteModel(p, open.Encoder.Spec(), o.json)
	if s.FailedSidecars > 0 {
		return fault.Partialf(s.FailedSidecars, "given a sidecar", fmt.Sprintf("the tags are in the index; fix what is wrong and run the same command again (run %s)", s.Run.ID))
	}
	return nil
}
