//go:build linux

package fence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func newPool(t *testing.T, change func(*Options)) *Pool {
	t.Helper()
	o := Options{
		Variable: asWorker, Name: "fence-test", Output: 16 * page, Most: 3,
		ProcessorTime: time.Minute, Patience: time.Minute,
	}
	if change != nil {
		change(&o)
	}
	p := New(o)
	t.Cleanup(p.Close)
	return p
}

// echo has a worker turn an input round.
func echo(ctx context.Context, p *Pool, params string, input []byte) error {
	out := make([]byte, len(input))
	result, err := p.Do(ctx, &Job{Input: input, Params: []byte(params), Output: out})
	if err != nil {
		return err
	}
	if !strings.HasPrefix(string(result), params) {
		return fmt.Errorf("the result is %q", result)
	}
	slices.Reverse(out)
	if !bytes.Equal(out, input) {
		return fmt.Errorf("%d bytes came back as others", len(input))
	}
	return nil
}

// Jobs of all sizes, from many goroutines, come back whole; no more workers are there than may be.
func TestDo(t *testing.T) {
	p := newPool(t, nil)
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(g)))
			for _, most := range []int{10, 100, 17 * page, 100, 3 << 20} {
				input := make([]byte, 1+rng.IntN(most))
				for i := range input {
					input[i] = byte(rng.Uint32())
				}
				if err := echo(t.Context(), p, "e", input); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if len(p.idle) == 0 || len(p.idle) > 3 {
		t.Errorf("%d workers are left", len(p.idle))
	}
	if p.ProcessorTime() == 0 || p.Unavailable() != nil {
		t.Errorf("processor time %v, %v", p.ProcessorTime(), p.Unavailable())
	}
}

// Whatever becomes of a worker, it is its file's failure, and the next file has another.
func TestFailures(t *testing.T) {
	p := newPool(t, nil)
	for _, c := range []struct{ params, how string }{
		{"c", "crashed on this file (terminated)"},
		{"x", "crashed on this file (exit status 5)"},
		{"n", "crashed on this file (what it answers makes no sense)"},
		{"f", "crashed on this file (what it answers makes no sense)"},
		{"d", "crashed on this file (killed)"},
	} {
		err := echo(t.Context(), p, c.params, []byte("input"))
		if f, ok := errors.AsType[*Failure](err); !ok || f.How != c.how {
			t.Errorf("%s: %v", c.params, err)
		}
		if err := echo(t.Context(), p, "e", []byte("another file")); err != nil {
			t.Errorf("after %s: %v", c.params, err)
		}
	}
}

// A worker that does nothing is ended, however long its job could take.
func TestHang(t *testing.T) {
	p := newPool(t, func(o *Options) { o.Patience = 20 * time.Millisecond })
	err := echo(t.Context(), p, "s", []byte("input"))
	if f, ok := errors.AsType[*Failure](err); !ok || f.How != "hangs on this file" {
		t.Errorf("%v", err)
	}
}

// One that a system short of memory has killed is not the file's fault.
func TestKilledOnce(t *testing.T) {
	mark := filepath.Join("/tmp", fmt.Sprintf("fence-test-%d", os.Getpid())) // short: it goes into the parameters
	defer os.Remove(mark)
	if err := echo(t.Context(), newPool(t, nil), "o"+mark+"\x00", []byte("input")); err != nil {
		t.Error(err)
	}
}

// Workers that ended while they had nothing to do are replaced.
func TestGoneWhileIdle(t *testing.T) {
	p := newPool(t, nil)
	for range 3 {
		if err := echo(t.Context(), p, "e", []byte("input")); err != nil {
			t.Fatal(err)
		}
		gone := p.idle[0].process.Process
		if err := gone.Kill(); err != nil {
			t.Fatal(err)
		}
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", gone.Pid))
		for err == nil && !strings.Contains(string(state), ") Z ") {
			time.Sleep(time.Millisecond)
			state, err = os.ReadFile(fmt.Sprintf("/proc/%d/stat", gone.Pid))
		}
	}
}

// A caller that loses interest does not wait for a worker.
func TestCancel(t *testing.T) {
	p := newPool(t, func(o *Options) { o.Most = 1 })
	why := errors.New("no longer wanted")
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error)
	go func() { done <- echo(ctx, p, "s", []byte("input")) }()
	for len(p.turns) == 0 {
		time.Sleep(time.Millisecond)
	}
	waiting := make(chan error)
	go func() { waiting <- echo(ctx, p, "e", []byte("input")) }()
	cancel(why)
	if err := <-done; !errors.Is(err, why) {
		t.Errorf("at work: %v", err)
	}
	if err := <-waiting; !errors.Is(err, why) {
		t.Errorf("waiting: %v", err)
	}
	if err := echo(t.Context(), p, "e", []byte("input")); err != nil {
		t.Error(err)
	}
}

// Where workers cannot be had, that is said of the system and not of the file, and after a few
// times no more are started.
func TestUnavailable(t *testing.T) {
	broken := errors.New("the picture is upside down")
	for name, c := range map[string]struct {
		change func(*Options)
		why    string
	}{
		"ends at once": {func(o *Options) { o.Variable = asDud }, "it did not begin"},
		"checked": {func(o *Options) {
			o.Check = func(do func(*Job) ([]byte, error)) error {
				if _, err := do(&Job{Input: []byte("in"), Params: []byte("e"), Output: make([]byte, 2)}); err != nil {
					return err
				}
				return broken
			}
		}, broken.Error()},
		"crashes": {func(o *Options) {
			o.Check = func(do func(*Job) ([]byte, error)) error {
				_, err := do(&Job{Input: []byte("in"), Params: []byte("c"), Output: make([]byte, 2)})
				return err
			}
		}, "on trial: the decoder crashed on this file (terminated)"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPool(t, c.change)
			for range mostStarts {
				if err := echo(t.Context(), p, "e", []byte("input")); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), c.why) {
					t.Errorf("%v", err)
				}
			}
			p.options.Variable = "SIGHTLINE_FENCE_TEST_NEVER" // would run the tests again
			if err := echo(t.Context(), p, "e", []byte("input")); !errors.Is(err, ErrUnavailable) {
				t.Errorf("%v", err)
			}
			if err := p.Unavailable(); err == nil || !strings.Contains(err.Error(), c.why) {
				t.Errorf("Unavailable: %v", err)
			}
		})
	}
}

// Workers that come and go leave no files open and no processes behind.
func TestNothingIsLeft(t *testing.T) {
	p := newPool(t, nil)
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	if err := echo(t.Context(), p, "e", []byte("input")); err != nil {
		t.Fatal(err)
	}
	p.Close()
	before := count()
	for range 10 {
		if err := echo(t.Context(), p, "c", []byte("input")); err == nil {
			t.Fatal("no failure")
		}
		if err := echo(t.Context(), p, "e", []byte("input")); err != nil {
			t.Fatal(err)
		}
	}
	p.Close()
	if after := count(); after != before {
		t.Errorf("%d files are open, and %d were", after, before)
	}
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
		t.Errorf("process %d is left, %v", pid, err)
	}
}

func TestStart(t *testing.T) {
	if walls, err := newPool(t, nil).Start(t.Context()); err != nil || walls != Limits {
		t.Errorf("%v, %v", walls, err)
	}
	if all := (NoPrivileges | Limits | Landlock | Seccomp).String(); all != "no new privileges, limits, Landlock, seccomp" {
		t.Error(all)
	}
}
