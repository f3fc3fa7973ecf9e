package milvus_test

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/walk"
)

// TestKilledInTheMiddleOfARun kills a real server, of its own, while pictures are
// indexed into it, and starts it again. The run must wait and end complete.
func TestKilledInTheMiddleOfARun(t *testing.T) {
	t.Parallel()
	const pictures = 120
	own := ownServer(t)
	photos := t.TempDir()
	for i := range pictures {
		writePicture(t, filepath.Join(photos, fmt.Sprintf("%03d.png", i)), i)
	}
	fake := cliptest.New(32)
	spec := fake.Spec()
	s, err := milvus.Open(t.Context(), milvus.Options{
		Address: own.address, Collection: "killed", Mode: store.Create,
		Model:       store.Model{Fingerprint: spec.Fingerprint, Name: spec.Name, Dim: spec.Dim},
		CallTimeout: 4 * time.Second, RetryFor: 2 * time.Minute, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var killed sync.WaitGroup
	encoder := &slowEncoder{Encoder: fake, after: pictures / 3, then: func() {
		killed.Go(func() {
			own.run("kill")
			if own.run("start"); t.Failed() {
				cancel() // it will not come back
			}
		})
	}}
	x := index.New(s, encoder, index.Options{
		Collection: "killed", BatchSize: 4, Workers: 2, EmbedWorkers: 1,
		Walk: walk.Options{KnownExtension: imaging.KnownExtension},
	}, nil, slog.New(slog.DiscardHandler))
	report, err := x.Run(ctx, []string{photos})
	killed.Wait()
	if err != nil {
		t.Fatalf("the run: %v", err)
	}
	if report.Added != pictures || report.Failed != 0 {
		t.Errorf("%d pictures were added and %d failed", report.Added, report.Failed)
	}
	if n, err := s.Count(t.Context(), nil); n != pictures || err != nil {
		t.Errorf("the index has %d records, %v", n, err)
	}
	if err := s.Verify(t.Context(), func(problem string) { t.Error(problem) }); err != nil {
		t.Error(err)
	}
	again, err := x.Run(t.Context(), []string{photos})
	if err != nil || again.Unchanged != pictures {
		t.Errorf("a second run finds %d unchanged, %v", again.Unchanged, err)
	}
}

// slowEncoder takes its time, and does something once after so many pictures.
type slowEncoder struct {
	*cliptest.Encoder
	after int
	then  func()
	once  sync.Once
}

func (e *slowEncoder) EncodeImages(ctx context.Context, b *clip.Batch) (vec.Matrix, error) {
	if e.Images() >= e.after {
		e.once.Do(e.then)
	}
	time.Sleep(50 * time.Millisecond)
	return e.Encoder.EncodeImages(ctx, b)
}

func writePicture(t *testing.T, path string, n int) {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 16, 16))
	for i := range 256 {
		img.SetNRGBA(i%16, i/16, color.NRGBA{uint8(n), uint8(i), uint8(n * i), 255})
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

// serverOfOne is a real server that one test may kill.
type serverOfOne struct {
	t       *testing.T
	env     []string
	address string
}

func ownServer(t *testing.T, env ...string) *serverOfOne {
	t.Helper()
	requireScript(t)
	s := &serverOfOne{t: t, env: append(os.Environ(), append(env, "SIGHTLINE_MILVUS_DIR="+t.TempDir(), "SIGHTLINE_MILVUS_PORT=")...)}
	t.Cleanup(func() { s.run("kill") })
	s.run("start")
	if t.Failed() {
		t.FailNow() // whatever answers under its address is another server
	}
	s.address = s.run("address")
	return s
}

// run runs a command of scripts/milvus and returns what it prints.
func (s *serverOfOne) run(command string) string {
	c := exec.Command(script, command, "standalone")
	c.Env = s.env
	var said strings.Builder
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		s.t.Errorf("scripts/milvus %s: %v: %s", command, err, said.String())
	}
	return strings.TrimSpace(string(out))
}
