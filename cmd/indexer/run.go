package main

import (
	"errors"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

func runCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "index the pictures below paths, or bring their index up to date",
		ArgsUsage: "PATH...",
		Description: `Only what is new or changed is embedded. Moved pictures are recognised by their
content; pictures that are gone are removed, unless more than a fifth of a path has
vanished at once, which looks like an unmounted disk (--force-prune insists).
A file whose ending tells nothing is judged by its first bytes. What is no
picture, or hidden, ignored or made by a system for itself, is counted at the end;
--list-skipped names it. What --ignore, --no-links or an ignore file newly leaves out
goes from the index too.
Files that fail are listed with a reason and tried again when they change, or with
indexer retry. Ctrl-C finishes the batch in hand; the next run goes on from there.

--shard lets several indexers, on as many machines as there are, fill one collection:
each takes the files whose paths hash to its part, and prunes only those. They need
not know of each other. The embedded store takes one at a time, Milvus all at once.

--rebuild changes the model: a new index is built beside the one in use, over all of
its paths, and takes its place once it is whole. Searches go on meanwhile.

   indexer run ~/Pictures
   indexer run /mnt/photos /mnt/scans --db /srv/index
   indexer run ~/Pictures --ignore '*.tmp' --ignore 'Smith, John/' --json
   indexer run ~/Pictures --list-skipped
   indexer run ~/Pictures --recheck
   indexer run /mnt/photos --store milvus --shard 1/4
   find /mnt/photos -maxdepth 2 -type d -print0 >list
   indexer run /mnt/photos --store milvus --shard 1/4 --manifest list
   indexer run --rebuild --model Xenova/clip-vit-base-patch32`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), progressFlags(), pipelineFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "rebuild", Usage: "build the index for another model beside the one in use, then switch"},
			&cli.StringFlag{Name: "shard", Usage: "only the part `N/COUNT` of the files, by the hash of their paths"},
			&cli.StringFlag{Name: "manifest", Usage: "look only at the files and folders that `FILE` lists, a line each or ended by NULs; - is stdin"},
			&cli.BoolFlag{Name: "force-prune", Usage: "remove vanished pictures even if a whole path is gone"},
			&cli.BoolFlag{Name: "no-prune", Usage: "keep vanished pictures in the index"},
			&cli.StringFlag{Name: "raw", Usage: "cameras' RAW files: one picture with the JPEG of the same name, one of their own, or passed over (`twin|both|off`)", DefaultText: "twin"},
			&cli.BoolFlag{Name: "hidden", Usage: "look at files and folders whose name starts with a dot"},
			&cli.BoolFlag{Name: "no-links", Usage: "pass symbolic links over"},
			&cli.StringSliceFlag{Name: "ignore", Usage: "pass over what matches `GLOB`; repeatable, as a line of a .sightlineignore file"},
			&cli.BoolFlag{Name: "list-skipped", Usage: "name everything that is passed over"},
			&cli.BoolFlag{Name: "strict", Usage: "let damaged files fail, also those whose pictures can be shown, and what failed before"},
			&cli.BoolFlag{Name: "thumbnails", Usage: "make the thumbnails of search serve as well, for all pictures of the index"},
			&cli.BoolFlag{Name: "recheck", Usage: "read every file again, to find edits that kept size and time"},
		}),
		Action: func(c *cli.Context) error {
			r, err := runRequest(c)
			if err != nil {
				return err
			}
			list, err := openManifest(c, p)
			if err != nil {
				return err
			}
			if list != nil {
				defer list.Close()
				r.Listed = walk.Manifest(list)
			}
			err = runJob(c, p, r)
			if !c.Bool("thumbnails") || c.Context.Err() != nil {
				return err
			}
			return errors.Join(err, makeThumbnails(c, p))
		},
	}
}

// openManifest opens the list of a run, nil for none.
func openManifest(c *cli.Context, p *cmdline.Program) (io.ReadCloser, error) {
	file := c.String("manifest")
	switch {
	case !c.IsSet("manifest"):
		return nil, nil
	case c.Bool("rebuild"):
		return nil, fault.Usagef("rebuild without a list", "--manifest and --rebuild do not go together: the index would be in use before it is whole")
	case c.Bool("force-prune"):
		return nil, fault.Usagef("indexer prune PATH removes what is gone", "--manifest and --force-prune do not go together: a list need not be whole")
	case file == "-":
		return io.NopCloser(p.Stdin), nil
	}
	info, err := os.Stat(file)
	if err == nil && info.IsDir() {
		return nil, fault.Usagef("name a file with a path a line", "--manifest: %s is a folder", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fault.Usagef("name a file with a path a line", "--manifest: %w", err)
	}
	return f, nil
}

// makeThumbnails makes the thumbnails that are missing, and says how many on stderr.
func makeThumbnails(c *cli.Context, p *cmdline.Program) error {
	cfg, st, err := p.OpenAnyStore(c, store.ReadOnly)
	if err != nil {
		return err
	}
	defer st.Close()
	cache, err := p.Thumbnails(cfg, 0)
	if err != nil {
		return err
	}
	if cache == nil {
		return fault.Usagef("set HOME or XDG_CACHE_HOME", "there is no folder for thumbnails")
	}
	n, err := app.MakeThumbnails(c.Context, st, cache, cfg)
	p.Notef("thumbnails: %d pictures made, %d there before, %d failed", n.Made, n.There, n.Failed)
	return err
}

// runRequest reads what a run is to do from its arguments and flags.
func runRequest(c *cli.Context) (app.IndexRequest, error) {
	r := app.IndexRequest{Work: app.Update, Paths: c.Args().Slice(), Recheck: c.Bool("recheck"), Strict: c.Bool("strict")}
	switch {
	case c.Bool("rebuild"):
		r.Work = app.RebuildIndex
	case c.NArg() == 0 && c.IsSet("manifest"):
		return r, fault.Usagef("for example: indexer run ~/Pictures --manifest list.txt", "a manifest needs the folders that its files lie below")
	case c.NArg() == 0:
		return r, fault.Usagef("for example: indexer run ~/Pictures", "indexer run needs at least one path")
	}
	switch {
	case c.Bool("no-prune"):
		r.Pruning = index.Never
	case c.Bool("force-prune"):
		r.Pruning = index.Forced
	}
	if text := c.String("shard"); text != "" {
		var err error
		if r.Shard, err = index.ParseShard(text); err != nil {
			return r, fault.Usagef("several indexers take 1/3, 2/3 and 3/3", "--shard: %s", err)
		}
		if c.Bool("rebuild") {
			return r, fault.Usagef("rebuild with one indexer", "--shard and --rebuild do not go together: the index would be in use before it is whole")
		}
	}
	return r, nil
}
