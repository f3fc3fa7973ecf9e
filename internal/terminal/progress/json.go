package progress

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"math"
	"time"
	"unicode/utf8"
)

// JSON returns a Reporter for programs: one object per line, told apart by "event".
//
//	{"event":"progress","seen":..,"planned":..,"embedded":..,"failed":..,"rate":..,"eta_seconds":..,"walk_done":..}
//	{"event":"bytes","what":..,"file":..,"done":..,"total":..,"rate":..,"eta_seconds":..}
//	{"event":"failed","path":..,"reason":..}
//
// Of the first two, progress comes every second and once more at the end, bytes in
// every second in which a transfer moved. eta_seconds is null while unknown, and a
// lower bound until walk_done. A path that is not UTF-8 has its bytes in
// "path_base64" beside the readable form. Log lines pass through: it is for the
// caller to log in JSON.
func JSON(w io.Writer) *Reporter { return newReporter(&jsonLines{w: w}) }

// Quiet returns a Reporter that passes log lines on to w and shows nothing else.
func Quiet(w io.Writer) *Reporter { return newReporter(quiet{w}) }

type quiet struct{ w io.Writer }

func (quiet) interval() time.Duration { return 0 }
func (quiet) show(*state, bool)       {}
func (quiet) failed(string, string)   {}
func (q quiet) lines(p []byte)        { _, _ = q.w.Write(p) }

type progressEvent struct {
	Event    string   `json:"event"`
	Seen     int64    `json:"seen"`
	Planned  int64    `json:"planned"`
	Embedded int64    `json:"embedded"`
	Failed   int64    `json:"failed"`
	Rate     float64  `json:"rate"`
	ETA      *float64 `json:"eta_seconds"`
	WalkDone bool     `json:"walk_done"`
}

type bytesEvent struct {
	Event string   `json:"event"`
	What  string   `json:"what"`
	File  string   `json:"file"`
	Done  int64    `json:"done"`
	Total int64    `json:"total"`
	Rate  float64  `json:"rate"`
	ETA   *float64 `json:"eta_seconds"`
}

type failedEvent struct {
	Event  string `json:"event"`
	Path   string `json:"path"`
	Base64 string `json:"path_base64,omitempty"`
	Reason string `json:"reason"`
}

type jsonLines struct {
	w     io.Writer
	shown bool  // something was ever there to show
	bytes Bytes // shown last
}

func (j *jsonLines) interval() time.Duration { return time.Second }

func (j *jsonLines) show(s *state, final bool) {
	if b := s.bytes; b != (Bytes{}) && b != j.bytes && !final {
		j.bytes = b
		j.write(bytesEvent{"bytes", b.What, b.File, b.Done, b.Total, hundredths(b.Rate), seconds(b.eta())})
	}
	c := &s.pictures
	j.shown = j.shown || len(c.parts()) > 0
	if j.shown {
		j.write(progressEvent{
			"progress", c.seen, c.planned, c.embedded, c.failed, hundredths(c.rate.perSecond()), seconds(c.eta()), c.walkDone,
		})
	}
}

func (j *jsonLines) failed(path, reason string) {
	e := failedEvent{Event: "failed", Path: path, Reason: reason}
	if !utf8.ValidString(path) {
		e.Base64 = base64.StdEncoding.EncodeToString([]byte(path))
	}
	j.write(e)
}

func (j *jsonLines) lines(p []byte) { _, _ = j.w.Write(p) }

// write puts an event on one line. No event has a value that JSON cannot hold.
func (j *jsonLines) write(event any) {
	e := json.NewEncoder(j.w)
	e.SetEscapeHTML(false)
	_ = e.Encode(event)
}

// seconds makes an unknown duration null.
func seconds(d time.Duration, known bool) *float64 {
	if !known {
		return nil
	}
	s := hundredths(d.Seconds())
	return &s
}

func hundredths(v float64) float64 { return math.Round(v*100) / 100 }
