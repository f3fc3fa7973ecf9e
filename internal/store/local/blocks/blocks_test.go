package blocks

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func random(n int, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 0))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func put(t *testing.T, f *Folder, at time.Time, files map[string][]byte) (*State, Copied) {
	t.Helper()
	s := &State{Time: at, About: map[string]string{"a": "b"}}
	var n Copied
	for path, b := range files {
		file, err := f.Put(t.Context(), path, bytes.NewReader(b), int64(len(b)), &n)
		if err != nil {
			t.Fatal(err)
		}
		s.Files = append(s.Files, file)
	}
	if err := f.Commit(s); err != nil {
		t.Fatal(err)
	}
	return s, n
}

func TestBackupAndRestore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "b")
	f, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	first := map[string][]byte{"a": random(3*BlockSize+7, 1), "d/empty": nil, "d/small": []byte("x")}
	put(t, f, time.Unix(1e9, 0), first)
	second := map[string][]byte{"a": append(bytes.Clone(first["a"]), random(BlockSize, 2)...), "d/empty": nil}
	second["a"][0] ^= 1
	s, n := put(t, f, time.Unix(1e9+60, 0), second)
	if n.NewBlocks != 3 || n.Blocks != 5 { // the first, the last that grew, and one behind it
		t.Errorf("%+v", n)
	}
	for name, want := range map[string]map[string][]byte{"": second, "20010909T014640.000Z": first} {
		s, err := f.State(name)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(t.TempDir(), "to")
		if err := f.Extract(t.Context(), s, to); err != nil {
			t.Fatal(err)
		}
		for path, b := range want {
			got, err := os.ReadFile(filepath.Join(to, path))
			if err != nil || !bytes.Equal(got, b) {
				t.Errorf("state %q: %s differs, %v", name, path, err)
			}
		}
	}
	if removed, err := f.Prune(1); removed != 1 || err != nil {
		t.Fatal(removed, err)
	}
	if err := f.Verify(t.Context(), s, func(p string) { t.Error(p) }); err != nil {
		t.Fatal(err)
	}

	// A damaged block is found, and written again by the next backup.
	var victim string
	for _, file := range s.Files {
		if file.Path == "a" {
			victim = f.blockPath(file.Blocks[0])
		}
	}
	if err := os.WriteFile(victim, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	problems := 0
	if err := f.Verify(t.Context(), s, func(string) { problems++ }); err != nil || problems != 1 {
		t.Errorf("%d problems, %v", problems, err)
	}
	if err := f.Extract(t.Context(), s, filepath.Join(t.TempDir(), "to")); !errors.Is(err, ErrDamaged) {
		t.Errorf("Extract = %v", err)
	}
	s, n = put(t, f, time.Unix(1e9+120, 0), second)
	if n.NewBlocks != 1 {
		t.Errorf("%+v", n)
	}
	if err := f.Verify(t.Context(), s, func(p string) { t.Error(p) }); err != nil {
		t.Fatal(err)
	}
}

func TestForeignFolders(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "photo.jpg"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir); !errors.Is(err, ErrForeign) {
		t.Errorf("Create = %v", err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrNoBackup) {
		t.Errorf("Open = %v", err)
	}
}

// A state that names files outside of the folder, or absurd blocks, is refused.
func TestHostileStates(t *testing.T) {
	f, err := Create(filepath.Join(t.TempDir(), "b"))
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Repeat("a", 64)
	for _, text := range []string{
		`{"files":[{"path":"../x","size":1,"blocks":["` + name + `"]}]}`,
		`{"files":[{"path":"/etc/x","size":1,"blocks":["` + name + `"]}]}`,
		`{"files":[{"path":"x","size":1,"blocks":["../../x"]}]}`,
		`{"files":[{"path":"x","size":-1,"blocks":[]}]}`,
		`{"files":[{"path":"x","size":1000000000000,"blocks":["` + name + `"]}]}`,
		`{"files":`,
	} {
		if err := os.WriteFile(filepath.Join(f.dir, statesName, "20200101T000000.000Z.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := f.State(""); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A change of any bit of a state's sum, names or sizes is reported; a state of an earlier version,
// which has no sum, is read.
func TestFlippedStates(t *testing.T) {
	f, err := Create(filepath.Join(t.TempDir(), "b"))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := put(t, f, time.Unix(1e9, 0), map[string][]byte{"documents/explore": random(100, 1), "empty": nil})
	path := filepath.Join(f.dir, statesName, s.Name+".json")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"explore", s.Sum, `"empty`, "2001-", `"size": 100`} {
		b := bytes.Clone(whole)
		b[bytes.Index(b, []byte(part))+len(part)-1] ^= 1
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := f.State(""); !errors.Is(err, ErrDamaged) {
			t.Errorf("a flip at the end of %s: %v", part, err)
		}
	}
	old := bytes.Replace(whole, []byte(` "sum": "`+s.Sum+"\",\n"), nil, 1)
	if bytes.Equal(old, whole) {
		t.Fatal("the state has no sum")
	}
	if err := os.WriteFile(path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := f.State(""); err != nil || len(got.Files) != 2 {
		t.Errorf("an old state: %v", err)
	}
}

// A first backup that was killed at any point is no obstacle to the next.
func TestCreateAfterAKill(t *testing.T) {
	for _, left := range [][]string{{"blocks/"}, {"blocks/", "states/", ".sightline-12.tmp"}} {
		dir := t.TempDir()
		for _, name := range left {
			path := filepath.Join(dir, name)
			if strings.HasSuffix(name, "/") {
				if err := os.Mkdir(path, 0o755); err != nil {
					t.Fatal(err)
				}
			} else if err := os.WriteFile(path, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		f, err := Create(dir)
		if err != nil {
			t.Fatalf("%v: %v", left, err)
		}
		old := time.Now().Add(-2 * time.Hour)
		if err := os.Chtimes(filepath.Join(dir, "states"), old, old); err != nil {
			t.Fatal(err)
		}
		if len(left) == 3 {
			if err := os.Chtimes(filepath.Join(dir, left[2]), old, old); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.RemoveLeftovers(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, ".sightline-12.tmp")); err == nil {
			t.Error("what was left is still there")
		}
	}
}

// The newest backup is the one that was made last, whatever the clock said.
func TestClockJumps(t *testing.T) {
	f, err := Create(filepath.Join(t.TempDir(), "b"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(f.dir, statesName), 0o700); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for n, at := range []time.Time{now, now.AddDate(80, 0, 0), now.Add(time.Hour), now.Add(time.Hour), now.AddDate(-40, 0, 0)} {
		want := []byte{byte(n)}
		s, _ := put(t, f, at, map[string][]byte{"a": want})
		if removed, err := f.Prune(3); err != nil || removed > 1 {
			t.Fatalf("%d removed, %v", removed, err)
		}
		newest, err := f.State("")
		if err != nil {
			t.Fatal(err)
		}
		if newest.Name != s.Name || !newest.Time.Equal(at) || newest.Files[0].Blocks[0] != sumOf(want) {
			t.Errorf("backup %d, by the clock at %v: the newest is %s of %v", n, at, newest.Name, newest.Time)
		}
	}
	if names, err := f.States(); err != nil || len(names) != 3 {
		t.Errorf("left are %v, %v", names, err)
	}
}

// Older states stay while one of the newer cannot be read, and so do those with other names.
func TestPruneKeepsWhatIsNeeded(t *testing.T) {
	f, err := Create(filepath.Join(t.TempDir(), "b"))
	if err != nil {
		t.Fatal(err)
	}
	var states []*State
	for n := range 4 {
		s, _ := put(t, f, time.Unix(int64(1e9+n), 0), map[string][]byte{"a": {byte(n)}})
		states = append(states, s)
	}
	path := func(name string) string { return filepath.Join(f.dir, statesName, name+".json") }
	if err := os.Rename(path(states[0].Name), path("before the move")); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path(states[3].Name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path(states[3].Name), whole[:len(whole)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if removed, err := f.Prune(1); removed != 0 || !errors.Is(err, ErrDamaged) {
		t.Errorf("with a damaged state: %d removed, %v", removed, err)
	}
	if err := os.WriteFile(path(states[3].Name), whole, 0o644); err != nil {
		t.Fatal(err)
	}
	if removed, err := f.Prune(1); removed != 2 || err != nil {
		t.Errorf("%d removed, %v", removed, err)
	}
	for _, name := range []string{"before the move", ""} {
		s, err := f.State(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Extract(t.Context(), s, filepath.Join(t.TempDir(), "to")); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}
