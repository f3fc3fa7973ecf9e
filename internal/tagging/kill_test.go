package tagging

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/zeroshot"
)

// childDir names the index that a test process tags instead of running tests.
const childDir = "SIGHTLINE_TEST_TAG"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

// child does the run of the kill test in a process of its own.
func child(dir string) int {
	ctx := context.Background()
	s, err := local.Open(ctx, local.Options{Dir: dir, Collection: "default", Mode: store.ReadWrite})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	list, err := label.Parse(labels)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	c, err := zeroshot.Prepare(ctx, cliptest.New(dim), list, zeroshot.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	t := New(s, OpenRegistry(filepath.Join(dir, "runs")), &counter{})
	_, err = t.Tag(ctx, c, plan(PerImage, 3))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func TestKilledRunsGiveTheSameTags(t *testing.T) {
	if testing.Short() {
		t.Skip("what a killed process leaves on disk is no matter of goroutines: slow under the race detector")
	}
	const pictures = 2*batchSize + 500
	dir := t.TempDir()
	s := open(t, dir)
	upsert(t, s, records(0, pictures))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	kills := 0
	// Each try may last longer than the one before, so that the kills fall between the
	// batches and into them, and the last is left alone however slow the machine is.
	for patience := 20 * time.Millisecond; ; patience += patience/3 + 10*time.Millisecond {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("the run failed: %v", err)
			}
		case <-time.After(patience):
			if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
			if err := <-ended; err != nil {
				kills++
				continue
			}
		}
		break
	}
	if kills == 0 {
		t.Error("the run ended before it could be killed")
	}
	s = open(t, dir)
	defer s.Close()
	g := OpenRegistry(filepath.Join(dir, "runs"))
	c := classifier(t, labels)
	r, looked := run(t, s, g, c, plan(PerImage, 3))
	if looked != 0 {
		t.Errorf("%d pictures were left over after %d kills", looked, kills)
	}
	got := tagsOf(t, s, r.Source())

	quiet := open(t, t.TempDir())
	defer quiet.Close()
	upsert(t, quiet, records(0, pictures))
	run(t, quiet, OpenRegistry(t.TempDir()), c, plan(PerImage, 3))
	want := tagsOf(t, quiet, r.Source())
	if diff := cmp.Diff(want, got); len(want) == 0 || diff != "" {
		t.Errorf("after %d kills (-undisturbed +killed):\n%.2000s", kills, diff)
	}
	t.Logf("killed %d times", kills)
}
