// Command sightline is one name for the commands of indexer and search, which other
// packages have programs of the same name of: sightline run, sightline tag, and sightline
// search for queries. It knows no command itself: it asks the programs beside it, and
// becomes the one that has the command.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// umbrella is the name that the programs are called by, which they show in help texts and
// errors. It and the exit codes are internal/cmdline's; that package is not imported, with
// all that it needs, so that this program stays small.
const (
	umbrella  = "sightline"
	exitOK    = 0
	exitFatal = 1
)

func main() {
	exe, err := os.Executable()
	if err != nil {
		fmt.Fprintf(os.Stderr, "error: sightline does not know where it is: %s\n", err)
		os.Exit(exitFatal)
	}
	if real, err := filepath.EvalSymlinks(exe); err == nil {
		exe = real
	}
	d := dispatcher{dir: filepath.Dir(exe), stdout: os.Stdout, stderr: os.Stderr, become: become}
	os.Exit(d.run(context.Background(), os.Args[1:]))
}
