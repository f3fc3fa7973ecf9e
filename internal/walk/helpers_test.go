package walk

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// picture is what the tests take for a picture: by name, and by content.
func picture(name string) bool { return slices.Contains([]string{".jpg", ".png"}, filepath.Ext(name)) }
func usual() Options           { return Options{KnownExtension: picture, OtherKind: video, Sniff: magic} }

// video is what the tests are sure of by name, and magic what they tell by content.
func video(name string) string {
	if filepath.Ext(name) == ".mp4" {
		return "video"
	}
	return ""
}

func magic(_ string, head []byte) (bool, string) {
	if bytes.HasPrefix(head, []byte("PIC")) {
		return true, ""
	}
	return false, "text"
}

func with(f func(*Options)) Options { o := usual(); f(&o); return o }

// tree makes files below a new folder: "a/b.jpg" is a file, "a/" a folder,
// "a -> b" a link, and "a = text" a file with content.
func tree(t *testing.T, lines ...string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		name, target, isLink := strings.Cut(line, " -> ")
		name, text, _ := strings.Cut(name, " = ")
		full := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		switch {
		case isLink:
			err = os.Symlink(target, full)
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(full, 0o755)
		default:
			err = os.WriteFile(full, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// list walks roots, given relative to base, and returns a line for each thing
// yielded, with base taken out.
func list(t *testing.T, base string, o Options, roots ...string) []string {
	t.Helper()
	full := make([]string, len(roots))
	for i, r := range roots {
		full[i] = filepath.Join(base, r)
	}
	return collect(Walk(t.Context(), full, o), base)
}

func collect(seq func(func(Entry, error) bool), base string) []string {
	got := []string{}
	for e, err := range seq {
		line := strings.TrimPrefix(e.Path, base+"/")
		if err != nil {
			line = "error " + line
		}
		got = append(got, line)
	}
	return got
}
