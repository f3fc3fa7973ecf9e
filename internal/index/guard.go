package index

import (
	"fmt"
	"strings"

	"github.com/sightline/sightline/internal/walk"
)

// Pruning says what becomes of records whose file is gone.
type Pruning int

// The ways to treat records whose file is gone.
const (
	// Guarded removes them, except where a root is missing or more than a fifth of it
	// has vanished at once, or all that is left of it is ignored: see Refusal.
	Guarded Pruning = iota
	Forced          // removes them even there
	Never           // keeps them all
)

// Refusal says that records were kept, because more likely the disk is missing than the
// pictures, or because a rule that leaves out all of a root is more likely a mistake.
type Refusal struct {
	Root     string
	Vanished int64 // records whose file is gone, or left out
	Records  int64 // records under the root, of the shard if there is one
	Missing  bool  // the root itself is gone
	Ignored  bool  // the files are there, and all of them are left out now
	// Unmounted says that Root was a disk of its own in an earlier run, below a root, and is
	// not there now. All the records under it whose file is gone are counted.
	Unmounted bool
}

// Error says what was found and why nothing was removed.
func (r Refusal) Error() string {
	if r.Missing {
		return fmt.Sprintf("%s is not there; its %d pictures were kept in the index", r.Root, r.Records)
	}
	if r.Unmounted {
		kept := fmt.Sprintf("%d pictures were", r.Records)
		if r.Records == 1 {
			kept = "1 picture was"
		}
		return fmt.Sprintf("the disk at %s is not mounted; its %s kept in the index", r.Root, kept)
	}
	if r.Ignored {
		return fmt.Sprintf("all of the %d pictures under %s are left out now, as ignored or hidden; they were kept in the index", r.Records, r.Root)
	}
	return fmt.Sprintf("more than a fifth of the %d pictures under %s have vanished; they were kept in the index", r.Records, r.Root)
}

// refuses is the guard's rule: more than a fifth of a root at once looks like an
// unmounted disk or a mistyped path, and pruning could cost days of embedding.
func refuses(vanished, records int64) bool { return vanished*5 > records }

// guard knows where a walk could not look, and where it was told not to.
type guard struct {
	blind    pathSet  // paths whose inside is unknown
	missing  []string // roots that do not exist
	away     pathSet  // disks below roots that are not mounted
	excluded pathSet  // folders and links that are ignored, hidden, junk, or read under another path
}

func newGuard() *guard { return &guard{blind: make(pathSet), excluded: make(pathSet)} }

func (g *guard) shun(p string) { g.blind.add(p) }

// covers reports whether p lies in a part that the walk could not read.
func (g *guard) covers(p string) bool { return g.blind.covers(p) }

// exclude notes a folder that a walk left out because it was told to. Single files need
// no note: see excludes.
func (g *guard) exclude(k walk.Skip) {
	if k.Dir || k.Why == walk.Link {
		g.excluded.add(k.Path)
	}
}

// excludes reports whether a file that the walk did not come by is left out on purpose:
// it lies in such a folder, or it is there. Such a record leaves the index, but nothing
// has vanished.
func (g *guard) excludes(p string) bool { return g.excluded.covers(p) || present(p) }

// pathSet is a set of files and folders, by paths without a slash at the end.
type pathSet map[string]struct{}

func (s pathSet) add(p string) { s[strings.TrimSuffix(p, "/")] = struct{}{} }

// covers reports whether p is in the set or lies below a path that is.
func (s pathSet) covers(p string) bool { return s.above(p) != "" }

// above returns the path of the set that is p or the nearest above it, or "". It asks for each
// folder above p, not for each path of the set: links that lead nowhere may be many.
func (s pathSet) above(p string) string {
	for len(s) > 0 {
		if _, ok := s[p]; ok {
			return p
		}
		slash := strings.LastIndexByte(p, '/')
		if slash < 0 {
			break
		}
		p = p[:slash]
	}
	return ""
}

// below reports whether p is dir or lies under it, by whole path elements.
func below(p, dir string) bool {
	return p == dir || strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/")
}
