package hub

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/lazyregexp"
)

var (
	repoPart   = lazyregexp.New(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,95}$`)
	commitID   = lazyregexp.New(`^[0-9a-f]{40}$`)
	sha256Hex  = lazyregexp.New(`^[0-9a-f]{64}$`)
	revisionRE = lazyregexp.New(`^[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}$`)
)

// checkRepo accepts "owner/name" and the hub's old names without an owner. The
// name becomes a path on this machine, so dots are allowed only inside its parts.
func checkRepo(repo string) error {
	parts := strings.Split(repo, "/")
	if len(parts) > 2 {
		return fault.Usagef("write owner/name, such as "+DefaultModel, "model name %q has too many parts", repo)
	}
	for _, p := range parts {
		if !repoPart().MatchString(p) || strings.Contains(p, "..") || strings.HasSuffix(p, ".") {
			return fault.Usagef("write owner/name, such as "+DefaultModel, "model name %q is not valid", repo)
		}
	}
	return nil
}

func checkRevision(rev string) error {
	if !revisionRE().MatchString(rev) || strings.Contains(rev, "..") {
		return fault.Advise("a revision is a branch, a tag or a commit", "revision %q is not valid", rev)
	}
	return nil
}

// checkPath accepts slash-separated paths that stay below the folder they are
// joined to, on any system.
func checkPath(p string) error {
	bad := p == "" || len(p) > 500 || path.Clean(p) != p || !filepath.IsLocal(filepath.FromSlash(p)) ||
		strings.ContainsAny(p, `\:`) || strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f })
	if bad || p == "." {
		return fmt.Errorf("%w: %q", ErrUnsafePath, p)
	}
	return nil
}

// bundleDir is where the bundle of repo lies below parent.
func bundleDir(parent, repo string) string {
	return filepath.Join(parent, filepath.FromSlash(repo))
}

// stagingDir and lockFile lie beside the bundle, so that a rename never crosses
// file systems. No repository's name begins with a dot, so nothing collides.
func stagingDir(dir string) string {
	return filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+stagingSuffix)
}

func lockFile(dir string) string {
	return filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+".lock")
}

const (
	stagingSuffix = ".partial"
	partSuffix    = ".part"
)
