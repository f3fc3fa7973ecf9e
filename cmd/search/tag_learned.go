package main

import (
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/terminal"
)

// learnedJSON is what was learned from corrections, for scripts.
func learnedJSON(s tagging.Summary, learned *tagging.Learned) []correctionJSON {
	var out []correctionJSON
	for _, l := range learned.Labels {
		name := learned.List().Labels[l.Label].Name
		change := s.Changes[name]
		out = append(out, correctionJSON{name, l.Approved, l.Rejected, l.Before, l.After, change.Added, change.Removed})
	}
	return out
}

// writeLearned tells people what was learned from corrections.
func writeLearned(p *cmdline.Program, s tagging.Summary, learned *tagging.Learned) {
	for i, j := range learnedJSON(s, learned) {
		l := learned.Labels[i]
		p.Printf("corrected: %s\n", correctionLine(j.Label, j.Approved, j.Rejected, j.Before, j.After, j.Added, j.Removed))
		if l.StaleThreshold {
			p.Notef("note: the threshold of %s was set for another model, and is not heeded", terminal.Safe(j.Label))
		}
		if n := l.Approved + l.Rejected - l.Used; n > 0 && learned.IsOpen(l.Label) {
			p.Notef("note: %s that %s corrected for %s teach nothing: they are not in the index any more", cmdline.Count(int64(n), "picture", "pictures"), wasOrWere(n), terminal.Safe(j.Label))
		}
	}
}

func wasOrWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
