package cmdline

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/sightline/sightline/internal/fault"
)

// Notef writes a remark to stderr, where it does not disturb a pipe. With --json it is an
// object on a line of its own, as errors are: what a remark begins with ("hint: ",
// "warning: ") names its field, which is note for all others.
func (p *Program) Notef(format string, args ...any) {
	text := p.asCalled(fmt.Sprintf(strings.TrimRight(format, "\n"), args...))
	if !p.asJSON {
		fmt.Fprintln(p.Stderr, text)
		return
	}
	kind := "note"
	for _, k := range []string{"note", "hint", "warning"} {
		if rest, ok := strings.CutPrefix(text, k+": "); ok {
			kind, text = k, rest
			break
		}
	}
	p.noteJSON(map[string]string{kind: text})
}

// noteJSON writes an object to stderr, on a line of its own.
func (p *Program) noteJSON(object any) {
	e := json.NewEncoder(p.Stderr)
	e.SetEscapeHTML(false)
	_ = e.Encode(object) // as with text, there is nobody to tell of a stderr that is gone
}

// logger writes to w: lines for people, objects with --json. The time is left out: a log
// line of a command that runs in the foreground is read as it happens.
func (p *Program) logger(w io.Writer, level string) *slog.Logger {
	var l slog.Level
	_ = l.UnmarshalText([]byte(level)) // validated with the settings; zero is info
	if !p.asJSON {
		return slog.New(newLogLines(w, l))
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level: l,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			if err, ok := a.Value.Any().(error); ok {
				return slog.String(a.Key, fault.Words(err))
			}
			return a
		},
	}))
}
