package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/walk"
)

// followed is a folder that the real system tells of, and what runs have found in it.
type followed struct {
	t    *testing.T
	root string

	mu    sync.Mutex
	found []string
	told  map[NoticeKind]int
}

func follow(t *testing.T, open func() (source, error)) *followed {
	t.Helper()
	s, err := open()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	s.Close()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f := &followed{t: t, root: filepath.Join(dir, "root"), told: map[NoticeKind]int{}}
	f.write("first.jpg")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	o := Options{Roots: []string{f.root}, Settle: 20 * time.Millisecond, lookEvery: 50 * time.Millisecond, Run: f.run, Tell: func(n Notice) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.told[n.Kind]++
	}}
	go func() { ended <- watchWith(ctx, o, open) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
	f.until("the first run", func() bool { return f.told[Watching] > 0 })
	return f
}

// run lists what is there, as a run does.
func (f *followed) run(ctx context.Context, r Request) error {
	var found []string
	for e, err := range walk.Walk(ctx, r.Roots, walk.Options{Folder: r.Folder}) {
		if err == nil && !r.Unsettled(e) {
			found = append(found, strings.TrimPrefix(e.Path, filepath.ToSlash(f.root)+"/"))
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.found = found
	return nil
}

func (f *followed) write(name string) {
	f.t.Helper()
	path := filepath.Join(f.root, filepath.FromSlash(name))
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err = errors.Join(err, os.WriteFile(path, []byte(name), 0o644)); err != nil {
		f.t.Fatal(err)
	}
}

// until waits for a condition.
func (f *followed) until(what string, ok func() bool) {
	f.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		f.mu.Lock()
		done := ok()
		f.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("%s did not come; found %v, told %v", what, f.found, f.told)
		}
	}
}

// finds waits until runs have found exactly these files.
func (f *followed) finds(names ...string) {
	f.t.Helper()
	slices.Sort(names)
	f.until(fmt.Sprint(names), func() bool { return slices.Equal(f.found, names) })
}

// What comes, moves and goes is followed, in new folders too.
func TestFollow(t *testing.T) {
	f := follow(t, newSource)
	f.finds("first.jpg")
	f.write("new/deep/a.jpg")
	f.finds("first.jpg", "new/deep/a.jpg")
	f.write("new/deep/b.jpg") // in a folder that no event told
	f.finds("first.jpg", "new/deep/a.jpg", "new/deep/b.jpg")
	if err := os.Rename(filepath.Join(f.root, "new"), filepath.Join(f.root, "other")); err != nil {
		t.Fatal(err)
	}
	f.finds("first.jpg", "other/deep/a.jpg", "other/deep/b.jpg")
	f.write("other/deep/c.jpg") // by the new name
	f.finds("first.jpg", "other/deep/a.jpg", "other/deep/b.jpg", "other/deep/c.jpg")
	f.write("new/deep/d.jpg") // another folder of the old name
	f.finds("first.jpg", "new/deep/d.jpg", "other/deep/a.jpg", "other/deep/b.jpg", "other/deep/c.jpg")
	f.write("new/deep/e.jpg")
	f.finds("first.jpg", "new/deep/d.jpg", "new/deep/e.jpg", "other/deep/a.jpg", "other/deep/b.jpg", "other/deep/c.jpg")
	if err := os.RemoveAll(filepath.Join(f.root, "other")); err != nil {
		t.Fatal(err)
	}
	f.finds("first.jpg", "new/deep/d.jpg", "new/deep/e.jpg")
	outside := filepath.Join(filepath.Dir(f.root), "outside") // moved in, and its insides are seen
	if err := errors.Join(os.Rename(filepath.Join(f.root, "new"), outside), os.Rename(outside, filepath.Join(f.root, "in"))); err != nil {
		t.Fatal(err)
	}
	f.finds("first.jpg", "in/deep/d.jpg", "in/deep/e.jpg")
	f.write("in/deep/f.jpg")
	f.finds("first.jpg", "in/deep/d.jpg", "in/deep/e.jpg", "in/deep/f.jpg")
}

// Folders that come while others do are all found.
func TestFollowMany(t *testing.T) {
	f := follow(t, newSource)
	want := []string{"first.jpg"}
	for i := range 300 {
		name := fmt.Sprintf("%d/%d/%d.jpg", i%7, i%31, i)
		f.write(name)
		want = append(want, name)
	}
	f.finds(want...)
}

// A root that is taken away and put back is followed again.
func TestFollowRootThatComesBack(t *testing.T) {
	f := follow(t, newSource)
	if err := os.Rename(f.root, f.root+"-away"); err != nil {
		t.Fatal(err)
	}
	f.until("that the root is gone", func() bool { return f.told[RootGone] > 0 })
	if err := os.Rename(f.root+"-away", f.root); err != nil {
		t.Fatal(err)
	}
	f.until("that the root is back", func() bool { return f.told[RootBack] > 0 })
	f.write("second.jpg")
	f.finds("first.jpg", "second.jpg")
	f.write("third.jpg")
	f.finds("first.jpg", "second.jpg", "third.jpg")
}

// lossySource is one whose errors a test makes.
type lossySource struct {
	source
	errs chan error
}

func (s lossySource) Errors() <-chan error { return s.errs }

// What was lost with events is found.
func TestFollowAfterOverflow(t *testing.T) {
	errs := make(chan error)
	deaf := false
	var mu sync.Mutex
	f := follow(t, func() (source, error) {
		s, err := newSource()
		mu.Lock()
		defer mu.Unlock()
		if err == nil && deaf {
			s = deafSource{s}
		}
		deaf = !deaf
		return lossySource{s, errs}, err
	})
	f.write("lost/a.jpg") // no event tells
	errs <- errors.New("overflow")
	f.finds("first.jpg", "lost/a.jpg")
	f.write("lost/b.jpg")
	f.finds("first.jpg", "lost/a.jpg", "lost/b.jpg")
}

// deafSource tells nothing.
type deafSource struct{ source }

func (deafSource) Events() <-chan event { return nil }
