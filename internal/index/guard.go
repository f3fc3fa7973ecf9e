package index

import (
	"fmt"
	"strings"
)

// Pruning says what becomes of records whose file is gone.
type Pruning int

// The ways to treat records whose file is gone.
const (
	// Guarded removes them, except where a root is missing or more than a fifth of it
	// has vanished at once: see Refusal.
	Guarded Pruning = iota
	Forced          // removes them even there
	Never           // keeps them all
)

// Refusal says that records of vanished files were kept, because more likely the
// disk is missing than the pictures.
type Refusal struct {
	Root     string
	Vanished int64 // records whose file is gone
	Records  int64 // records under the root, of the shard if there is one
	Missing  bool  // the root itself is gone
}

// Error says what was found and why nothing was removed.
func (r Refusal) Error() string {
	if r.Missing {
		return fmt.Sprintf("%s is not there; its %d pictures were kept in the index", r.Root, r.Records)
	}
	return fmt.Sprintf("more than a fifth of the %d pictures under %s have vanished; they were kept in the index", r.Records, r.Root)
}

// refuses is the guard's rule: more than a fifth of a root at once looks like an
// unmounted disk or a mistyped path, and pruning could cost days of embedding.
func refuses(vanished, records int64) bool { return vanished*5 > records }

// guard knows where a walk could not look.
type guard struct {
	blind   map[string]struct{} // paths whose inside is unknown, without a slash at the end
	missing []string            // roots that do not exist
}

func newGuard() *guard { return &guard{blind: make(map[string]struct{})} }

func (g *guard) shun(p string) { g.blind[strings.TrimSuffix(p, "/")] = struct{}{} }

// covers reports whether p lies in a part that the walk could not read. It asks for
// each folder above p, not for each blind path: links that lead nowhere may be many.
func (g *guard) covers(p string) bool {
	for len(g.blind) > 0 {
		if _, ok := g.blind[p]; ok {
			return true
		}
		slash := strings.LastIndexByte(p, '/')
		if slash < 0 {
			break
		}
		p = p[:slash]
	}
	return false
}

// below reports whether p is dir or lies under it, by whole path elements.
func below(p, dir string) bool {
	return p == dir || strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/")
}
