// Command indexer builds and keeps an index of pictures by meaning.
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
	// The first Ctrl-C lets the batch in hand finish; a second one must kill.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, cmdline.NewProgram(), os.Args))
}

func run(ctx context.Context, p *cmdline.Program, args []string) int {
	p.PathCommand = "run" // indexer ~/Pictures
	p.Siblings = cmdline.SearchCommands()
	return p.Run(ctx, &cli.App{
		Name:    "indexer",
		Usage:   "index picture collections by meaning",
		Version: cmdline.Version,
		Description: `Finds the pictures below a path, embeds them with a CLIP model and keeps the
embeddings in an index that the search command looks through.

   indexer run ~/Pictures                      index a collection, or bring it up to date
   indexer run ~/Pictures --ignore 'raw/'      leave folders out
   indexer watch ~/Pictures                    the same, and again whenever something changes
   indexer status                              what is in the index
   indexer explore                             clusters with names, and a map
   indexer copy --from local --to milvus       move to a server
   indexer model use Xenova/clip-vit-base-patch32   CLIP itself instead of the starter model
   indexer doctor                              what is wrong, and what to do about it`,
		Commands: []*cli.Command{
			runCommand(p), watchCommand(p), retryCommand(p), statusCommand(p), pruneCommand(p), forgetCommand(p), collectionsCommand(p), verifyCommand(p), repairCommand(p), upgradeCommand(p), copyCommand(p), modelCommand(p), backupCommand(p), restoreCommand(p), dumpCommand(p), loadCommand(p), exportCommand(p), importCommand(p),
			tuneCommand(p), configCommand(p), doctorCommand(p), exploreCommand(p),
		},
	}, args)
}
