//go:build unix

package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// readOnlyDir turns the test binary into a reader of an index that it may not write.
const readOnlyDir = "SIGHTLINE_TEST_READONLY_DIR"

// readAndTell does what search, status, verify and copy do, and says how many records it saw.
func readAndTell(dir string) error {
	o := testOptions(dir)
	o.Mode = store.ReadOnly
	ctx := context.Background()
	s, err := Open(ctx, o)
	if err != nil {
		return err
	}
	defer s.Close()
	v := vec.NewMatrix(1, testDim)
	v.Data[0] = 1
	found, err := s.Search(ctx, store.Query{Vectors: v, K: 100, MinScore: -1})
	if err != nil {
		return err
	}
	d, err := s.Describe(ctx)
	if err != nil {
		return err
	}
	scanned := 0
	for _, err := range s.Scan(ctx, nil, store.Fields{Vectors: true}) {
		if err != nil {
			return err
		}
		scanned++
	}
	var problems []string
	if err := s.Verify(ctx, func(p string) { problems = append(problems, p) }); err != nil || len(problems) > 0 {
		return fmt.Errorf("verify: %v %v", problems, err)
	}
	fmt.Println("saw", len(found[0]), d.Records, scanned)
	return s.Close()
}

// asReader runs readAndTell in a process that may not write the index.
func asReader(t *testing.T, dir string) string {
	t.Helper()
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	// Another user must get to the program and to the index.
	program := filepath.Join(t.TempDir(), "reader")
	if err := os.WriteFile(program, self, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, program} {
		for p := filepath.Dir(path); p != os.TempDir() && len(p) > 1; p = filepath.Dir(p) {
			if err := os.Chmod(p, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			t.Cleanup(func() { os.Chmod(path, 0o755) })
			return os.Chmod(path, 0o555)
		}
		return os.Chmod(path, 0o444)
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), readOnlyDir+"="+dir, "TMPDIR=/tmp")
	if os.Geteuid() == 0 {
		const nobody = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// An index that cannot be written can be read: as it was closed, and as a killed process
// left it.
func TestReadOnlyFolder(t *testing.T) {
	for name, leave := range map[string]func(t *testing.T, dir string){
		"closed": func(*testing.T, string) {},
		"with an empty log": func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, "c", catalogueName+"-wal"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		},
		"with a log": func(t *testing.T, dir string) {
			s := mustOpen(t, testOptions(dir))
			if err := s.Upsert(t.Context(), testBatch(3, 5, 1)); err != nil {
				t.Fatal(err)
			}
			log, err := os.ReadFile(s.cataloguePath() + "-wal")
			if err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(s.cataloguePath())
			if err != nil {
				t.Fatal(err)
			}
			s.Close()
			for suffix, b := range map[string][]byte{"": before, "-wal": log} {
				if err := os.WriteFile(s.cataloguePath()+suffix, b, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		},
		"with a journal": hotJournal,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := mustOpen(t, testOptions(dir))
			if err := s.Upsert(t.Context(), testBatch(0, 3, 1)); err != nil {
				t.Fatal(err)
			}
			s.Close()
			want := "saw 3 3 3"
			if leave(t, dir); name == "with a log" {
				want = "saw 5 5 5"
			}
			if got := asReader(t, dir); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// A copy of the catalogue is gone when the index is closed.
func TestReadOnlyCopyIsRemoved(t *testing.T) {
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "sightline-catalogue-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// No file of an index is opened through a link, and what is no lock is not overwritten.
func TestLinks(t *testing.T) {
	sound := t.TempDir()
	s := mustOpen(t, testOptions(sound))
	if err := s.Upsert(t.Context(), testBatch(0, 3, 1)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	const precious = "export PATH\n"
	for _, name := range []string{lockName, catalogueName, catalogueName + "-wal", catalogueName + "-journal", "vectors-000001.f32", currentName} {
		for _, kind := range []string{"symbolic link", "foreign file", "pipe"} {
			if kind == "foreign file" && name != lockName {
				continue
			}
			t.Run(name+" as a "+kind, func(t *testing.T) {
				o := testOptions(copyIndex(t, sound))
				path, target := filepath.Join(o.Dir, "c", name), filepath.Join(t.TempDir(), ".bashrc")
				if err := os.WriteFile(target, []byte(precious), 0o600); err != nil {
					t.Fatal(err)
				}
				os.Remove(path)
				var err error
				switch kind {
				case "symbolic link":
					err = os.Symlink(target, path)
				case "foreign file":
					err = os.Link(target, path)
				default:
					err = syscall.Mkfifo(path, 0o644)
				}
				if err != nil {
					t.Fatal(err)
				}
				s, err := Open(t.Context(), o)
				if err == nil {
					err = s.Upsert(t.Context(), testBatch(5, 6, 1))
					s.Close()
				}
				if err == nil || !strings.Contains(err.Error(), path) {
					t.Errorf("error %v", err)
				}
				if b, err := os.ReadFile(target); err != nil || string(b) != precious {
					t.Errorf("the target holds %q, %v", b, err)
				}
			})
		}
	}
	// A cache that is a link is rebuilt beside it, or is left.
	o := testOptions(copyIndex(t, sound))
	o.cachesFrom = 1
	target := filepath.Join(t.TempDir(), ".bashrc")
	if err := os.WriteFile(target, []byte(precious), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"roster.bin", "attributes.bin", "tags.bin", "codes-000001.u8"} {
		if err := os.Symlink(target, filepath.Join(o.Dir, "c", name)); err != nil {
			t.Fatal(err)
		}
	}
	s = mustOpen(t, o)
	if err := s.Upsert(t.Context(), testBatch(5, 100, 1)); err != nil {
		t.Fatal(err)
	}
	checkWhole(t, s)
	s.Close()
	if b, err := os.ReadFile(target); err != nil || string(b) != precious {
		t.Errorf("the target holds %q, %v", b, err)
	}
}
