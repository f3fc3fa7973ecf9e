package progress

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/sightline/sightline/internal/terminal"
)

const (
	paintEvery = 100 * time.Millisecond // on a terminal
	lineEvery  = 10 * time.Second       // elsewhere
	// shownFailures is how many failures are shown as they happen: more would drown what
	// else there is to read.
	shownFailures = 20
)

// Text returns a Reporter for people. On a terminal it paints one line over and
// over, at most ten times a second; elsewhere it writes a line every ten seconds in
// which something changed, and one at the end.
func Text(w io.Writer) *Reporter { return text(w, textOptions{}) }

// textOptions are what tests change of Text.
type textOptions struct {
	columns  func() int // width of the terminal, 0 where there is none; nil asks the writer
	failures int        // shown as they happen; 0 means shownFailures, a negative number all
}

func text(w io.Writer, o textOptions) *Reporter {
	columns := o.columns
	if columns == nil {
		columns = func() int { return terminalColumns(w) }
	}
	if o.failures == 0 {
		o.failures = shownFailures
	}
	plain := plain{w: w, failuresLeft: o.failures}
	if columns() == 0 {
		return newReporter(&plain)
	}
	return newReporter(&bar{plain: plain, columns: columns})
}

// terminalColumns returns the width of the terminal behind w, 0 if it is none, and
// 80 if it does not say.
func terminalColumns(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
		return columns
	}
	return 80
}

// plain writes for a log file or a pipe. Errors in writing are dropped: that
// progress cannot be shown is no reason to stop the work.
type plain struct {
	w            io.Writer
	last         string // the line of progress written last
	failuresLeft int    // to be shown; negative: all
}

func (p *plain) interval() time.Duration { return lineEvery }

func (p *plain) show(s *state, final bool) {
	if c := &s.pictures; final && s.bytes == (Bytes{}) && c.planned == 0 && c.failed == 0 {
		return // nothing was to be done, which is no news to whom a scheduler mails each line
	}
	// An unchanged count is no news, though its rate has sunk meanwhile.
	key := fmt.Sprint(s.pictures.seen, s.pictures.planned, s.pictures.embedded, s.pictures.failed, s.bytes)
	line := fit(s.parts(), 0)
	if line == "" || key == p.last {
		return
	}
	p.last = key
	p.lines([]byte(line + "\n"))
}

func (p *plain) failed(path, reason string) {
	if text, ok := p.failure(path, reason); ok {
		p.lines([]byte(text))
	}
}

// failure returns the lines to show for a failure, if any.
func (p *plain) failure(path, reason string) (string, bool) {
	if p.failuresLeft == 0 {
		return "", false
	}
	text := "failed: " + terminal.Safe(path) + ": " + terminal.Safe(reason) + "\n"
	if p.failuresLeft--; p.failuresLeft == 0 {
		text += "further failures are counted, not shown\n"
	}
	return text, true
}

func (p *plain) lines(b []byte) { _, _ = p.w.Write(b) }

// clearLine returns to the first column and erases the line.
const clearLine = "\r\x1b[K"

// bar paints one line over and over, and puts all else above it. Everything goes
// out in one write, so that nothing flickers.
type bar struct {
	plain
	columns func() int
	painted string // what is on the terminal's last line
}

func (b *bar) interval() time.Duration { return paintEvery }

func (b *bar) show(s *state, final bool) {
	line := ""
	if !final {
		line = fit(s.parts(), b.columns())
	}
	if line == b.painted {
		return
	}
	b.painted = line
	b.plain.lines([]byte(clearLine + line))
}

func (b *bar) failed(path, reason string) {
	if text, ok := b.failure(path, reason); ok {
		b.lines([]byte(text))
	}
}

func (b *bar) lines(p []byte) {
	if b.painted == "" {
		b.plain.lines(p)
		return
	}
	out := make([]byte, 0, len(clearLine)+len(p)+len(b.painted))
	out = append(out, clearLine...)
	out = append(out, p...)
	b.plain.lines(append(out, b.painted...))
}
