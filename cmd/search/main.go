// Command search finds pictures by meaning in an index that indexer built.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first Ctrl-C lets what must not be torn be finished; a second one must kill.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, cmdline.NewProgram(), os.Args))
}

func run(ctx context.Context, p *cmdline.Program, args []string) int {
	p.Siblings = cmdline.IndexerCommands()
	switch {
	case len(args) == 1 && p.Interactive():
		args = append(args, "text") // which asks one query after another
	case len(args) == 1 && p.Piped():
		p.Notef("hint: a query is an argument: search \"a dog\", or xargs -d '\\n' search for one that comes through a pipe")
	}
	return p.Run(ctx, &cli.App{
		Name:    "search",
		Usage:   "find pictures by meaning",
		Version: cmdline.Version,
		Description: `   search "a dog on a beach"                   the ten nearest pictures
   search "a dog" -k 50 --under ~/Pictures/2024 --after 2024-06
   search image holiday.jpg                    pictures like a file
   search like ~/Pictures/dog.jpg              pictures like one in the index
   search "beach NOT people tag:sea"           docs/query.md has all that a query can say
   search tag --labels beach,dog,snow          label the whole collection
   search --tag beach                          pictures with a label, the surest first
   search tags                                 all labels, with how many have them
   search clusters                             what the collection is made of
   search duplicates --near                    what is there twice, and what to keep
   search classify zoo.jpg --labels giraffe,zebra,elephant
   search serve --open                         look, search and label in a browser
   search "red car" --paths -0 | xargs -0 cp -t /tmp/cars`,
		DefaultCommand: "text",
		Commands: []*cli.Command{
			textCommand(p), imageCommand(p), likeCommand(p), tagCommand(p), tagsCommand(p), classifyCommand(p), labelsCommand(p), labelCommand(p), duplicatesCommand(p), clustersCommand(p),
			evalCommand(p), tuneCommand(p), serveCommand(p), mcpCommand(p),
		},
	}, args)
}
