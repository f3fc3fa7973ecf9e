package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/terminal"
)

// reportJSON is the last line of a run for scripts.
type reportJSON struct {
	Seen      int64 `json:"seen"`
	Added     int64 `json:"added"`
	Updated   int64 `json:"updated"`
	Unchanged int64 `json:"unchanged"`
	Moved     int64 `json:"moved"`
	Pruned    int64 `json:"pruned"`
	// Inherited counts the pictures that took over the tags of a person from a copy that was pruned.
	Inherited    int64   `json:"inherited,omitempty"`
	Failed       int64   `json:"failed"`
	Seconds      float64 `json:"seconds"`
	FailedBefore int64   `json:"failed_before"`
	Vanished     int64   `json:"vanished"`
	Left         int64   `json:"left,omitempty"` // being written, and left for a later run
	Embedded     int64   `json:"embedded"`
	Reused       int64   `json:"reused"`
	BrokenLinks  int64   `json:"broken_links"`
	// BadIgnores are lines of ignore files that cannot be used, and are passed over.
	BadIgnores   []string `json:"bad_ignores,omitempty"`
	Interrupted  bool     `json:"interrupted"`
	Damaged      int64    `json:"damaged"` // indexed as far as their files go
	PruneRefused bool     `json:"prune_refused"`
	// Skipped is the number of files that the walk passed over, SkippedKinds counts them
	// by what they are, and SkippedFolders counts the folders.
	Skipped        int64            `json:"skipped"`
	SkippedKinds   map[string]int64 `json:"skipped_kinds,omitempty"`
	SkippedFolders map[string]int64 `json:"skipped_folders,omitempty"`
	// UnreadPictures counts those of SkippedKinds that are pictures.
	UnreadPictures map[string]int64 `json:"unread_pictures,omitempty"`
	Switched       bool             `json:"switched,omitempty"` // a rebuilt index is the one in use now
	// CoreSeconds is the processor time of each stage, summed over the cores.
	CoreSeconds map[string]float64 `json:"core_seconds"`
}

func printReportJSON(p *cmdline.Program, r index.Report, switched bool) {
	p.PrintJSON(reportJSON{
		Seen: r.Seen, Added: r.Added, Updated: r.Updated, Unchanged: r.Unchanged, Moved: r.Moved, Pruned: r.Pruned, Inherited: r.Inherited,
		Failed: r.Failed, Seconds: r.Seconds, FailedBefore: r.FailedBefore, Vanished: r.Vanished, Left: r.Left,
		Embedded: r.Embedded, Reused: r.Reused, BrokenLinks: r.BrokenLinks, BadIgnores: r.BadIgnores, Interrupted: r.Interrupted, Damaged: r.Damaged, PruneRefused: len(r.Refusals) > 0, Switched: switched,
		Skipped: r.Skipped.Files(), SkippedKinds: r.Skipped.Kinds, SkippedFolders: r.Skipped.Folders,
		UnreadPictures: r.Skipped.UnreadPictures(),
		CoreSeconds: map[string]float64{
			"read": r.Stages.Read.Seconds(), "decode": r.Stages.Decode.Seconds(), "resize": r.Stages.Resize.Seconds(),
			"embed": r.Stages.Embed.Seconds(), "store": r.Stages.Store.Seconds(), "other": r.Stages.Other.Seconds(),
		},
	})
}

// printBadIgnores says which lines of ignore files are passed over.
func printBadIgnores(p *cmdline.Program, lines []string) {
	for _, l := range lines {
		p.Notef("warning: %s", terminal.Safe(l))
	}
	if len(lines) > 0 {
		p.Notef("hint: such lines are passed over; write a pattern as for .gitignore (*.tmp, cache/), or a # before the line")
	}
}

// changes counts what a run did, and leaves out what it did not do.
func changes(r index.Report) string {
	var parts []string
	for _, part := range []struct {
		n    int64
		what string
	}{
		{r.Added, "added"}, {r.Updated, "updated"}, {r.Unchanged, "unchanged"}, {r.Moved, "moved"},
		{r.Pruned, "taken out of the index"}, {r.Failed, "failed"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	return strings.Join(parts, ", ")
}

// took is a time as people say it: 0.03s, 7.2s, 28s, 1h2m3s.
func took(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < time.Second:
		return fmt.Sprintf("%.2fs", d.Seconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// printReport prints what a run over paths came to; verbose adds where its time went.
func printReport(p *cmdline.Program, r index.Report, paths []string, verbose bool) {
	if r.Left > 0 {
		p.Printf("%s written to a moment ago and left for the next run\n", cmdline.Count(r.Left, "picture was", "pictures were"))
	} else if r.Seen == 0 && !r.Interrupted {
		where := "here"
		if len(paths) > 0 {
			where = "in " + terminal.Safe(strings.Join(paths, ", "))
		}
		p.Printf("no pictures %s: is a disk not mounted, or another folder meant?\n", where)
	}
	if done := changes(r); done != "" {
		p.Printf("%s seen: %s in %s", counted(r.Seen, "picture"), done, took(r.Seconds))
		if r.Embedded > 0 && r.Seconds > 0 {
			p.Printf(", %.0f a second", float64(r.Embedded)/r.Seconds)
		}
		p.Printf("\n")
	}
	printInherited(p, r.Inherited)
	if r.Vanished > 0 {
		p.Printf("%d were gone by the time they were to be read\n", r.Vanished)
	}
	if r.BrokenLinks > 0 {
		p.Printf("%s nowhere, the first %s; what the index has there is kept\n", cmdline.Count(r.BrokenLinks, "link leads", "links lead"), terminal.Safe(r.BrokenLink))
	}
	if r.FailedBefore > 0 {
		p.Printf("%d failed in an earlier run and have not changed since; indexer retry tries them again\n", r.FailedBefore)
	}
	if r.Damaged > 0 {
		p.Printf("%d come from damaged files and are indexed as far as those go; search has:damage lists them, --strict lets them fail\n", r.Damaged)
	}
	printSkipped(p, r.Skipped)
	if r.Embedded > 0 && verbose {
		p.Printf("processor time over all cores: read %s, decode %s, resize %s, embed %s, store %s, other %s\n",
			short(r.Stages.Read), short(r.Stages.Decode), short(r.Stages.Resize), short(r.Stages.Embed),
			short(r.Stages.Store), short(r.Stages.Other))
	}
}

// printInherited says how many pictures took over tags.
func printInherited(p *cmdline.Program, n int64) {
	if n > 0 {
		p.Printf("%s over the tags that you gave to a copy that is gone\n", cmdline.Count(n, "picture takes", "pictures take"))
	}
}

func short(d time.Duration) string { return fmt.Sprintf("%.2fs", d.Seconds()) }

// printSwitch says which index searches use now.
func printSwitch(c *cli.Context, p *cmdline.Program, switched bool) {
	switch {
	case c.Bool("json"):
	case switched:
		p.Printf("searches use this index from now on; indexer prune --old-models removes earlier ones\n")
	default:
		p.Notef("warning: the new index is not whole, and searches go on with the old one; run the same command to go on")
	}
}

// printRefusals says which vanished pictures were kept, and how to let them go.
func printRefusals(p *cmdline.Program, refusals []index.Refusal) {
	for _, r := range refusals {
		p.Notef("warning: %s", terminal.Safe(r.Error()))
		if r.Ignored {
			p.Notef("hint: look at the rules (--ignore, .sightlineignore); if all shall go: indexer forget %s", terminal.ShellWord(r.Root))
			continue
		}
		p.Notef("hint: if they are really gone: indexer prune %s --force-prune", terminal.ShellWord(r.Root))
	}
}
