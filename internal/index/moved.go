package index

import (
	"cmp"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// claims makes sure that of several files with the content of a vanished one,
// only the first counts as the vanished file moved.
type claims struct {
	mu   sync.Mutex
	held map[string]bool
	gone map[string]bool // the roots that were looked for, and whether they are gone
}

func newClaims() *claims {
	return &claims{held: make(map[string]bool), gone: make(map[string]bool)}
}

// rootGone is the function of that name, asked once for each root.
func (c *claims) rootGone(root string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	gone, ok := c.gone[root]
	if !ok {
		gone = rootGone(root)
		c.gone[root] = gone
	}
	return gone
}

// has reports whether a record is taken.
func (c *claims) has(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held[id]
}

func (c *claims) take(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[id] {
		return false
	}
	c.held[id] = true
	return true
}

// movedFrom returns which of a few records with a file's content the file has moved from,
// or -1: the file is a copy. Where several have gone, it is the one whose path ends most
// like the file's, and each is taken once. later says that the file shares no name with any
// of several, so that others should choose before it; it is false for the last that choose.
// Of many records, family knows more quickly.
func (c *claims) movedFrom(found []store.Record, e walk.Entry, last bool) (i int, later bool) {
	var order []int
	for i, r := range found {
		if !c.has(r.ID) && c.movedTo(r, e) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(commonEnd(found[b].Path, e.Path), commonEnd(found[a].Path, e.Path))
	})
	if len(order) > 1 && !last && commonEnd(found[order[0]].Path, e.Path) == 0 {
		return -1, true
	}
	for _, i := range order {
		if c.take(found[i].ID) {
			return i, false
		}
	}
	return -1, false
}

// movedTo reports whether the file of a record is now that of an entry with the same
// content.
//
// Where the record's file is still there it is another file, unless its root is a link
// through which its path leads to the very place of the entry. Where it is gone but its
// root is not, it was moved. Where the root is gone as well, the whole collection may have been moved, or
// its disk may be unplugged and the entry a copy of one of its pictures: it is taken for
// moved if the ends of the paths say so too.
func (c *claims) movedTo(r store.Record, e walk.Entry) bool {
	switch _, err := os.Lstat(r.Path); {
	case err == nil:
		return underAlias(r, e.Path)
	case !isMissing(err):
		return false // it may be there
	}
	if r.Root == r.Path { // it was given as a path of its own
		return true
	}
	return !c.rootGone(r.Root) || sameBelowRoots(r, e)
}

// failureMoved reports whether the file of a failure has moved, with the root that it was
// found under, below one of other roots: it is gone with its root, and a file of its size
// lies at the same place there, by the rule of sameBelowRoots.
func (c *claims) failureMoved(f store.Failure, roots []string) bool {
	if !missing(f.Path) || !c.rootGone(f.Root) {
		return false
	}
	for _, root := range roots {
		for end := f.Path; end != ""; {
			slash := strings.IndexByte(end, '/')
			if end = end[slash+1:]; slash < 0 {
				break
			}
			e := walk.Entry{Root: root, Path: strings.TrimSuffix(root, "/") + "/" + end}
			if !sameBelowRoots(store.Record{Path: f.Path, Root: f.Root}, e) {
				break // shorter ends share less
			}
			info, err := os.Lstat(e.Path)
			if err == nil && (info.Size() == f.Size || f.ModTime.IsZero()) { // a folder has neither
				return true
			}
		}
	}
	return false
}

// underAlias reports whether a record is of the file at path, found under a root that is a
// link, or lies behind one: such a root is indexed under its own path now.
func underAlias(r store.Record, path string) bool {
	root := walk.Resolve(r.Root)
	return root != r.Root && below(r.Path, r.Root) && root+strings.TrimPrefix(r.Path, r.Root) == path
}

// rootGone reports whether a root is missing or, as a mount point without its disk, an
// empty folder.
func rootGone(root string) bool {
	if missing(root) {
		return true
	}
	dir, err := os.Open(root)
	if err != nil {
		return false
	}
	defer dir.Close() // nothing was written
	_, err = dir.Readdirnames(1)
	return errors.Is(err, io.EOF)
}

// sameBelowRoots reports whether a record and an entry lie at the same place below their
// roots, or share so much of the ends of their paths (the folder and the name at least)
// that one root lies a few folders above the other.
func sameBelowRoots(r store.Record, e walk.Entry) bool {
	was, is := insideOf(r.Path, r.Root), insideOf(e.Path, e.Root)
	if was == is {
		return true
	}
	n := commonEnd(r.Path, e.Path)
	return n >= 2 && n >= min(elements(was), elements(is))
}

// insideOf is a path below a root.
func insideOf(p, root string) string { return strings.TrimPrefix(strings.TrimPrefix(p, root), "/") }

func elements(p string) int { return strings.Count(p, "/") + 1 }

// commonEnd is the number of elements at the end of two paths that are equal.
func commonEnd(a, b string) int {
	n := 0
	for a != "" && b != "" {
		i, j := strings.LastIndexByte(a, '/'), strings.LastIndexByte(b, '/')
		if a[i+1:] != b[j+1:] {
			break
		}
		n++
		a, b = a[:max(i, 0)], b[:max(j, 0)]
	}
	return n
}
