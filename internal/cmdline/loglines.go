package cmdline

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
)

// logLines is a slog.Handler that writes records as people read them, a line each:
//
//	warning: metadata were kept in part: photos/a.jpg: 3 keywords were left out (limit 512)
type logLines struct {
	level  slog.Level
	attrs  []slog.Attr // of WithAttrs, their keys with the groups before them
	prefix string      // the groups that are open, each with a dot behind it

	lock *sync.Mutex // guards w
	w    io.Writer
}

func newLogLines(w io.Writer, level slog.Level) *logLines {
	return &logLines{level: level, lock: new(sync.Mutex), w: w}
}

// sayThemselves are keys that a reader does not need beside their values.
var sayThemselves = []string{"path", "file", "folder", "dir", "index", "reason", "error", "why"}

// Enabled implements slog.Handler.
func (h *logLines) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

// Handle implements slog.Handler.
func (h *logLines) Handle(_ context.Context, r slog.Record) error {
	attrs := slices.Clone(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		attrs = h.appended(attrs, h.prefix, a)
		return true
	})
	parts, more := []string{terminal.Safe(r.Message)}, []string(nil)
	for _, a := range attrs {
		value := a.Value.String()
		if err, ok := a.Value.Any().(error); ok {
			value = fault.Words(err)
		}
		if slices.Contains(sayThemselves, a.Key) {
			parts = append(parts, terminal.Safe(value))
		} else {
			more = append(more, terminal.Safe(a.Key)+" "+terminal.Safe(value))
		}
	}
	line := levelWord(r.Level) + ": " + strings.Join(parts, ": ")
	if len(more) > 0 {
		line += " (" + strings.Join(more, ", ") + ")"
	}
	h.lock.Lock()
	defer h.lock.Unlock()
	_, err := io.WriteString(h.w, line+"\n")
	return err
}

// WithAttrs implements slog.Handler.
func (h *logLines) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = slices.Clone(h.attrs)
	for _, a := range attrs {
		with.attrs = h.appended(with.attrs, h.prefix, a)
	}
	return &with
}

// WithGroup implements slog.Handler.
func (h *logLines) WithGroup(name string) slog.Handler {
	with := *h
	if name != "" {
		with.prefix += name + "."
	}
	return &with
}

// appended adds an attribute, and those of a group one by one.
func (h *logLines) appended(to []slog.Attr, prefix string, a slog.Attr) []slog.Attr {
	a.Value = a.Value.Resolve()
	if a.Value.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, in := range a.Value.Group() {
			to = h.appended(to, prefix, in)
		}
		return to
	}
	if a.Equal(slog.Attr{}) {
		return to
	}
	return append(to, slog.Attr{Key: prefix + a.Key, Value: a.Value})
}

// levelWord names a level as the flag --log-level does.
func levelWord(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "error"
	case l >= slog.LevelWarn:
		return "warning"
	case l >= slog.LevelInfo:
		return "info"
	}
	return "debug"
}
