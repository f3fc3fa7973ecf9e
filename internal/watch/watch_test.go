package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/sightline/sightline/internal/walk"
)

// The first run comes at once, another one when a change is followed by quiet.
func TestDebounce(t *testing.T) {
	watched(t, 1, nil, func(s *scene) {
		s.wantRuns(0)
		s.wantTold(Watching)
		s.pass(10 * time.Second)
		for range 5 { // the last at 15
			s.happens(fsnotify.Write, "a.jpg")
			s.pass(time.Second)
		}
		s.wantRuns()
		s.pass(time.Minute)
		s.wantRuns(16)
		s.wantTold()
	})
}

// Changes without end do not put a run off for ever.
func TestNeverQuiet(t *testing.T) {
	watched(t, 1, nil, func(s *scene) {
		s.took()
		for range 70 {
			s.happens(fsnotify.Write, "a.jpg")
			s.pass(time.Second)
		}
		s.wantRuns(30, 60) // after 15 times 2 seconds
	})
}

// Roots that have not changed are not looked through, unless it is time for all.
func TestEvery(t *testing.T) {
	edit := func(s *scene) { s.options.Every = time.Minute }
	watched(t, 2, edit, func(s *scene) {
		s.took()
		s.happens(fsnotify.Create, "a.jpg")
		s.pass(2 * time.Minute)
		runs := s.took()
		if len(runs) != 3 {
			t.Fatalf("runs %v", runs)
		}
		for i, want := range [][]string{s.options.Roots[:1], s.options.Roots, s.options.Roots} {
			if !slices.Equal(runs[i].roots, want) {
				t.Errorf("run %d: roots %v, want %v", i, runs[i].roots, want)
			}
		}
	})
}

// What is outside, or cannot be a picture, starts no run.
func TestConcerns(t *testing.T) {
	edit := func(s *scene) {
		s.options.Concerns = walk.Options{OtherKind: func(name string) string {
			if filepath.Ext(name) == ".log" {
				return "text"
			}
			return ""
		}}.MayMatter
		s.options.Outside = []string{filepath.Join(s.options.Roots[0], "index")}
	}
	watched(t, 1, edit, func(s *scene) {
		s.took()
		for _, name := range []string{"x.log", ".hidden.jpg", "index/catalogue.db", "node_modules"} {
			s.happens(fsnotify.Create, name)
		}
		s.source().events <- event{} // as after an overflow
		s.pass(time.Minute)
		s.wantRuns()
		for i, name := range []string{"x.jpg", "x.XMP", ".nomedia", ".sightlineignore", "folder", "."} {
			s.happens(fsnotify.Create, name)
			s.pass(time.Minute)
			if len(s.took()) != 1 {
				t.Errorf("%d: %s started no run", i, name)
			}
		}
	})
}

// A file that is being written is left, and read once it was left alone for a moment: by
// its time, by events, or in the end whatever happens.
func TestPartialWrites(t *testing.T) {
	var mu sync.Mutex
	var busy []bool
	took := func() []bool { // what runs were told since the last call
		mu.Lock()
		defer mu.Unlock()
		out := busy
		busy = nil
		return out
	}
	var file walk.Entry
	asking := func(files func() []walk.Entry) func(context.Context, Request) error {
		return func(_ context.Context, r Request) error {
			mu.Lock()
			defer mu.Unlock()
			for _, f := range files() {
				busy = append(busy, r.Unsettled(f))
			}
			return nil
		}
	}
	edit := func(s *scene) {
		file = walk.Entry{Path: filepath.Join(s.options.Roots[0], "a.jpg"), ModTime: s.start}
		s.does(asking(func() []walk.Entry { return []walk.Entry{file} }))
	}
	watched(t, 1, edit, func(s *scene) {
		s.pass(time.Minute)
		s.wantRuns(0, 2)
		if got := took(); !slices.Equal(got, []bool{true, false}) {
			t.Errorf("being written: %v", got)
		}
		for range 31 { // by events alone, for longer than runs are put off; the last at 90
			s.happens(fsnotify.Write, "a.jpg")
			s.pass(time.Second)
		}
		s.pass(time.Minute)
		s.wantRuns(90, 92)
		if got := took(); !slices.Equal(got, []bool{true, false}) {
			t.Errorf("being written, by events: %v", got)
		}
		now := time.Now()
		future := walk.Entry{Path: file.Path, ModTime: now.Add(time.Hour)}
		raw := walk.Entry{Path: file.Path + ".cr2", Twin: &walk.Twin{Path: "b.jpg", ModTime: now.Add(time.Second)}}
		s.does(asking(func() []walk.Entry { return []walk.Entry{future, raw} }))
		s.happens(fsnotify.Chmod, "a.jpg")
		s.pass(2 * time.Second)
		if got := took(); !slices.Equal(got, []bool{false, true}) {
			t.Errorf("a time in the future and a twin that is being written: %v", got)
		}
		s.does(asking(func() []walk.Entry { return []walk.Entry{{Path: file.Path, ModTime: time.Now()}} }))
		s.pass(time.Hour) // written to without end
		if got := took(); len(got) < 3 || !got[0] || got[len(got)-1] {
			t.Errorf("written to without end: %v", got)
		}
	})
}

// Where events were lost, all roots are looked through, and watched again.
func TestOverflow(t *testing.T) {
	watched(t, 3, nil, func(s *scene) {
		s.took()
		s.told()
		before := s.source()
		before.errs <- fsnotify.ErrEventOverflow
		s.pass(time.Minute)
		runs := s.took()
		if len(runs) != 1 || !slices.Equal(runs[0].roots, s.options.Roots) {
			t.Errorf("runs %v", runs)
		}
		s.wantTold(Overflow)
		if s.source() == before || !before.closed || !slices.Equal(s.source().list(), s.options.Roots) {
			t.Errorf("watched: %v", s.source().list())
		}
		close(s.source().events) // a source that ends
		s.pass(time.Minute)
		if runs := s.took(); len(runs) != 1 {
			t.Errorf("runs %v", runs)
		}
	})
}

// As many folders as possible are watched, which is said once.
func TestLimit(t *testing.T) {
	edit := func(s *scene) {
		s.limit, s.options.Every = 3, time.Minute
		s.perform = func(_ context.Context, r Request) error {
			for i := range 10 {
				r.Folder(filepath.Join(s.options.Roots[0], string(rune('0'+i))))
			}
			return nil
		}
	}
	watched(t, 1, edit, func(s *scene) {
		s.wantRuns(0)
		if n := s.notices; len(n) != 2 || n[0].Kind != Limit || n[0].Folders != 3 || !errors.Is(n[0].Err, syscall.ENOSPC) ||
			n[1].Kind != Watching || n[1].Folders != 3 || n[1].Unwatched != 8 {
			t.Errorf("notices %+v", n)
		}
		s.told()
		s.pass(3 * time.Minute)
		s.wantRuns(60, 120, 180)
		s.wantTold()
		// A folder that is gone makes room for another.
		s.happens(fsnotify.Rename, "0")
		s.pass(time.Minute)
		if got := s.source().list(); len(got) != 3 {
			t.Errorf("watched: %v", got)
		}
	})
}

// Without any watching the roots are looked through every so often.
func TestNothingToWatchWith(t *testing.T) {
	edit := func(s *scene) { s.openErr, s.options.Every = syscall.EMFILE, time.Minute }
	watched(t, 1, edit, func(s *scene) {
		s.pass(2 * time.Minute)
		s.wantRuns(0, 60, 120)
		s.wantTold(Unwatched, Watching)
	})
}

// A folder that is renamed or deleted is watched no more under that name, nor is what lies
// in it.
func TestForget(t *testing.T) {
	edit := func(s *scene) {
		s.perform = func(_ context.Context, r Request) error {
			for _, sub := range []string{"x", "x/y", "xy"} {
				r.Folder(filepath.Join(s.options.Roots[0], sub))
			}
			return nil
		}
	}
	watched(t, 1, edit, func(s *scene) {
		root := s.options.Roots[0]
		s.does(nil)
		s.happens(fsnotify.Rename, "x")
		if got, want := s.source().list(), []string{root, root + "/xy"}; !slices.Equal(got, want) {
			t.Errorf("watched %v, want %v", got, want)
		}
	})
}

// A root that is gone is left in peace, and looked through and watched when it is back.
func TestRootGoneAndBack(t *testing.T) {
	watched(t, 2, nil, func(s *scene) {
		s.took()
		s.told()
		root := s.options.Roots[0]
		if err := os.Rename(root, root+"-away"); err != nil {
			t.Fatal(err)
		}
		s.happens(fsnotify.Remove, ".")
		s.pass(time.Minute)
		s.wantTold(RootGone)
		if got := s.source().list(); !slices.Equal(got, s.options.Roots[1:]) {
			t.Errorf("watched: %v", got)
		}
		s.took() // one that was begun before it was noticed
		if err := os.Mkdir(root, 0o755); err != nil {
			t.Fatal(err)
		}
		s.pass(time.Minute)
		s.wantTold(RootBack)
		if runs := s.took(); len(runs) != 1 || !slices.Equal(runs[0].roots, s.options.Roots[:1]) {
			t.Errorf("runs %v", runs)
		}
		if got := s.source().list(); !slices.Equal(got, s.options.Roots) {
			t.Errorf("watched: %v", got)
		}
		// Another folder in its place, as where a disk is mounted over it.
		if err := errors.Join(os.Rename(root, root+"-covered"), os.Rename(root+"-away", root)); err != nil {
			t.Fatal(err)
		}
		s.pass(time.Minute)
		s.wantTold(RootBack)
		if runs := s.took(); len(runs) != 1 {
			t.Errorf("runs %v", runs)
		}
	})
}

// A root that is missing at the beginning is waited for, and one that is a link is the
// folder that it leads to.
func TestRootsAtFirst(t *testing.T) {
	edit := func(s *scene) {
		missing, link := s.options.Roots[0]+"-missing", s.options.Roots[0]+"-link"
		if err := os.Symlink(s.options.Roots[1], link); err != nil {
			t.Skip("no links here")
		}
		s.options.Roots = []string{s.options.Roots[1], missing, link}
	}
	watched(t, 2, edit, func(s *scene) {
		s.wantTold(RootGone, Watching)
		if runs := s.took(); len(runs) != 1 || len(runs[0].roots) != 2 {
			t.Errorf("runs %v", runs)
		}
		s.happens(fsnotify.Write, "a.jpg") // below the folder itself
		s.pass(time.Minute)
		if runs := s.took(); len(runs) != 1 || !slices.Equal(runs[0].roots, []string{s.options.Roots[0], s.options.Roots[2]}) {
			t.Errorf("runs %v", runs)
		}
	})
}

// A root that is a file is watched by its folder, in which nothing else matters.
func TestRootThatIsAFile(t *testing.T) {
	edit := func(s *scene) {
		file := filepath.Join(s.options.Roots[0], "a.jpg")
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		s.options.Roots[0] = file
	}
	watched(t, 1, edit, func(s *scene) {
		s.took()
		folder := filepath.Dir(s.options.Roots[0])
		if !slices.Contains(s.source().list(), folder) {
			t.Errorf("watched: %v", s.source().list())
		}
		s.source().events <- event{Name: filepath.Join(folder, "b.jpg"), Op: fsnotify.Write}
		s.pass(time.Minute)
		s.wantRuns()
		s.source().events <- event{Name: s.options.Roots[0], Op: fsnotify.Write}
		s.pass(time.Minute)
		if len(s.took()) != 1 {
			t.Error("a change of the file started no run")
		}
	})
}

// Another writer is waited for, longer and longer, which is said once.
func TestErrorThatPasses(t *testing.T) {
	left := 7
	edit := func(s *scene) {
		s.options.Passes = func(err error) bool { return errors.Is(err, errBusy) }
		s.perform = func(context.Context, Request) error {
			if left--; left >= 0 {
				return errBusy
			}
			return nil
		}
	}
	watched(t, 1, edit, func(s *scene) {
		s.pass(5 * time.Minute)
		// A change is not forgotten and is not older than the error: 2 seconds at least.
		s.wantRuns(0, 2, 4, 8, 16, 32, 62, 92)
		s.wantTold(Waiting, Watching)
		left = 1
		s.happens(fsnotify.Write, "a.jpg")
		s.pass(time.Minute)
		s.wantRuns(302, 304)
		s.wantTold(Waiting)
	})
}

// Any other error ends the watching.
func TestErrorForGood(t *testing.T) {
	want := errors.New("the disk is on fire")
	edit := func(s *scene) { s.perform = func(context.Context, Request) error { return want } }
	watched(t, 1, edit, func(s *scene) {
		if err := <-s.ended; !errors.Is(err, want) {
			t.Errorf("error %v", err)
		}
		if !s.source().closed {
			t.Error("the source is left open")
		}
	})
}

// A run waits while the machine says so, and one in hand is ended and gone on with.
func TestHold(t *testing.T) {
	var battery atomic.Bool
	battery.Store(true)
	edit := func(s *scene) {
		s.options.Hold = func(bool) string {
			if battery.Load() {
				return "on battery"
			}
			return ""
		}
		s.perform = func(ctx context.Context, _ Request) error {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(35 * time.Second):
				return nil
			}
		}
	}
	watched(t, 1, edit, func(s *scene) {
		s.pass(55 * time.Second)
		s.wantRuns()
		s.wantTold(Waiting)
		battery.Store(false)
		s.pass(20 * time.Second) // a run since 60
		battery.Store(true)
		s.pass(25 * time.Second)
		s.wantRuns(60)
		battery.Store(false)
		s.pass(5 * time.Minute)
		s.wantRuns(110)
		s.wantTold(Watching) // the wait had been reported
	})
}

// The end of the context ends a run, which is waited for.
func TestStop(t *testing.T) {
	cause := errors.New("enough")
	synctest.Test(t, func(t *testing.T) {
		finished := false
		began := make(chan struct{})
		ctx, stop := context.WithCancelCause(t.Context())
		o := Options{Roots: []string{t.TempDir()}, Run: func(ctx context.Context, _ Request) error {
			close(began)
			<-ctx.Done()
			time.Sleep(time.Second) // the batch in hand
			finished = true
			return nil
		}}
		s := &scene{t: t}
		ended := make(chan error)
		go func() { ended <- watchWith(ctx, o, s.open) }()
		<-began
		stop(cause)
		if err := <-ended; !errors.Is(err, cause) || !finished {
			t.Errorf("error %v, finished %v", err, finished)
		}
	})
}

// At most half of the time goes into runs.
func TestLongRuns(t *testing.T) {
	edit := func(s *scene) {
		s.perform = func(context.Context, Request) error {
			time.Sleep(10 * time.Second)
			return nil
		}
	}
	watched(t, 1, edit, func(s *scene) {
		s.pass(5 * time.Second)
		for range 20 { // also during runs
			s.happens(fsnotify.Write, "a.jpg")
			s.pass(5 * time.Second)
		}
		s.pass(time.Minute)
		last := time.Duration(-time.Hour)
		runs := s.took()
		for _, r := range runs {
			if r.at-last < 20*time.Second {
				t.Errorf("runs %v", runs)
			}
			last = r.at
		}
		if len(runs) < 3 || last < 105*time.Second {
			t.Errorf("runs %v: the last change was missed", runs)
		}
	})
}
