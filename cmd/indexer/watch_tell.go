package main

import (
	"strings"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/watch"
)

// watchJSON is a line of a watch that is no line of a run.
type watchJSON struct {
	Watch     watch.NoticeKind `json:"watch"`
	Path      string           `json:"path,omitempty"`
	Folders   int              `json:"folders,omitempty"`
	Unwatched int              `json:"unwatched,omitempty"`
	Reason    string           `json:"reason,omitempty"`
}

// tell is watch.Options.Tell.
func (w *watching) tell(n watch.Notice) {
	reason := n.Reason
	if n.Err != nil {
		reason = n.Err.Error()
	}
	if w.c.Bool("json") {
		w.p.PrintJSON(watchJSON{n.Kind, n.Path, n.Folders, n.Unwatched, strings.ReplaceAll(reason, "\n", "; ")})
		return
	}
	reason, path, every := terminal.Safe(reason), terminal.Safe(n.Path), w.c.Duration("every")
	between := "nothing else looks through the rest"
	if every > 0 {
		between = "the rest is looked through every " + every.String()
	}
	switch n.Kind {
	case watch.Watching:
		w.p.Notef("watching %s; Ctrl-C ends it", cmdline.Count(int64(n.Folders), "folder", "folders"))
	case watch.Limit:
		w.p.Notef("warning: the system watches no more than %s (%s); %s", cmdline.Count(int64(n.Folders), "folder", "folders"), reason, between)
		w.p.Notef("hint: sudo sysctl fs.inotify.max_user_watches=1048576 raises the limit, and a file in /etc/sysctl.d keeps it")
	case watch.Unwatched:
		w.p.Notef("warning: no folder can be watched (%s); %s", reason, between)
		w.p.Notef("hint: on Linux, sudo sysctl fs.inotify.max_user_instances=1024 may help")
	case watch.Overflow:
		w.p.Notef("note: more changed at once than the system tells; all paths are looked through")
	case watch.RootGone:
		w.p.Notef("warning: %s is not there; what the index has of it is kept until it is back", path)
	case watch.RootBack:
		w.p.Notef("note: %s was mounted, unmounted or replaced; it is looked through", path)
	case watch.Waiting:
		w.p.Notef("note: waiting: %s", reason)
		if _, hint := app.Explain(n.Err); n.Err != nil && hint != "" {
			w.p.Notef("hint: %s", terminal.Safe(hint))
		}
	}
}
