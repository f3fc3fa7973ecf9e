package walk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestWalk(t *testing.T) {
	tests := []struct {
		name  string
		tree  []string
		o     Options
		roots []string // default: the folder itself
		want  []string
	}{
		{
			name: "byte order, depth first",
			tree: []string{"b.jpg", "a.jpg", "B.jpg", "a/z.jpg", "a/b/c.jpg", "a/c.jpg", "a-1.jpg", "é.jpg"},
			o:    usual(),
			want: []string{"B.jpg", "a/b/c.jpg", "a/c.jpg", "a/z.jpg", "a-1.jpg", "a.jpg", "b.jpg", "é.jpg"},
		},
		{
			name: "by name, by content, and neither",
			tree: []string{"a.jpg", "b.txt = PIC", "c = PIC", "d = text", "e", "f. = PIC", "g.PNG"},
			o:    usual(),
			want: []string{"a.jpg", "b.txt", "c", "f."},
		},
		{
			name: "hidden and junk",
			tree: []string{".a.jpg", ".d/b.jpg", "._c.jpg", "c.jpg", "@eaDir/d.jpg", "lost+found/e.jpg", ".Trash-1000/f.jpg", "#recycle/g.jpg"},
			o:    usual(),
			want: []string{"c.jpg"},
		},
		{
			name: "hidden wanted, junk not",
			tree: []string{".a.jpg", ".d/b.jpg", "._c.jpg", "c.jpg", ".Trash-1000/f.jpg", ".git/g.jpg", ".e = PIC"},
			o:    with(func(o *Options) { o.Hidden = true }),
			want: []string{".a.jpg", ".d/b.jpg", ".e", "c.jpg"},
		},
		{
			name: "hidden and junk roots are followed",
			tree: []string{".d/b.jpg", "@eaDir/d.jpg", ".x.jpg"},
			o:    usual(), roots: []string{".d", "@eaDir", ".x.jpg"},
			want: []string{".d/b.jpg", "@eaDir/d.jpg", ".x.jpg"},
		},
		{
			name: "no media",
			tree: []string{"a/.nomedia", "a/b.jpg", "a/c/d.jpg", "b/e.jpg"},
			o:    usual(),
			want: []string{"b/e.jpg"},
		},
		{
			name: "links to files and folders; real folders first",
			tree: []string{"a/link -> ../z", "a/one.jpg -> ../z/x.jpg", "z/x.jpg", "out -> ../w"},
			o:    usual(), roots: []string{"."},
			want: []string{"a/one.jpg", "error out", "z/x.jpg"},
		},
		{
			name: "folder outside through two links, once",
			tree: []string{"in/one -> ../out", "in/two -> ../out", "in/z.jpg", "out/a.jpg"},
			o:    usual(), roots: []string{"in"},
			want: []string{"in/z.jpg", "in/one/a.jpg"},
		},
		{
			name: "loops",
			tree: []string{"a/up -> ..", "a/self -> .", "a/b.jpg", "a/c/back -> ../../a", "x -> x"},
			o:    usual(),
			want: []string{"a/b.jpg", "error x"},
		},
		{
			name: "links not followed, roots all the same",
			tree: []string{"d/a.jpg", "d/l.jpg -> a.jpg", "d/dir -> ../e", "e/f.jpg", "root -> d"},
			o:    with(func(o *Options) { o.SkipLinks = true }), roots: []string{"root"},
			want: []string{"root/a.jpg"},
		},
		{
			name: "same root twice, and one inside another",
			tree: []string{"a/b/c.jpg", "a/d.jpg"},
			o:    usual(), roots: []string{"a/b", "a", "a"},
			want: []string{"a/b/c.jpg", "a/d.jpg"},
		},
		{
			name: "outer root first",
			tree: []string{"a/b/c.jpg", "a/d.jpg"},
			o:    usual(), roots: []string{"a", "a/b"},
			want: []string{"a/b/c.jpg", "a/d.jpg"},
		},
		{
			name: "an inner root that the outer one passes over",
			tree: []string{"a/.b/c.jpg", "a/d.jpg"},
			o:    usual(), roots: []string{"a", "a/.b"},
			want: []string{"a/d.jpg", "a/.b/c.jpg"},
		},
		{
			name: "files as roots, once",
			tree: []string{"a/b.jpg", "a/c.jpg", "a/odd.jpg_large = PIC", "a/text.txt", "l -> a"},
			o:    usual(), roots: []string{"a/c.jpg", "l/c.jpg", "a", "a/b.jpg", "a/odd.jpg_large", "a/text.txt"},
			want: []string{"a/c.jpg", "a/b.jpg", "a/odd.jpg_large"},
		},
		{
			name: "missing roots",
			tree: []string{"a.jpg"},
			o:    usual(), roots: []string{"none", "a.jpg", "a.jpg/b"},
			want: []string{"error none", "a.jpg", "error a.jpg/b"},
		},
		{
			name: "ignored everywhere",
			tree: []string{"a/raw/x.jpg", "b/raw/x.jpg", "b/x.jpg", "b/x_edit.jpg", "raw.jpg", "top/a.jpg", "b/top/a.jpg"},
			o:    with(func(o *Options) { o.Ignore = []string{"raw/", "*_edit.jpg", "/top"} }),
			want: []string{"b/top/a.jpg", "b/x.jpg", "raw.jpg"},
		},
		{
			name: "ignored everywhere cannot be taken back",
			tree: []string{".sightlineignore = !a.jpg", "a.jpg", "b.jpg"},
			o:    with(func(o *Options) { o.Ignore = []string{"a.*"} }),
			want: []string{"b.jpg"},
		},
		{
			name: "ignore files apply to their folder and below",
			tree: []string{
				"a/.sightlineignore = *.png\n!keep.png\n/here/\n", "a/x.png", "a/keep.png", "a/d/y.png", "a/d/y.jpg",
				"a/here/z.jpg", "a/d/here/z.jpg", "b/x.png", "a/e/.sightlineignore = !*.png", "a/e/w.png",
			},
			o:    usual(),
			want: []string{"a/d/here/z.jpg", "a/d/y.jpg", "a/e/w.png", "a/keep.png", "b/x.png"},
		},
		{
			name: "an ignore file that says everything",
			tree: []string{"a/.sightlineignore = *", "a/x.png", "a/b/x.png", "c.jpg"},
			o:    usual(),
			want: []string{"c.jpg"},
		},
		{
			name: "a bad line in an ignore file is a problem, the others hold",
			tree: []string{"a/.sightlineignore = [\n*.png", "a/x.png", "a/y.jpg"},
			o:    usual(),
			want: []string{"error a/.sightlineignore", "a/y.jpg"},
		},
		{
			name: "an ignored broken link is no problem",
			tree: []string{".sightlineignore = gone/", "gone -> nowhere", "y.jpg"},
			o:    usual(),
			want: []string{"y.jpg"},
		},
		{
			name: "an ignored file root",
			tree: []string{"x.png", "y.jpg"},
			o:    with(func(o *Options) { o.Ignore = []string{"*.png"} }), roots: []string{"x.png", "y.jpg"},
			want: []string{"y.jpg"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := tree(t, tt.tree...)
			roots := tt.roots
			if roots == nil {
				roots = []string{"."}
			}
			for _, readers := range []int{-1, 1, 4} { // the order must not depend on them
				o := tt.o
				o.Readers = readers
				if diff := cmp.Diff(tt.want, list(t, base, o, roots...)); diff != "" {
					t.Errorf("readers %d (-want +got):\n%s", readers, diff)
				}
			}
		})
	}
}

func TestWalkEntry(t *testing.T) {
	base := tree(t, "a/b.jpg = 12345", "l.jpg -> a/b.jpg", "noext = PIC")
	o := usual()
	want, err := os.Stat(filepath.Join(base, "a/b.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(base)
	var got []Entry
	for e, err := range Walk(t.Context(), []string{"./a/.."}, o) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	if len(got) != 3 {
		t.Fatalf("got %d entries, want 3: %v", len(got), got)
	}
	for i, e := range got[:2] {
		if e.Root != base || e.Size != 5 || !e.ModTime.Equal(want.ModTime()) {
			t.Errorf("entry %d is %+v", i, e)
		}
	}
	if e := got[2]; e.Path != base+"/noext" || e.Size != 3 {
		t.Errorf("a name without extension: %+v", e)
	}
}

func TestWalkNamesAreBytes(t *testing.T) {
	names := []string{"a\nb.jpg", "b\"'`.jpg", "c\xff\xfe.jpg", "d\x1b[31m.jpg", "e\U0001F600.jpg", "f\\.jpg", "g .jpg", "h*.jpg"}
	base := tree(t)
	for _, n := range names {
		if err := os.WriteFile(filepath.Join(base, n), nil, 0o644); err != nil {
			t.Skipf("this file system takes no such name: %v", err)
		}
	}
	o := usual()
	o.Ignore = []string{"*.bak"} // so that names go through the matcher too
	if diff := cmp.Diff(names, list(t, base, o, ".")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	o.Ignore = []string{"*.jpg"}
	if got := list(t, base, o, "."); len(got) != 0 {
		t.Errorf("not ignored: %q", got)
	}
}

func TestWalkProblems(t *testing.T) {
	base := tree(t, "ok/a.jpg", "secret/b.jpg", "broken.jpg -> nowhere", "circle -> circle", "under -> ok/a.jpg/b", "z.jpg")
	long := strings.Repeat("x", 300) // no name may be that long: the look at it fails
	if err := os.Symlink(long, filepath.Join(base, "long.jpg")); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(base, "secret")
	if err := os.Chmod(secret, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(secret, 0o755) })
	_, readErr := os.ReadDir(secret)

	problems := map[string]*Error{}
	for e, err := range Walk(t.Context(), []string{base, filepath.Join(base, "none"), ""}, usual()) {
		if err == nil {
			continue
		}
		var problem *Error
		if !errors.As(err, &problem) {
			t.Fatalf("%v is a %T, want *Error", err, err)
		}
		if e.Path != problem.Path || e.Root != problem.Root || e.Size != 0 {
			t.Errorf("entry %+v beside problem %+v", e, problem)
		}
		problems[strings.TrimPrefix(problem.Path, base+"/")] = problem
	}
	check := func(name string, target error, dir, missing bool) {
		t.Helper()
		p := problems[name]
		if p == nil {
			t.Fatalf("no problem with %q in %v", name, problems)
		}
		if !errors.Is(p, target) || p.Dir != dir || p.RootMissing != missing {
			t.Errorf("problem with %q: %+v", name, p)
		}
		if strings.Count(p.Error(), p.Path) != 1 && name != "" {
			t.Errorf("%q names its path more or less than once", p.Error())
		}
		delete(problems, name)
	}
	check("broken.jpg", ErrBrokenLink, true, false)
	check("circle", ErrBrokenLink, true, false)
	check("under", ErrBrokenLink, true, false)
	if errors.Is(problems["long.jpg"], ErrBrokenLink) {
		t.Errorf("taken for a link that leads nowhere: %v", problems["long.jpg"])
	}
	check("long.jpg", syscall.ENAMETOOLONG, true, false)
	check("none", fs.ErrNotExist, true, true)
	check("", ErrEmptyRoot, true, true)
	if readErr != nil { // root may read everything
		check("secret", fs.ErrPermission, true, false)
	}
	if len(problems) != 0 {
		t.Errorf("more problems: %v", problems)
	}
}

// TestWalkVanishing deletes a folder and a file between the reading of their names
// and the look at them.
func TestWalkVanishing(t *testing.T) {
	base := tree(t, "a.jpg", "b/c.jpg", "d.jpg")
	o := usual()
	o.Readers = -1
	vanish := true
	o.KnownExtension = func(name string) bool {
		if vanish { // called while the first name is looked at
			vanish = false
			os.Remove(filepath.Join(base, "d.jpg"))
			os.RemoveAll(filepath.Join(base, "b"))
		}
		return picture(name)
	}
	want := []string{"a.jpg", "error b", "error d.jpg"}
	if diff := cmp.Diff(want, list(t, base, o, ".")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWalkSpecialFiles(t *testing.T) {
	base := tree(t, "a.jpg")
	t.Chdir(base) // a socket's path must be short
	l, err := net.Listen("unix", "s.jpg")
	if err != nil {
		t.Skipf("no unix sockets here: %v", err)
	}
	defer l.Close()
	skipped := map[string]Reason{}
	o := with(func(o *Options) { o.Skipped = func(s Skip) { skipped[filepath.Base(s.Path)] = s.Why } })
	if diff := cmp.Diff([]string{"a.jpg"}, list(t, base, o, ".", "s.jpg")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if skipped["s.jpg"] != Special {
		t.Errorf("skipped %v", skipped)
	}
}

func TestWalkSkipped(t *testing.T) {
	base := tree(t, "a.txt", ".b.jpg", "@eaDir/c.jpg", "d.png", "e/.nomedia", "f -> .", "g.jpg", "h = no", "i.mp4 = PIC",
		"j.jpg_large = PIC", "k/x.jpg", "node_modules/x.jpg", "l.mp4")
	var got []string
	o := with(func(o *Options) {
		o.Ignore = []string{"d.png", "k/", "l.*"}
		o.Skipped = func(s Skip) {
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s: %s %s", strings.TrimPrefix(s.Path, base+"/"), s.Why, s.Kind)))
			if s.Dir {
				got[len(got)-1] += " (folder)"
			}
		}
	})
	if diff := cmp.Diff([]string{"g.jpg", "j.jpg_large"}, list(t, base, o, ".")); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	want := []string{
		".b.jpg: hidden", "@eaDir: junk (folder)", "a.txt: not a picture text", "d.png: ignored", "e: no media (folder)",
		"h: not a picture text", "i.mp4: not a picture video", "k: ignored (folder)", "l.mp4: ignored",
		"node_modules: junk (folder)", "f: already visited (folder)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
}

func TestWalkCancelled(t *testing.T) {
	base := makeTree(t, 2000, false)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n, last := 0, error(nil)
	for _, err := range Walk(ctx, []string{base}, usual()) {
		if last = err; err == nil {
			if n++; n == 700 {
				cancel()
			}
		}
	}
	if n != 700 || last != context.Canceled {
		t.Errorf("%d entries and last error %v, want 700 and the context's", n, last)
	}
}

// TestWalkBreak breaks off at many points; TestMain sees goroutines that are left.
func TestWalkBreak(t *testing.T) {
	base := makeTree(t, 3000, false)
	for stop := 1; stop < 3000; stop += 331 {
		n := 0
		for range Walk(t.Context(), []string{base}, usual()) {
			if n++; n == stop {
				break
			}
		}
		if err := goleak.Find(); err != nil {
			t.Fatalf("after a break at %d: %v", stop, err)
		}
	}
}

func TestWalkBadGlob(t *testing.T) {
	var got []error
	for _, err := range Walk(t.Context(), []string{t.TempDir()}, Options{Ignore: []string{"[a"}}) {
		got = append(got, err)
	}
	var problem *Error
	if len(got) != 1 || got[0] == nil || errors.As(got[0], &problem) {
		t.Errorf("got %v, want one plain error", got)
	}
}
