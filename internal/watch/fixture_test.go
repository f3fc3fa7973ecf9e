package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

// fakeSource is a system that tells what a test says.
type fakeSource struct {
	events chan event
	errs   chan error
	limit  int // folders that can be watched; 0 for any number

	mu      sync.Mutex
	folders map[string]bool
	closed  bool
}

func (f *fakeSource) Add(folder string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.limit > 0 && len(f.folders) >= f.limit && !f.folders[folder] {
		return syscall.ENOSPC
	}
	f.folders[folder] = true
	return nil
}

func (f *fakeSource) Remove(folder string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.folders, folder)
	return nil
}

func (f *fakeSource) Events() <-chan event { return f.events }
func (f *fakeSource) Errors() <-chan error { return f.errs }

func (f *fakeSource) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

func (f *fakeSource) list() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for folder := range f.folders {
		out = append(out, folder)
	}
	slices.Sort(out)
	return out
}

// run is one call of Options.Run.
type run struct {
	at    time.Duration // since the beginning
	roots []string
}

// scene is a Watch in a bubble whose time goes as fast as it can.
type scene struct {
	t       *testing.T
	options Options
	start   time.Time
	stop    context.CancelFunc
	limit   int
	openErr error
	perform func(ctx context.Context, r Request) error // nil for a run that finds nothing to do

	mu      sync.Mutex
	sources []*fakeSource
	runs    []run
	notices []Notice
	ended   chan error
}

// watched lets body act on a Watch of folders that exist. Its clock moves only where body
// waits.
func watched(t *testing.T, roots int, edit func(*scene), body func(*scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		dir, err := filepath.EvalSymlinks(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		s := &scene{t: t, start: time.Now(), ended: make(chan error, 1)}
		for i := range roots {
			root := filepath.Join(dir, string(rune('a'+i)))
			if err := os.Mkdir(root, 0o755); err != nil {
				t.Fatal(err)
			}
			s.options.Roots = append(s.options.Roots, root)
		}
		s.options.Run = func(ctx context.Context, r Request) error {
			s.mu.Lock()
			s.runs = append(s.runs, run{time.Since(s.start), r.Roots})
			perform := s.perform
			s.mu.Unlock()
			for _, root := range r.Roots {
				r.Folder(root)
			}
			if perform != nil {
				return perform(ctx, r)
			}
			return nil
		}
		s.options.Tell = func(n Notice) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.notices = append(s.notices, n)
		}
		if edit != nil {
			edit(s)
		}
		ctx, stop := context.WithCancel(t.Context())
		s.stop = stop
		go func() { s.ended <- watchWith(ctx, s.options, s.open) }()
		s.pass(0)
		body(s)
		stop()
		synctest.Wait()
	})
}

// does says what runs do from now on.
func (s *scene) does(perform func(context.Context, Request) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.perform = perform
}

func (s *scene) open() (source, error) {
	if s.openErr != nil {
		return nil, s.openErr
	}
	f := &fakeSource{events: make(chan event), errs: make(chan error), limit: s.limit, folders: map[string]bool{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sources = append(s.sources, f)
	return f, nil
}

// pass lets time pass.
func (s *scene) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (s *scene) source() *fakeSource {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sources[len(s.sources)-1]
}

// happens tells an event below the first root.
func (s *scene) happens(op fsnotify.Op, name string) {
	s.source().events <- event{Name: filepath.Join(s.options.Roots[0], name), Op: op}
	synctest.Wait()
}

// took returns the runs so far, and forgets them.
func (s *scene) took() []run {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.runs
	s.runs = nil
	return out
}

// told returns the kinds of the notices so far, and forgets them.
func (s *scene) told() []NoticeKind {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []NoticeKind
	for _, n := range s.notices {
		out = append(out, n.Kind)
	}
	s.notices = nil
	return out
}

// wantRuns compares the runs since the last call, in seconds since the beginning.
func (s *scene) wantRuns(seconds ...float64) {
	s.t.Helper()
	got := []float64{}
	for _, r := range s.took() {
		got = append(got, r.at.Seconds())
	}
	if !slices.Equal(got, append([]float64{}, seconds...)) {
		s.t.Errorf("runs at %v seconds, want %v", got, seconds)
	}
}

func (s *scene) wantTold(kinds ...NoticeKind) {
	s.t.Helper()
	if got := s.told(); !slices.Equal(got, kinds) {
		s.t.Errorf("told %v, want %v", got, kinds)
	}
}

var errBusy = errors.New("another writer")
