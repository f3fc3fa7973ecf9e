package hub

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/fault"
)

// FetchRequest says which bundle to bring and where to.
type FetchRequest struct {
	Repo string // DefaultModel when empty
	// Revision is a branch, a tag or a commit. When it is empty, a bundle that is
	// here already stays at its commit, a model of Known comes at the commit named
	// there, and any other comes from main. What main is then is written to the
	// manifest and held to later.
	Revision  string
	Precision string // one of Precisions; fp32 when empty
	Dir       string // the bundle lands in Dir/owner/name
	Observer  Observer
}

// Bundle is a model on this machine.
type Bundle struct {
	Name      string // owner/name
	Dir       string
	Precision string // the one that was asked for
	Manifest  Manifest
	Received  int64 // bytes of files that this fetch brought; 0 when all were here
}

// spaceMargin is left free on the disk.
const spaceMargin = 16 << 20

// Fetch makes sure that a bundle is here in one precision, and gives it. It adds
// to what is there: other precisions of the bundle stay, a damaged file is
// replaced, and files that were put there by hand are kept when they are the
// right ones. When all is there and intact, no request is made.
//
// After an error or a cancelled context the bundle is as it was, and what
// arrived waits in a hidden folder beside it for the next Fetch.
func (c *Client) Fetch(ctx context.Context, req FetchRequest) (Bundle, error) {
	if req.Repo == "" {
		req.Repo = DefaultModel
	}
	if req.Precision == "" {
		req.Precision = precisions[0].name
	}
	if err := req.check(); err != nil {
		return Bundle{}, err
	}
	m := newMeter(req.Observer, c.now)
	b := Bundle{Name: req.Repo, Dir: bundleDir(req.Dir, req.Repo), Precision: req.Precision}

	// A whole bundle is given before the lock is taken: it may lie where we may
	// only read.
	man, whole, err := c.present(ctx, b.Dir, req, m)
	if err != nil {
		return Bundle{}, fmt.Errorf("fetch %s: %w", req.Repo, err)
	}
	if whole {
		b.Manifest = man
		return b, nil
	}
	unlock, err := c.lock(ctx, b.Dir, m)
	if err != nil {
		return Bundle{}, fmt.Errorf("fetch %s: %w", req.Repo, err)
	}
	defer unlock()
	if man, whole, err = c.present(ctx, b.Dir, req, m); err == nil && !whole {
		man, b.Received, err = c.complete(ctx, b.Dir, req, man, m)
	}
	if err != nil {
		return Bundle{}, fmt.Errorf("fetch %s: %w", req.Repo, err)
	}
	b.Manifest = man
	return b, nil
}

func (r FetchRequest) check() error {
	if r.Dir == "" {
		return errors.New("no folder to fetch models into")
	}
	if _, _, ok := graphsOf(r.Precision); !ok {
		return fault.Advise("the variants are "+strings.Join(Precisions(), ", "), "%w: %q", ErrNoPrecision, r.Precision)
	}
	if r.Revision != "" {
		if err := checkRevision(r.Revision); err != nil {
			return err
		}
	}
	return checkRepo(r.Repo)
}

// present reports whether everything that req asks for is in dir and intact. The manifest
// that it finds is given also when it is not; empty when there is none of use.
func (c *Client) present(ctx context.Context, dir string, req FetchRequest, m *meter) (Manifest, bool, error) {
	man, err := ReadManifest(dir)
	switch {
	case errors.Is(err, ErrManifest):
		c.log.Warn("the manifest is of no use and will be rewritten", "dir", dir, "reason", err)
		return Manifest{}, false, nil
	case errors.Is(err, ErrNoManifest):
		return Manifest{}, false, nil
	case err != nil:
		return Manifest{}, false, err
	case !commitID().MatchString(man.Commit):
		return Manifest{}, false, nil
	}
	if commitID().MatchString(req.Revision) && req.Revision != man.Commit {
		return Manifest{}, false, otherCommit(dir, man.Commit, req.Revision)
	}
	if req.Revision != "" && req.Revision != man.Commit {
		// A branch may have moved: only the hub knows.
		return man, false, nil
	}
	vision, text, _ := graphsOf(req.Precision)
	for _, p := range append([]string{vision, text}, requiredFiles...) {
		if !man.has(p) {
			return man, false, nil
		}
	}
	var needed []File
	var total int64
	for _, f := range man.Files {
		if !belongs(f.Path, req.Precision) {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(f.Path)))
		if err != nil || info.Size() != f.Size {
			return man, false, nil
		}
		needed = append(needed, f)
		total += f.Size
	}
	m.start(0, total)
	for _, f := range needed {
		m.enter(Checking, f.Path)
		got, err := digest(ctx, filepath.Join(dir, filepath.FromSlash(f.Path)), m.moved)
		if ctx.Err() != nil {
			return Manifest{}, false, ctx.Err()
		}
		if err != nil || got.sha256 != f.SHA256 {
			c.log.Warn("a file of the model is damaged and will be fetched again", "dir", dir, "file", f.Path)
			return man, false, nil
		}
	}
	m.enter(Checking, "")
	return man, true, nil
}

func otherCommit(dir, have, want string) error {
	return fault.Advise("remove "+dir+" to fetch the other commit", "%w: %s, not %s", ErrOtherCommit, have, want)
}

// complete brings what dir lacks and writes the manifest.
func (c *Client) complete(ctx context.Context, dir string, req FetchRequest, man Manifest, m *meter) (Manifest, int64, error) {
	m.enter(Listing, "")
	rev := revisionFor(req, man)
	commit, listed, err := c.list(ctx, req.Repo, rev)
	if err != nil {
		return Manifest{}, 0, err
	}
	if commitID().MatchString(rev) && commit != rev {
		return Manifest{}, 0, fmt.Errorf("asked for commit %s, %s gives %s", rev, c.Host(), commit)
	}
	if man.Commit != "" && commit != man.Commit {
		return Manifest{}, 0, otherCommit(dir, man.Commit, commit)
	}
	wanted, err := choose(req.Repo, listed, req.Precision)
	if err != nil {
		return Manifest{}, 0, err
	}
	man.Repo, man.Commit, man.Endpoint = req.Repo, commit, c.Host()

	transfers, err := c.plan(ctx, dir, wanted, &man, m)
	if err != nil {
		return Manifest{}, 0, err
	}
	var received int64
	for _, t := range transfers {
		m.enter(Downloading, t.file.path)
		left := t.file.size - t.counted
		got, err := c.download(ctx, t)
		if err != nil {
			return Manifest{}, 0, err
		}
		received += left
		man.add(File{Path: t.file.path, Size: got.size, SHA256: got.sha256})
	}
	m.enter(Downloading, "")
	if err := place(dir, transfers); err != nil {
		return Manifest{}, 0, fmt.Errorf("move the files into %s: %w", dir, err)
	}
	if len(transfers) > 0 || man.FetchedAt.IsZero() {
		man.FetchedAt = c.now().UTC().Truncate(time.Second)
	}
	man.Format = manifestFormat
	if err := WriteManifest(dir, man); err != nil {
		return Manifest{}, 0, err
	}
	c.tidy(dir, transfers)
	return man, received, nil
}

// revisionFor is the revision to ask the hub about.
func revisionFor(req FetchRequest, man Manifest) string {
	if req.Revision != "" {
		return req.Revision
	}
	if man.Commit != "" {
		return man.Commit
	}
	if k, ok := LookUp(req.Repo); ok && k.Revision != "" {
		return k.Revision
	}
	return "main"
}

// plan finds what is here already, enters that into man, and gives the rest as
// transfers after checking that the disk has room for them.
func (c *Client) plan(ctx context.Context, dir string, wanted []remoteFile, man *Manifest, m *meter) ([]*transfer, error) {
	var transfers []*transfer
	var done, total int64
	for _, f := range wanted {
		got, err := digest(ctx, filepath.Join(dir, filepath.FromSlash(f.path)), nil)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil && got.is(f) {
			man.add(File{Path: f.path, Size: got.size, SHA256: got.sha256})
			continue
		}
		t := &transfer{repo: man.Repo, commit: man.Commit, file: f, part: partName(stagingDir(dir), f), meter: m}
		if info, err := os.Stat(t.part); err == nil && info.Size() <= f.size {
			t.counted = info.Size()
		}
		transfers = append(transfers, t)
		done += t.counted
		total += f.size
	}
	if free, known := c.free(filepath.Dir(dir)); known && total > done && uint64(total-done)+spaceMargin > free {
		return nil, fault.Advise("free some space or choose another folder for models", "%w in %s: %s more to fetch, %s free",
			ErrNoSpace, filepath.Dir(dir), megabytes(total-done), megabytes(int64(min(free, 1<<62))))
	}
	m.start(done, total)
	return transfers, nil
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// place moves staged files, all of them verified, into the bundle.
func place(dir string, transfers []*transfer) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	folders := map[string]bool{dir: true}
	for _, t := range transfers {
		dest := filepath.Join(dir, filepath.FromSlash(t.file.path))
		if err := os.MkdirAll(filepath.Dir(dest), 0o755); err != nil {
			return err
		}
		if err := os.Rename(t.part, dest); err != nil {
			return err
		}
		folders[filepath.Dir(dest)] = true
	}
	for f := range folders {
		if err := syncDir(f); err != nil {
			return err
		}
	}
	return nil
}

// tidy removes what the fetch no longer needs: older partial files of the same
// paths, and the staging folder unless partial files of another precision wait in
// it. A failure harms nothing.
func (c *Client) tidy(dir string, transfers []*transfer) {
	staging := stagingDir(dir)
	for _, t := range transfers {
		folder := filepath.Dir(t.part)
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue
		}
		base := filepath.Base(filepath.FromSlash(t.file.path)) + "."
		for _, e := range entries {
			rest, ours := strings.CutPrefix(e.Name(), base)
			if ours && len(rest) == 16+len(partSuffix) && strings.HasSuffix(rest, partSuffix) {
				c.discard(filepath.Join(folder, e.Name()))
			}
		}
	}
	// Only empty folders can be removed so.
	for _, f := range []string{filepath.Join(staging, "onnx"), staging} {
		if entries, err := os.ReadDir(f); err == nil && len(entries) == 0 {
			c.discard(f)
		}
	}
}

func (c *Client) discard(name string) {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.log.Warn("cannot remove a leftover", "file", name, "reason", err)
	}
}
