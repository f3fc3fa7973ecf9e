package main

import (
	"fmt"
	"os"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/duplicates"
	"github.com/sightline/sightline/internal/terminal"
)

// groupJSON is a group for scripts.
type groupJSON struct {
	Path   string      `json:"keep"`
	Base64 string      `json:"keep_base64,omitempty"`
	Why    string      `json:"why"`
	Others []otherJSON `json:"others"`
}

type otherJSON struct {
	Path       string  `json:"path"`
	PathBase64 string  `json:"path_base64,omitempty"`
	Same       bool    `json:"same"`
	Nearness   float32 `json:"nearness"`
	Bytes      int64   `json:"bytes"`
}

func showDuplicates(c *cli.Context, p *cmdline.Program, groups []duplicates.Group) {
	wd, err := os.Getwd()
	if err != nil {
		wd = "" // only for shorter paths
	}
	others, bytes := 0, int64(0)
	for _, g := range groups {
		j := groupJSON{Path: g.Keep.Path, Base64: query.PathBase64(g.Keep.Path), Why: g.Why}
		table := !c.Bool("json") && !c.Bool("others") && !c.Bool("0")
		if table {
			p.Printf("keep  %s  (%s)\n", terminal.Safe(cmdline.Shorten(g.Keep.Path, wd)), g.Why)
		}
		for _, o := range g.Others {
			others++
			bytes += o.Size
			switch {
			case table && o.Same:
				p.Printf("same  %s\n", terminal.Safe(cmdline.Shorten(o.Path, wd)))
			case table:
				p.Printf("near  %s  (%dx%d, %.3f)\n", terminal.Safe(cmdline.Shorten(o.Path, wd)), o.Width, o.Height, o.Nearness)
			case c.Bool("0"):
				p.Printf("%s\x00", o.Path)
			case c.Bool("others"):
				p.Printf("%s\n", o.Path)
			}
			j.Others = append(j.Others, otherJSON{o.Path, query.PathBase64(o.Path), o.Same, o.Nearness, o.Size})
		}
		if c.Bool("json") {
			p.PrintJSON(j)
		}
	}
	if !c.Bool("json") {
		p.Notef("%s", summary(len(groups), others, bytes))
	}
}

func summary(groups, others int, bytes int64) string {
	if groups == 0 {
		return "there are no duplicates"
	}
	return fmt.Sprintf("%s; deleting %s would free %s", cmdline.Count(int64(groups), "group", "groups"),
		cmdline.Count(int64(others), "file that need not be kept", "files that need not be kept"), humanize.Bytes(uint64(max(0, bytes))))
}
