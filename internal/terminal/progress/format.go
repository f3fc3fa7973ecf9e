package progress

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/dustin/go-humanize"

	"github.com/sightline/sightline/internal/terminal"
)

// parts is a line in pieces, the most important first: where the terminal is
// narrow the last ones are left out.
func (s *state) parts() []string {
	if s.bytes != (Bytes{}) {
		return s.bytes.parts()
	}
	return s.pictures.parts()
}

func (c *counts) parts() []string {
	if c.seen == 0 && c.planned == 0 && c.failed == 0 {
		return nil
	}
	verb := cmp.Or(c.verb, "embedded")
	p := []string{fmt.Sprintf("%s of %s %s", humanize.Comma(c.embedded), humanize.Comma(c.planned), verb)}
	if v := c.rate.perSecond(); v > 0 {
		p = append(p, speed(v))
	}
	if eta, ok := c.eta(); ok && c.left() > 0 {
		word := "ETA "
		if !c.walkDone {
			word = "ETA at least "
		}
		p = append(p, word+short(eta))
	}
	var more []string
	if c.seen > 0 || c.verb == "" {
		what := " files seen"
		if c.seen == 1 {
			what = " file seen"
		}
		more = append(more, humanize.Comma(c.seen)+what)
	}
	if c.failed > 0 {
		more = append(more, humanize.Comma(c.failed)+" failed")
	}
	if len(more) > 0 {
		p = append(p, "("+strings.Join(more, ", ")+")")
	}
	return p
}

func (b *Bytes) parts() []string {
	head := b.What
	switch {
	case b.Total > 0:
		head += " " + size(b.Done) + " of " + size(b.Total)
	case b.Done > 0:
		head += " " + size(b.Done)
	}
	p := []string{strings.TrimSpace(head)}
	if b.Rate > 0 {
		p = append(p, size(int64(b.Rate))+"/s")
	}
	if eta, ok := b.eta(); ok && b.Done < b.Total {
		p = append(p, "ETA "+short(eta))
	}
	if b.File != "" {
		p = append(p, terminal.Safe(b.File))
	}
	return p
}

// fit joins as many parts as a terminal of so many columns has room for. The last
// column stays free, since some terminals wrap once it is written. 0 columns means
// no limit.
func fit(parts []string, columns int) string {
	const gap = "  "
	if columns <= 0 || len(parts) == 0 {
		return strings.Join(parts, gap)
	}
	room := columns - 1
	line := ansi.Truncate(parts[0], room, "")
	for _, p := range parts[1:] {
		next := line + gap + p
		if ansi.StringWidth(next) > room {
			break
		}
		line = next
	}
	return line
}

func size(n int64) string { return humanize.Bytes(uint64(max(n, 0))) }

func speed(v float64) string {
	if v >= 100 {
		return humanize.Comma(int64(v+0.5)) + "/s"
	}
	return fmt.Sprintf("%.1f/s", v)
}

// short writes a duration in its two leading units.
func short(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 24*3600:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%dd%02dh", s/(24*3600), s/3600%24)
}
