package smallfile

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a")
	if err := os.WriteFile(file, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(file, 5); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	for path, want := range map[string]string{
		file: "more than 4 bytes", dir: "it is a folder", "/dev/zero": "neither a file nor a pipe", filepath.Join(dir, "none"): "no such file",
		pipe: "nothing comes from this pipe",
	} {
		if _, err := read(path, 4, time.Second); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	// One who writes late is waited for, one who never does is not.
	w, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read(pipe, 4, 20*time.Millisecond); err == nil || !strings.Contains(err.Error(), "nothing has come") {
		t.Errorf("a silent writer: %v", err)
	}
	go func() {
		time.Sleep(20 * time.Millisecond)
		_, _ = w.WriteString("late")
		_ = w.Close()
	}()
	if got, err := read(pipe, 10, 10*time.Second); err != nil || string(got) != "late" {
		t.Errorf("%q, %v", got, err)
	}
}
