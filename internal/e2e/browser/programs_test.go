package browser

import (
	"bufio"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/clip/ort"
)

const root = "../../.."

// built are the programs, built once for all tests of this package.
type built struct {
	once sync.Once
	dir  string
	err  error
}

var programs built

func (b *built) make() { b.once.Do(func() { b.dir, b.err = build() }) }

func cleanPrograms() {
	programs.once.Do(func() {}) // waits for a build that is under way
	if programs.dir != "" {
		os.RemoveAll(programs.dir)
	}
}

// program returns the path of a built program, with lib and models beside it as in a
// release.
func program(t *testing.T, name string) string {
	t.Helper()
	programs.make()
	if programs.err != nil {
		t.Fatalf("build the programs: %v", programs.err)
	}
	return filepath.Join(programs.dir, "bin", name)
}

func build() (string, error) {
	top, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "sightline-browser")
	if err != nil {
		return "", err
	}
	for _, name := range []string{"models", "lib"} {
		if err := os.Symlink(filepath.Join(top, name), filepath.Join(dir, name)); err != nil {
			return dir, err
		}
	}
	// What go build reads is not known to the go command that runs this test; it takes
	// the old result for good unless the test itself has looked at the folders.
	for _, name := range []string{"cmd", "internal"} {
		if err := filepath.WalkDir(filepath.Join(top, name), func(_ string, _ fs.DirEntry, err error) error { return err }); err != nil {
			return dir, err
		}
	}
	cmd := exec.Command("go", "build", "-tags", "nodynamic", "-o", filepath.Join(dir, "bin")+"/", "./cmd/indexer", "./cmd/search")
	cmd.Dir = top
	cmd.Stderr = os.Stderr
	return dir, cmd.Run()
}

// command makes a command that sees no settings of whoever runs the tests.
func command(t *testing.T, home, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program(t, name), args...)
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "TZ=UTC", "SIGHTLINE_ONNXRUNTIME_LIB=" + os.Getenv("SIGHTLINE_ONNXRUNTIME_LIB")}
	return cmd
}

// served is a running search serve.
type served struct {
	t       *testing.T
	home    string
	db      string
	address string
	listen  string
	args    []string
	cmd     *exec.Cmd
}

// serve indexes folders and serves them. Without ONNX Runtime the test is skipped.
func serve(t *testing.T, folders []string, args ...string) *served {
	t.Helper()
	start(t)
	if _, err := os.Stat(filepath.Join(root, "lib", ort.LibraryName())); err != nil && os.Getenv("SIGHTLINE_ONNXRUNTIME_LIB") == "" {
		t.Skip("ONNX Runtime is not set up (make setup)")
	}
	s := &served{t: t, home: t.TempDir(), listen: "127.0.0.1:0", args: args}
	s.db = filepath.Join(s.home, "index")
	run := command(t, s.home, "indexer", append([]string{"run", "--db", s.db}, folders...)...)
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("indexer run: %v\n%s", err, out)
	}
	s.begin()
	t.Cleanup(s.end)
	return s
}

// begin starts the server, at the same address as before.
func (s *served) begin() {
	s.t.Helper()
	s.cmd = command(s.t, s.home, "search", append([]string{"serve", "--db", s.db, "--listen", s.listen}, s.args...)...)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	log := &strings.Builder{}
	s.cmd.Stderr = log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.t.Fatalf("search serve said nothing: %v\n%s", err, log)
	}
	s.address = strings.TrimSpace(line)
	s.listen = strings.TrimSuffix(strings.TrimPrefix(s.address, "http://"), "/")
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address+"readyz", nil)
		if err != nil {
			s.t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if ctx.Err() != nil {
			s.t.Fatalf("search serve is not ready: %v\n%s", err, log)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// end stops the server as Ctrl-C does.
func (s *served) end() {
	if s.cmd.ProcessState != nil {
		return
	}
	s.cmd.Process.Signal(syscall.SIGINT)
	kill := time.AfterFunc(20*time.Second, func() { s.cmd.Process.Kill() })
	defer kill.Stop()
	s.cmd.Wait()
}

// photos returns a folder of the demo photos; without them the test is skipped.
func photos(t *testing.T, name string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join(root, "demo", "photos", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the demo photos are not there: %v", err)
		}
		t.Skip("the demo photos are not there (make photos)")
	}
	return dir
}

// copyFile copies a file.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// stripes writes a picture of its own kind.
func stripes(t *testing.T, file string, n int) {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 160, 120))
	for y := range 120 {
		for x := range 160 {
			c := color.RGBA{uint8(20 * n), uint8(90 + n), 200, 255}
			if (x+y*n/3)/(4+n)%2 == 0 {
				c = color.RGBA{240, uint8(255 - 9*n), uint8(12 * n), 255}
			}
			m.Set(x, y, c)
		}
	}
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := jpeg.Encode(f, m, nil); err != nil {
		t.Fatal(err)
	}
}
