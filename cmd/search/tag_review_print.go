package main

import (
	"fmt"
	"strings"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/tagging/review"
	"github.com/sightline/sightline/internal/terminal"
)

// showEffect tells what the corrections of a label change.
func showEffect(p *cmdline.Program, asJSON bool, e review.Effect) {
	if asJSON {
		p.PrintJSON(correctionJSON{e.Label, e.Approved, e.Rejected, e.Before, e.After, e.Added, e.Removed})
		return
	}
	p.Printf("%s\n", correctionLine(e.Label, e.Approved, e.Rejected, e.Before, e.After, e.Added, e.Removed))
}

// correctionJSON is what the corrections of a label change, for scripts.
type correctionJSON struct {
	Label    string  `json:"label"`
	Approved int     `json:"approved"`
	Rejected int     `json:"rejected"`
	Before   float32 `json:"threshold_before"`
	After    float32 `json:"threshold_after"`
	Added    int64   `json:"added"`
	Removed  int64   `json:"removed"`
}

// correctionLine is the same for people.
func correctionLine(name string, approved, rejected int, before, after float32, added, removed int64) string {
	parts := []string{
		fmt.Sprintf("%d approved, %d rejected", approved, rejected),
		fmt.Sprintf("threshold %.2f -> %.2f", before, after),
		cmdline.Count(added, "tag", "tags") + " added, " + fmt.Sprint(removed) + " removed",
	}
	return terminal.Safe(name) + ": " + strings.Join(parts, "; ")
}
