package cmdline

import (
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal/progress"
)

// Reporter shows the progress of a command on stderr. While it is open the log
// goes through it, so that neither tears the other's lines.
type Reporter struct {
	*progress.Reporter
	p   *Program
	log *slog.Logger
}

// Reporter opens stderr for progress: "text", "json", "none", or "auto", which is
// text unless stderr is read by a program that asked for JSON.
func (p *Program) Reporter(mode string, asJSON bool) (*Reporter, error) {
	var r *progress.Reporter
	switch mode {
	case "", "auto":
		if asJSON && !IsTerminal(p.Stderr) {
			r = progress.Quiet(p.Stderr)
		} else {
			r = progress.Text(p.Stderr)
		}
	case "text":
		r = progress.Text(p.Stderr)
	case "json":
		r = progress.JSON(p.Stderr)
	case "none":
		r = progress.Quiet(p.Stderr)
	default:
		return nil, fault.Usagef("", "--progress is %q; it can be auto, text, json, none", mode)
	}
	rep := &Reporter{Reporter: r, p: p, log: p.Log}
	p.Log = p.logger(r.Writer(), p.level)
	return rep, nil
}

// Close takes the progress line off the terminal and gives the log back.
func (r *Reporter) Close() {
	r.Finish()
	r.p.Log = r.log
}

// IsTerminal reports whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
