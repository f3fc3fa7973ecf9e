package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/walk"
)

// skippedJSON is a line of --list-skipped for scripts.
type skippedJSON struct {
	Path       string `json:"path"`
	PassedOver string `json:"passed_over"` // what it is, or why: "video", "hidden", "@eaDir"
	Folder     bool   `json:"folder"`      // with all that lies below it
	PathBase64 string `json:"path_base64,omitempty"`
}

// skippedLister returns a function that names what a run passes over: on stdout, or
// through the owner of the terminal where both are one.
func skippedLister(p *cmdline.Program, r *cmdline.Reporter, asJSON bool) func(walk.Skip) {
	out := p.Stdout
	if cmdline.IsTerminal(p.Stdout) && cmdline.IsTerminal(p.Stderr) {
		out = r.Writer()
	}
	return func(k walk.Skip) {
		kind := index.SkipKind(k)
		switch {
		case kind == "":
		case asJSON:
			p.PrintJSON(skippedJSON{Path: k.Path, PassedOver: kind, Folder: k.Dir, PathBase64: query.PathBase64(k.Path)})
		default:
			writeSkip(out, k, kind)
		}
	}
}

func writeSkip(w io.Writer, k walk.Skip, kind string) {
	path := terminal.Safe(k.Path)
	if k.Dir {
		path = strings.TrimSuffix(path, "/") + "/"
	}
	fmt.Fprintf(w, "passed over: %s (%s)\n", path, kind) // a full disk shows at the summary
}

// printSkipped says how many files and folders a run passed over, by what they are.
func printSkipped(p *cmdline.Program, s index.Skipped) {
	if n := s.Files(); n > 0 {
		p.Printf("%s passed over: %s\n", counted(n, "file"), listKinds(s.Kinds, true))
	}
	if unread := s.UnreadPictures(); len(unread) > 0 {
		p.Printf("pictures in formats that are not read: %s; --list-skipped names them\n", listKinds(unread, true))
	}
	if n := s.FolderCount(); n > 0 {
		p.Printf("%s passed over: %s\n", counted(n, "folder"), listKinds(s.Folders, false))
	}
}

// maxKinds is how many kinds are named in a summary.
const maxKinds = 12

// plural gives the plural of a kind that has one: JPEG 2000, audio and hidden have none.
func plural(n int64, kind string) string {
	if n > 1 && slices.Contains([]string{"video", "document", "archive", "sidecar"}, kind) {
		return kind + "s"
	}
	return kind
}

// listKinds names the kinds with their counts, the most frequent first. Where single is
// not set, a count of one is left out.
func listKinds(counts map[string]int64, single bool) string {
	var parts []string
	kinds := index.ByCount(counts)
	for _, kind := range kinds[:min(len(kinds), maxKinds)] {
		if n := counts[kind]; n > 1 || single {
			parts = append(parts, fmt.Sprintf("%d %s", n, terminal.Safe(plural(n, kind))))
		} else {
			parts = append(parts, terminal.Safe(kind))
		}
	}
	if more := len(kinds) - maxKinds; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more kinds", more))
	}
	return strings.Join(parts, ", ")
}

// counted is a number of things.
func counted(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}
