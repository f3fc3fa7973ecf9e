package index

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// A family finds what a look at each of its records would find: one whose path has the
// longest common end with the file's, of those that the file may have moved from.
func TestFamilyFindsTheBest(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	names := []string{"a", "b", "c", "2020", "x.png"}
	path := func(root string) string {
		p := root
		for range 1 + rnd.IntN(4) {
			p += "/" + names[rnd.IntN(len(names))]
		}
		return p
	}
	there := t.TempDir() // a root that is there; its files are not
	if err := walkable(there); err != nil {
		t.Fatal(err)
	}
	roots := []string{there, "/no such root", "/no such root/a", "/another/a/b"}
	taken := 0
	for round := range 300 {
		var records []store.Record
		var free, rootless []*lost
		f := family{below: make(map[string]*byEnd)}
		inside := make(map[string][]*lost)
		for i := range 1 + rnd.IntN(30) {
			r := store.Record{ID: fmt.Sprint(i), Root: roots[rnd.IntN(len(roots))]}
			r.Path = path(r.Root)
			records = append(records, r)
			l := &lost{id: r.ID, path: r.Path, root: r.Root}
			if r.Root == there {
				free = append(free, l)
				continue
			}
			rootless = append(rootless, l)
			inside[insideOf(r.Path, r.Root)] = append(inside[insideOf(r.Path, r.Root)], l)
		}
		f.gone, f.adrift, f.left = newByEnd(free), newByEnd(rootless), len(free)+len(rootless)
		for p, some := range inside {
			b := newByEnd(some)
			f.below[p] = &b
		}
		c, each := newClaims(), newClaims()
		for range 40 {
			e := walk.Entry{Root: []string{"/new", "/new/a/b", there}[rnd.IntN(3)]}
			e.Path = path(e.Root)
			best := -1
			for _, r := range records {
				if !each.held[r.ID] && each.movedTo(r, e) {
					best = max(best, commonEnd(r.Path, e.Path))
				}
			}
			id, later := f.movedFrom(e, c, true)
			ok := id != ""
			if later || ok != (best >= 0) {
				t.Fatalf("round %d: %s of %s moved: %v, want %v", round, e.Path, e.Root, ok, best >= 0)
			}
			if !ok {
				continue
			}
			taken++
			i := slices.IndexFunc(records, func(r store.Record) bool { return r.ID == id })
			if got := commonEnd(records[i].Path, e.Path); got != best || !each.movedTo(records[i], e) || !each.take(id) {
				t.Fatalf("round %d: %s of %s from %s of %s, whose end is of %d, want %d", round, e.Path, e.Root, records[i].Path, records[i].Root, got, best)
			}
		}
	}
	if taken < 1000 {
		t.Errorf("only %d were found", taken)
	}
}

// walkable makes a folder not empty, which a mount point without its disk would be.
func walkable(dir string) error {
	return os.WriteFile(filepath.Join(dir, "file"), nil, 0o644)
}

func TestNearestByEnd(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var records []*lost
		for i := range rnd.IntN(20) {
			records = append(records, &lost{id: fmt.Sprint(i), path: randomPath(rnd)})
		}
		b := newByEnd(slices.Clone(records))
		for range 30 {
			p := randomPath(rnd)
			want := -1
			for _, l := range records {
				if !l.taken {
					want = max(want, commonEnd(l.path, p))
				}
			}
			l, n := b.nearest(p)
			if (l == nil) != (want < 0) || l != nil && (n != want || l.taken || commonEnd(l.path, p) != n) {
				t.Fatalf("nearest(%q) = %+v, %d, want %d", p, l, n, want)
			}
			if l != nil && rnd.IntN(2) == 0 {
				l.taken = true
			}
		}
	}
}

func randomPath(rnd *rand.Rand) string {
	var b strings.Builder
	for range 1 + rnd.IntN(5) {
		b.WriteString("/" + []string{"a", "ab", "b", "-"}[rnd.IntN(4)])
	}
	return b.String()
}

func TestCompareEnds(t *testing.T) {
	want := []string{"", "/a", "/a/a", "/b/a", "/a/a-b", "/a/ab", "/b", "/a/b"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, compareEnds)
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for _, p := range want {
		if c := compareEnds(p, p); cmp.Compare(c, 0) != 0 {
			t.Errorf("compareEnds(%q, %q) = %d", p, p, c)
		}
	}
}
