// Package chaos holds no code, only tests: processes that work on an index are killed at
// random moments, again and again, and what they leave is gone on with. In the end the index
// must be as one that nobody disturbed. make chaos kills more often: see chaosKills.
package chaos

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/dump"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
)

// The environment variables that turn the test binary into a process that will be killed.
const (
	roleName   = "SIGHTLINE_TEST_ROLE"
	rolePhotos = "SIGHTLINE_TEST_PHOTOS"
	roleDB     = "SIGHTLINE_TEST_DB"
)

func TestMain(m *testing.M) {
	if name := os.Getenv(roleName); name != "" {
		if err := perform(name, place{os.Getenv(rolePhotos), os.Getenv(roleDB)}); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// chaosKills is how often the process of a role is killed: in make test, in make chaos for
// an index run, and there for the others.
func chaosKills(name string) int {
	switch {
	case os.Getenv("SIGHTLINE_CHAOS") == "":
		return 3
	case name == "index":
		return 300
	}
	return 60
}

const pictures = 40

// makePhotos writes small pictures in three folders, two of equal content, one that is
// damaged and one with a sidecar.
func makePhotos(t *testing.T, dir string) {
	t.Helper()
	for n := range pictures {
		img := image.NewNRGBA(image.Rect(0, 0, 20, 15))
		for y := range 15 {
			for x := range 20 {
				img.SetNRGBA(x, y, color.NRGBA{uint8(n * 6), uint8(x * 9), uint8(x * y * (n % 7)), 255})
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		data := b.Bytes()
		if n == 13 {
			data = data[:len(data)/2]
		}
		path := filepath.Join(dir, fmt.Sprint(n%3), fmt.Sprintf("%02d.png", n))
		write(t, path, data)
		if n == 14 {
			write(t, filepath.Join(dir, "copy.png"), data)
		}
		if n == 15 {
			write(t, path+".xmp", []byte(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">`+
				`<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag><rdf:li>a keyword</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>`))
		}
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	// The same time in every copy of the photos.
	if err := os.Chtimes(path, time.Time{}, time.Unix(1.6e9, 0)); err != nil {
		t.Fatal(err)
	}
}

// TestKilledProcesses does each role undisturbed, and then again from the same beginning
// under kills.
func TestKilledProcesses(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	photos, original := filepath.Join(root, "photos"), filepath.Join(root, "original")
	makePhotos(t, photos)
	copyFolder(t, original, photos)
	begin := "" // the index that a role begins with, which is what the one before left
	for i, r := range roles() {
		if r.name == "prune" || r.name == "rebuild" {
			photosOf(t, photos, original, r.name == "prune") // a third is gone; and back
		}
		calm := place{photos, filepath.Join(root, fmt.Sprint(i, "-calm"))}
		before := filepath.Join(root, fmt.Sprint(i, "-photos"))
		copyFolder(t, before, photos)
		copyFolder(t, calm.db, begin)
		start := time.Now()
		if killed := runRole(t, r.name, calm, nil); killed {
			t.Fatal("nobody killed it")
		}
		took := time.Since(start)
		want, wantSidecars := stateOf(t, r.name, calm), sidecarsOf(t, photos)

		kills, rounds := 0, 0
		for kills < chaosKills(r.name) {
			rounds++
			if rounds > 100+10*chaosKills(r.name) {
				t.Fatalf("%s: killed %d times only", r.name, kills)
			}
			restore(t, photos, before)
			wild := place{photos, filepath.Join(root, fmt.Sprint(i, "-wild"))}
			if err := os.RemoveAll(wild.db); err != nil {
				t.Fatal(err)
			}
			copyFolder(t, wild.db, begin)
			// A few kills in a row, then nobody disturbs.
			for range 1 + rand.IntN(6) {
				after := time.Duration(rand.Int64N(int64(took)))
				if !runRole(t, r.name, wild, &after) {
					break
				}
				kills++
				if r.name == "restore" {
					stateOf(t, r.name, wild) // there is a whole index at any moment
				}
			}
			if runRole(t, r.name, wild, nil) {
				t.Fatal("nobody killed it")
			}
			if diff := cmp.Diff(want, stateOf(t, r.name, wild)); diff != "" {
				t.Fatalf("%s: round %d, after %d kills (-undisturbed +killed):\n%.3000s", r.name, rounds, kills, diff)
			}
			if diff := cmp.Diff(wantSidecars, sidecarsOf(t, photos)); diff != "" {
				t.Fatalf("%s: sidecars after %d kills (-undisturbed +killed):\n%.3000s", r.name, kills, diff)
			}
		}
		t.Logf("%s: killed %d times in %d rounds; undisturbed it takes %v", r.name, kills, rounds, took.Round(time.Millisecond))
		begin = calm.db
	}
}

// runRole runs the process of a role, kills it some time after it has begun, if that is
// given, and reports whether that came before its end.
func runRole(t *testing.T, name string, p place, after *time.Duration) (killed bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), roleName+"="+name, rolePhotos+"="+p.photos, roleDB+"="+p.db)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(stdout)
	if line, err := out.ReadString('\n'); line != "begin\n" {
		t.Fatalf("%s began with %q, %v", name, line, err)
	}
	if after != nil {
		defer time.AfterFunc(*after, func() { cmd.Process.Kill() }).Stop()
	}
	said, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return false
	case errors.As(err, &exit) && !exit.Exited() && after != nil:
		return true
	}
	t.Fatalf("%s: %v: %s", name, err, said)
	return false
}

// stateOf is all that an index holds, as text, or what a role made of it.
func stateOf(t *testing.T, name string, p place) string {
	t.Helper()
	dir := p.db
	switch name {
	case "copy":
		dir = filepath.Join(p.db, "copy")
	case "backup":
		dir = filepath.Join(t.TempDir(), "restored")
		o := local.Options{Dir: dir, Collection: "default"}
		if _, err := local.Restore(t.Context(), o, local.RestoreOptions{From: filepath.Join(p.db, "backup")}); err != nil {
			t.Fatal(err)
		}
	}
	s, err := local.Open(t.Context(), local.Options{Dir: dir, Collection: "default", Mode: store.ReadOnly})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Verify(context.Background(), func(problem string) { t.Errorf("%s: verify: %s", name, problem) }); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := dump.Write(t.Context(), s, &b, time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	var out []string
	for _, line := range lines {
		if strings.HasPrefix(line, `{"record"`) || strings.HasPrefix(line, `{"failure"`) {
			out = append(out, unstable.ReplaceAllString(line, ""))
		}
	}
	return strings.Join(append(out, keptOf(t, name, p, s)...), "\n")
}

// unstable is what differs between two runs that nobody disturbed: when a failure was noted
// and how often, and stamps of times at which files were changed.
var unstable = regexp.MustCompile(`"at":\[[^]]*\]|"attempts":\d+|"metadata_stamp":\d+`)

// sidecarsOf reads the sidecars, and finds files that were left half written.
func sidecarsOf(t *testing.T, photos string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(photos, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(path, ".png") || strings.HasSuffix(path, ".tmp") {
			return err // what a kill left under a name of its own goes after an hour
		}
		b, err := os.ReadFile(path)
		out[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func copyFolder(t *testing.T, to, from string) {
	t.Helper()
	if from == "" {
		return
	}
	if err := filepath.WalkDir(from, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		write(t, filepath.Join(to, rel), b)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// restore puts the photos and their sidecars back as they were. Files that are as they were
// stay untouched.
func restore(t *testing.T, photos, before string) {
	t.Helper()
	want := map[string]bool{}
	filepath.WalkDir(before, func(path string, e os.DirEntry, err error) error {
		rel, relErr := filepath.Rel(before, path)
		if err != nil || relErr != nil || e.IsDir() {
			return err
		}
		want[rel] = true
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if have, err := os.ReadFile(filepath.Join(photos, rel)); err != nil || !bytes.Equal(have, b) {
			write(t, filepath.Join(photos, rel), b)
		}
		return nil
	})
	filepath.WalkDir(photos, func(path string, e os.DirEntry, err error) error {
		if rel, relErr := filepath.Rel(photos, path); err == nil && relErr == nil && !e.IsDir() && !want[rel] {
			return os.Remove(path)
		}
		return err
	})
}

// photosOf takes a third of the photos away, or brings all back.
func photosOf(t *testing.T, photos, original string, fewer bool) {
	t.Helper()
	if fewer {
		if err := os.RemoveAll(filepath.Join(photos, "1")); err != nil {
			t.Fatal(err)
		}
		return
	}
	restore(t, photos, original)
}
