package local

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sightline/sightline/internal/store"
)

const limitRole = "SIGHTLINE_TEST_LIMIT"

// TestLimits runs processes that may open few files, or write short ones only: each says so,
// and what was committed before stays whole.
func TestLimits(t *testing.T) {
	if what := os.Getenv(limitRole); what != "" {
		writeLimited(t, what)
		return
	}
	for what, want := range map[string]string{
		"files": "too many open files",
		"short": "this process may write files of at most 66 kB (ulimit -f)",
	} {
		dir := flipIndex(t, 20)
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestLimits$", "-test.v")
		cmd.Env = append(os.Environ(), limitRole+"="+what, "SIGHTLINE_TEST_DIR="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, %s\nwant %q", what, err, out, want)
		}
		s := mustOpen(t, testOptions(dir))
		if n := len(recordsOf(t, s)); n < 20 {
			t.Errorf("%s: %d records are left of 20", what, n)
		}
		s.Close()
	}
}

// writeLimited writes to an index under a limit until that fails, and tells how.
func writeLimited(t *testing.T, what string) {
	limit, kind := uint64(1<<16), unix.RLIMIT_FSIZE
	if what == "files" {
		// The runtime opens what it waits with at the first file that can be waited for,
		// and ends the process where it cannot.
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		defer w.Close()
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		// ReadDir's own is closed again; one more is for the lock.
		limit, kind = uint64(len(entries)), unix.RLIMIT_NOFILE
	}
	var now syscall.Rlimit // whose hard limit only root may raise
	if err := syscall.Getrlimit(kind, &now); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(kind, &syscall.Rlimit{Cur: min(limit, now.Max), Max: now.Max}); err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(os.Stdout)
	defer w.Flush()
	s, err := Open(t.Context(), testOptions(os.Getenv("SIGHTLINE_TEST_DIR")))
	for n := 100; err == nil; n += 100 {
		if n > 100_000 {
			t.Fatal("no limit was met")
		}
		err = s.Upsert(t.Context(), testBatch(n, n+100, 1))
	}
	if what == "short" && !errors.Is(err, store.ErrIO) && !errors.Is(err, syscall.EFBIG) {
		t.Errorf("told as %v", err)
	}
	w.WriteString(err.Error() + "\n")
}
