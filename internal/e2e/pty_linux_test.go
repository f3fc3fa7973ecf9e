package e2e

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// onTerminal runs a program with a real terminal as its output, and returns what came out of
// it.
func onTerminal(t *testing.T, dir string, args ...string) string {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no terminals here: ", err)
	}
	defer master.Close()
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skip("there are no terminals here: ", err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no terminals here: ", err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs, args[0]), args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, slave, slave
	cmd.Env = append(os.Environ(), "HOME="+dir, "TERM=xterm-256color", "COLUMNS=200")
	var out bytes.Buffer
	read := make(chan struct{})
	go func() { // ends with an error when the last who has the terminal open is gone
		out.ReadFrom(master)
		close(read)
	}()
	err = cmd.Run()
	slave.Close()
	<-read
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out.String())
	}
	return out.String()
}

// TestPathsOnATerminal indexes pictures with control characters in their names, and looks for
// those characters in all that reaches the terminal.
func TestPathsOnATerminal(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"a\x1b]0;title\x07.png", "b\x1b[31mred.png", "c\u009b2J.png", "d\rover.png", "e\nline.png", "f\u202egnp.png", "g\x1bP+q\x1b\\.png"} {
		var b bytes.Buffer
		img := image.NewGray(image.Rect(0, 0, 16, 16))
		for j := range img.Pix {
			img.Pix[j] = uint8(j * (i + 1))
		}
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		data := b.Bytes()
		if i == 6 {
			data = data[:40] // a failure, whose name is reported as well
		}
		path := filepath.Join(dir, "photos", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Skip("the file system takes no such names: ", err)
		}
	}
	run := exec.Command(filepath.Join(programs, "indexer"), "run", "photos", "--db", "idx")
	run.Dir, run.Env = dir, append(os.Environ(), "HOME="+dir)
	run.Run() // ends with 3, for the failure
	for _, args := range [][]string{
		{"search", "a dog", "--db", "idx", "-k", "10"},
		{"search", "a dog", "--db", "idx", "-k", "10", "--paths"},
		{"search", "like", "photos/b\x1b[31mred.png", "--db", "idx"},
		{"indexer", "status", "--failures", "--db", "idx"},
		{"indexer", "verify", "--db", "idx"},
	} {
		out := onTerminal(t, dir, args...)
		for _, raw := range []string{"\x1b]0;", "\x1b[31mred", "\u009b", "over.png\r\x1b", "\u202e", "\x1bP", "title\x07", "e\nline", "e\r\nline"} {
			if strings.Contains(out, raw) {
				t.Errorf("%q: %q reaches the terminal:\n%q", args, raw, out)
			}
		}
	}
}
