package progress

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The interface that the pipeline drives.
var _ interface {
	Planned(n int)
	Seen(n int)
	Embedded(n int)
	Failed(path, reason string)
	WalkDone()
} = (*Reporter)(nil)

// story drives a Reporter through a run of 25 seconds: the walk ends after five,
// batches of 32 become durable each second, there are failures, log lines in pieces, and a terminal that becomes narrow.
func story(r *Reporter, resize func(columns int)) {
	log := r.Writer()
	time.Sleep(50 * time.Millisecond) // so that nothing falls on a tick
	for second := range 25 {
		switch second {
		case 0:
			r.Planned(200)
			r.Seen(1000)
		case 3:
			r.Failed("/pics/bad\n\x1b[31m.jpg", "picture is damaged")
			fmt.Fprint(log, "level=WARN msg=\"half a ")
		case 4:
			fmt.Fprint(log, "line\"\nlevel=WARN msg=next\n")
		case 5:
			r.Planned(4000)
			r.Seen(11_000)
			r.WalkDone()
		case 12:
			resize(50)
		case 14:
			resize(12)
		case 16:
			resize(100)
		}
		time.Sleep(time.Second)
		r.Embedded(32)
	}
	fmt.Fprint(log, "level=INFO msg=unfinished")
	r.Finish()
	r.Finish()
	r.Embedded(1)
	r.Failed("late", "never shown")
	fmt.Fprintln(log, "level=INFO msg=after")
}

func TestStory(t *testing.T) {
	outputs := map[string]func(w *stamped) *Reporter{
		"bar": func(w *stamped) *Reporter {
			return text(w, textOptions{columns: w.width})
		},
		"plain": func(w *stamped) *Reporter { return Text(w) },
		"json":  func(w *stamped) *Reporter { return JSON(w) },
		"quiet": func(w *stamped) *Reporter { return Quiet(w) },
	}
	for name, open := range outputs {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := screen(100)
				story(open(w), w.resize)
				golden(t, name, w.buf.Bytes())
			})
		})
	}
}

// stamped writes the time and the quoted bytes of each write on a line.
type stamped struct {
	mu      sync.Mutex
	start   time.Time
	buf     bytes.Buffer
	columns atomic.Int64
}

// screen returns a writer that is so many columns wide; 0 for one that is none.
func screen(columns int) *stamped {
	s := &stamped{start: time.Now()}
	s.resize(columns)
	return s
}

func (s *stamped) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(&s.buf, "%6.2fs %q\n", time.Since(s.start).Seconds(), p)
	return len(p), nil
}

func (s *stamped) resize(columns int) { s.columns.Store(int64(columns)) }

func (s *stamped) width() int { return int(s.columns.Load()) }

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// TestBarNeverWraps checks what a terminal would show: no painted line reaches its
// last column, and nothing is left on the line at the end.
func TestBarNeverWraps(t *testing.T) {
	for columns := 1; columns < 120; columns += 7 {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			r := text(&out, textOptions{columns: func() int { return columns }})
			r.Planned(5310)
			r.Seen(12_000)
			time.Sleep(time.Second)
			r.Embedded(1204)
			r.Bytes(Bytes{What: "downloading", File: "onnx/視覺模型.onnx", Done: 5e6, Total: 3e8, Rate: 1e6})
			time.Sleep(time.Second)
			r.Bytes(Bytes{})
			time.Sleep(time.Second)
			r.Finish()
			for line := range strings.SplitSeq(out.String(), clearLine) {
				wide := 0
				for _, c := range line {
					if wide++; c > 0x2e80 {
						wide++
					}
				}
				if wide >= columns && wide > 0 {
					t.Errorf("%d columns: %q takes %d", columns, line, wide)
				}
			}
			if columns > 1 && !strings.HasSuffix(out.String(), clearLine) {
				t.Errorf("%d columns: the line is left behind: %q", columns, out.String())
			}
		})
	}
}

func TestBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bar := screen(100)
		lines := screen(0)
		events := screen(0)
		all := []*Reporter{text(bar, textOptions{columns: bar.width}), Text(lines), JSON(events)}
		show := func(b Bytes) {
			for _, r := range all {
				r.Bytes(b)
			}
			time.Sleep(4 * time.Second)
		}
		time.Sleep(50 * time.Millisecond) // so that nothing falls on a tick
		show(Bytes{What: "listing"})
		show(Bytes{What: "downloading", File: "onnx/vision_model.onnx", Done: 120e6, Total: 352e6})
		show(Bytes{What: "downloading", File: "onnx/vision_model.onnx", Done: 200e6, Total: 352e6, Rate: 12.3e6})
		show(Bytes{What: "downloading", File: "a\x1b[2Jb", Done: 352e6, Total: 352e6, Rate: 12.3e6})
		show(Bytes{})
		for _, r := range all {
			r.Finish()
		}
		golden(t, "bytes", []byte(bar.buf.String()+lines.buf.String()+events.buf.String()))
	})
}

func TestJSONIsJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		r := JSON(&out)
		story(r, func(int) {})
		r = JSON(&out)
		r.Failed("/a\xff<&>.jpg", "b")
		r.Finish()
		events := map[string]int{}
		for line := range strings.Lines(out.String()) {
			if strings.HasPrefix(line, "level=") {
				continue // the story does not log in JSON
			}
			var e map[string]any
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			events[e["event"].(string)]++
		}
		if want := map[string]int{"progress": 27, "failed": 2}; !cmp.Equal(want, events) {
			t.Error(cmp.Diff(want, events))
		}
		if !strings.Contains(out.String(), `"path_base64":"L2H/PCY+LmpwZw=="`) {
			t.Errorf("the bytes of a name that is not UTF-8 are missing:\n%s", out.String())
		}
	})
}

func TestFailuresShown(t *testing.T) {
	for limit, want := range map[int]int{0: 21, 3: 4, -1: 50} {
		var out bytes.Buffer
		r := text(&out, textOptions{failures: limit})
		for range 50 {
			r.Failed("a.jpg", "why")
		}
		if got := strings.Count(out.String(), "\n"); got != want {
			t.Errorf("limit %d: %d lines, want %d", limit, got, want)
		}
		r.Finish()
	}
}

// TestRate feeds batches at known speeds.
func TestRate(t *testing.T) {
	now := time.Unix(0, 0)
	var r rate
	run := func(seconds, every, batch int, busy bool) {
		for range seconds / every {
			now = now.Add(time.Duration(every) * time.Second)
			r.advance(now, busy)
			if busy {
				r.add(batch)
			}
		}
	}
	check := func(what string, want, within float64) {
		t.Helper()
		if got := r.perSecond(); got < want*(1-within) || got > want*(1+within) {
			t.Errorf("%s: %.2f/s, want %.2f within %.0f %%", what, got, want, 100*within)
		}
	}
	if r.advance(now, true); r.perSecond() != 0 {
		t.Errorf("%v/s before anything happened", r.perSecond())
	}
	run(1, 1, 32, true)
	check("after the first batch", 32, 0.001)
	run(60, 1, 32, true)
	check("steady", 32, 0.001)
	run(600, 1, 0, false)
	check("after ten minutes without work", 32, 0.001)
	run(120, 8, 32, true)
	check("much slower, in large batches", 4, 0.15)
	run(300, 1, 0, true)
	if r.perSecond() > 0.01 {
		t.Errorf("stalled: still %.2f/s", r.perSecond())
	}
}

func TestETA(t *testing.T) {
	tests := []struct {
		left int64
		rate float64
		want string // "" means unknown
	}{
		{100, 0, ""}, {1, 1e-12, ""}, {0, 1, "0s"}, {108, 1, "1m48s"}, {59, 1, "59s"}, {7500, 1, "2h05m"}, {3600, 1, "1h00m"},
		{280_800, 1, "3d06h"}, {10, 0.1, "1m40s"},
	}
	for _, tt := range tests {
		got := ""
		if d, ok := timeLeft(tt.left, tt.rate); ok {
			got = short(d)
		}
		if got != tt.want {
			t.Errorf("%d at %v/s: %q, want %q", tt.left, tt.rate, got, tt.want)
		}
	}
}

// TestConcurrent is for the race detector, and checks that no call is lost.
func TestConcurrent(t *testing.T) {
	var out bytes.Buffer
	r := text(&out, textOptions{columns: func() int { return 80 }})
	log := r.Writer()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				r.Planned(1)
				r.Seen(2)
				r.Embedded(1)
				r.Failed("x", "y")
				fmt.Fprintln(log, "l")
			}
		})
	}
	wg.Wait()
	r.WalkDone()
	r.Finish()
	c := &r.state.pictures
	if c.planned != 1600 || c.seen != 3200 || c.embedded != 1600 || c.failed != 1600 {
		t.Errorf("counts %+v", c)
	}
	if n := strings.Count(out.String(), "l\n"); n != 1600 {
		t.Errorf("%d log lines", n)
	}
}

// A run that found nothing to do writes no line for a scheduler to mail.
func TestNothingDone(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(r *Reporter)
		want string
	}{
		"unchanged": {func(r *Reporter) { r.Seen(3) }, ""},
		"failed":    {func(r *Reporter) { r.Seen(3); r.Failed("a", "b") }, "failed: a: b\n0 of 0 embedded  (3 files seen, 1 failed)\n"},
	} {
		var out bytes.Buffer
		r := Text(&out)
		test.do(r)
		r.Finish()
		if out.String() != test.want {
			t.Errorf("%s: got %q, want %q", name, &out, test.want)
		}
	}
}
