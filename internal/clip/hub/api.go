package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/lazyregexp"
)

// remoteFile is a file of a repository as the hub lists it. Large files lie in
// LFS and are named by their SHA-256; the others by their git blob id.
type remoteFile struct {
	path   string
	size   int64
	sha256 string // of LFS files
	blob   string // git's SHA-1 of the others
}

// id is the name of the file's content, whichever the hub gives.
func (f remoteFile) id() string {
	if f.sha256 != "" {
		return f.sha256
	}
	return f.blob
}

// modelInfo is the part that we read of GET /api/models/{repo}/revision/{rev}.
type modelInfo struct {
	SHA      string `json:"sha"`
	Siblings []struct {
		Name   string `json:"rfilename"`
		Size   *int64 `json:"size"` // with blobs=true only
		BlobID string `json:"blobId"`
		LFS    *struct {
			SHA256 string `json:"sha256"`
			Size   int64  `json:"size"`
		} `json:"lfs"`
	} `json:"siblings"`
}

// treeEntry is an entry of GET /api/models/{repo}/tree/{rev}, which calls the
// same things by other names.
type treeEntry struct {
	Type string `json:"type"` // "file" or "directory"
	Path string `json:"path"`
	Size int64  `json:"size"`
	OID  string `json:"oid"`
	LFS  *struct {
		OID  string `json:"oid"`
		Size int64  `json:"size"`
	} `json:"lfs"`
}

// list resolves a revision to its commit and lists the commit's files.
func (c *Client) list(ctx context.Context, repo, rev string) (commit string, files []remoteFile, err error) {
	u := c.endpoint.JoinPath("api", "models", repo, "revision").JoinPath(url.PathEscape(rev))
	u.RawQuery = "blobs=true"
	var info modelInfo
	if _, err := c.getJSON(ctx, u, repo, rev, &info); err != nil {
		return "", nil, fmt.Errorf("list its files: %w", err)
	}
	if !commitID().MatchString(info.SHA) {
		return "", nil, fmt.Errorf("list its files: revision %q has no commit in the answer of %s", rev, c.Host())
	}
	whole := true
	for _, s := range info.Siblings {
		f := remoteFile{path: s.Name, blob: strings.ToLower(s.BlobID)}
		switch {
		case s.LFS != nil:
			f.blob, f.sha256, f.size = "", strings.ToLower(strings.TrimPrefix(s.LFS.SHA256, "sha256:")), s.LFS.Size
		case s.Size != nil:
			f.size = *s.Size
		default:
			whole = false
		}
		files = append(files, f)
	}
	if !whole {
		// Some mirrors leave the sizes and ids out here.
		if files, err = c.tree(ctx, repo, info.SHA); err != nil {
			return "", nil, fmt.Errorf("list its files at %s: %w", c.Host(), err)
		}
	}
	if err := checkListing(files); err != nil {
		return "", nil, fmt.Errorf("list its files at %s: %w", c.Host(), err)
	}
	return info.SHA, files, nil
}

// nextLink finds the next page in a Link header (RFC 8288).
var nextLink = lazyregexp.New(`<([^<>]+)>\s*;\s*rel="?next"?`)

// maxPages bounds a listing; a page holds 1,000 entries.
const maxPages = 50

func (c *Client) tree(ctx context.Context, repo, commit string) ([]remoteFile, error) {
	u := c.endpoint.JoinPath("api", "models", repo, "tree", commit)
	u.RawQuery = "recursive=true&expand=false"
	var files []remoteFile
	for range maxPages {
		var page []treeEntry
		header, err := c.getJSON(ctx, u, repo, commit, &page)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			if e.Type != "file" {
				continue
			}
			f := remoteFile{path: e.Path, size: e.Size, blob: strings.ToLower(e.OID)}
			if e.LFS != nil {
				f.blob, f.sha256, f.size = "", strings.ToLower(strings.TrimPrefix(e.LFS.OID, "sha256:")), e.LFS.Size
			}
			files = append(files, f)
		}
		m := nextLink().FindStringSubmatch(header.Get("Link"))
		if m == nil {
			return files, nil
		}
		next, err := u.Parse(m[1])
		if err != nil {
			return nil, fmt.Errorf("follow the listing's next page: %w", err)
		}
		// A mirror may pass the hub's own link through: stay where we are.
		u.RawQuery = next.RawQuery
	}
	return nil, fmt.Errorf("the listing has more than %d pages", maxPages)
}

// checkListing refuses what an honest hub never says, before any of it becomes a
// path on this machine or a promise about a file.
func checkListing(files []remoteFile) error {
	seen := map[string]bool{}
	for _, f := range files {
		if err := checkPath(f.path); err != nil {
			return err
		}
		if f.size < 0 || f.size > 1<<40 {
			return fmt.Errorf("%s cannot have %d bytes", f.path, f.size)
		}
		if f.sha256 != "" && !sha256Hex().MatchString(f.sha256) || f.blob != "" && !commitID().MatchString(f.blob) {
			return fmt.Errorf("%s has a checksum that is none", f.path)
		}
		if seen[f.path] {
			return fmt.Errorf("%s is listed twice", f.path)
		}
		seen[f.path] = true
	}
	return nil
}

// maxListing bounds the memory that an answer of the API may take.
const maxListing = 32 << 20

func (c *Client) getJSON(ctx context.Context, u *url.URL, repo, rev string, into any) (http.Header, error) {
	tries := attempts{c: c, what: u.Path}
	for {
		header, err := c.getJSONOnce(ctx, u, repo, rev, into)
		if err == nil {
			return header, nil
		}
		// The first thing that is asked tells whether there is a network: without one,
		// waiting helps nobody.
		if t, ok := errors.AsType[*transientError](err); ok && t.unreached {
			return nil, fault.Advise(adviseNetwork, "cannot reach %s: %w", c.Host(), t.err)
		}
		if err := tries.again(ctx, err, 0); err != nil {
			return nil, err
		}
	}
}

func (c *Client) getJSONOnce(ctx context.Context, u *url.URL, repo, rev string, into any) (http.Header, error) {
	resp, err := c.open(ctx, u, nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, c.statusError(resp, repo, rev, "")
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxListing+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxListing {
		return nil, fmt.Errorf("the answer is longer than %d MB", maxListing>>20)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return nil, fault.Advise("is HF_ENDPOINT the address of a Hugging Face hub?", "the answer is not what a hub says")
	}
	return resp.Header, nil
}
