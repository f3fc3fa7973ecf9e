package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/sightline/sightline/internal/fault"
)

// transfer is one file on its way from the hub into the staging folder.
type transfer struct {
	repo, commit string
	file         remoteFile
	part         string // the staged file; its name holds the content's id (see partName)
	counted      int64  // bytes of it that the meter has counted
	meter        *meter
}

// partName is where a file is staged. The content's id is part of the name, so
// that a partial file is only ever continued with bytes of the same content.
func partName(staging string, f remoteFile) string {
	return filepath.Join(staging, filepath.FromSlash(f.path)+"."+f.id()[:16]+partSuffix)
}

// spoiledError says that a staged file cannot become the right one.
type spoiledError struct{ err error }

func (e *spoiledError) Error() string { return e.err.Error() }
func (e *spoiledError) Unwrap() error { return e.err }

func spoiled(format string, args ...any) error {
	return &spoiledError{fmt.Errorf(format, args...)}
}

// download brings a file whole and verified into the staging folder, going on
// from what is there. Wrong bytes are thrown away and fetched once more from the
// start. After any other error, also a cancelled context, what came is kept.
func (c *Client) download(ctx context.Context, t *transfer) (sums, error) {
	if err := os.MkdirAll(filepath.Dir(t.part), 0o755); err != nil {
		return sums{}, fmt.Errorf("make the staging folder: %w", err)
	}
	tries := attempts{c: c, what: t.file.path}
	secondChance := true
	for {
		before := t.counted
		err := c.transferOnce(ctx, t)
		if err == nil {
			var got sums
			if got, err = digest(ctx, t.part, nil); err == nil {
				if got.is(t.file) {
					return got, nil
				}
				err = spoiled("%w: %s, want %s", ErrChecksum, got.describe(t.file), t.file.id())
			}
		}
		if bad, ok := errors.AsType[*spoiledError](err); ok {
			if err := os.Remove(t.part); err != nil && !errors.Is(err, os.ErrNotExist) {
				return sums{}, fmt.Errorf("remove the wrong partial file: %w", err)
			}
			t.forget()
			if !secondChance {
				return sums{}, fault.Advise("try again later, or from another HF_ENDPOINT", "fetch %s: %w", t.file.path, bad.err)
			}
			secondChance = false
			c.log.Warn("fetching from the start", "file", t.file.path, "reason", bad.err)
			continue
		}
		if err := tries.again(ctx, err, t.counted-before); err != nil {
			return sums{}, fmt.Errorf("fetch %s: %w", t.file.path, err)
		}
	}
}

func (s sums) describe(f remoteFile) string {
	if f.sha256 != "" {
		return "SHA-256 " + s.sha256
	}
	return "git id " + s.blob
}

// forget takes the file's bytes back out of the count.
func (t *transfer) forget() {
	t.meter.lost(t.counted)
	t.counted = 0
}

// transferOnce makes one request for what the staged file lacks. On success the
// file has the right size and is on stable storage.
func (c *Client) transferOnce(ctx context.Context, t *transfer) (err error) {
	f, err := os.OpenFile(t.part, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("open the partial file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	have, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("measure the partial file: %w", err)
	}
	if have > t.file.size {
		return spoiled("%w: the partial file is too long", ErrChecksum)
	}
	if have == t.file.size { // came whole in an earlier fetch, which may have ended just then
		return flush(f)
	}

	header := http.Header{"Accept-Encoding": {"identity"}}
	if have > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	u := c.endpoint.JoinPath(t.repo, "resolve", t.commit).JoinPath(escapePath(t.file.path))
	resp, err := c.open(ctx, u, header)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	start, err := c.startOf(resp, have, t)
	if err != nil {
		return err
	}
	if err := linkedContent(resp, t.file); err != nil {
		return err
	}
	if start != have {
		// The server sends the whole file although a part was asked for.
		if err := f.Truncate(start); err != nil {
			return fmt.Errorf("empty the partial file: %w", err)
		}
		if _, err := f.Seek(start, io.SeekStart); err != nil {
			return fmt.Errorf("empty the partial file: %w", err)
		}
		t.forget()
	}
	return t.receive(f, resp.Body, start)
}

// startOf decides from an answer where in the file its body belongs.
func (c *Client) startOf(resp *http.Response, have int64, t *transfer) (int64, error) {
	size := t.file.size
	switch resp.StatusCode {
	case http.StatusOK:
		if resp.ContentLength >= 0 && resp.ContentLength != size {
			return 0, spoiled("%w: it has %d bytes, want %d", ErrChecksum, resp.ContentLength, size)
		}
		return 0, nil
	case http.StatusPartialContent:
		first, last, total, ok := contentRange(resp.Header.Get("Content-Range"))
		wrongLength := resp.ContentLength >= 0 && resp.ContentLength != last-first+1
		if !ok || first != have || last >= size || (total >= 0 && total != size) || wrongLength {
			return 0, spoiled("%w: asked for bytes from %d of %d, the server says %q", ErrChecksum, have, size,
				resp.Header.Get("Content-Range"))
		}
		return have, nil
	case http.StatusRequestedRangeNotSatisfiable:
		return 0, spoiled("%w: the server has no bytes from %d on, of %d", ErrChecksum, have, size)
	}
	return 0, c.statusError(resp, t.repo, t.commit, t.file.path)
}

// receive appends the body to the partial file, which has start bytes.
func (t *transfer) receive(f *os.File, body io.Reader, start int64) error {
	buf := make([]byte, 256<<10)
	for at := start; ; {
		n, readErr := body.Read(buf)
		if at+int64(n) > t.file.size {
			return spoiled("%w: more than %d bytes come", ErrChecksum, t.file.size)
		}
		if _, err := f.Write(buf[:n]); errors.Is(err, syscall.ENOSPC) {
			return fault.Advise("free some space, then run this again: what has arrived is kept", "%w: %w", ErrNoSpace, err)
		} else if err != nil {
			return fmt.Errorf("write the partial file: %w", err)
		}
		at += int64(n)
		t.counted += int64(n)
		t.meter.moved(n)
		switch {
		case readErr == io.EOF && at < t.file.size:
			return &transientError{err: fmt.Errorf("%w at byte %d of %d", io.ErrUnexpectedEOF, at, t.file.size)}
		case readErr == io.EOF:
			return flush(f)
		case readErr != nil:
			return readErr
		}
	}
}

func flush(f *os.File) error {
	if err := f.Sync(); err != nil {
		return fmt.Errorf("flush the partial file: %w", err)
	}
	return nil
}

// linkedContent looks at what the hub said before it redirected to the content
// network: the object id and size in X-Linked-ETag and X-Linked-Size. A file that
// is not the one that was listed is refused before megabytes of it come.
func linkedContent(resp *http.Response, want remoteFile) error {
	for r := resp; r != nil; {
		id := strings.Trim(strings.TrimPrefix(r.Header.Get("X-Linked-ETag"), "W/"), `"`)
		if want.sha256 != "" && sha256Hex().MatchString(id) && id != want.sha256 {
			return spoiled("%w: the hub sends object %s, want %s", ErrChecksum, id, want.sha256)
		}
		if n, err := strconv.ParseInt(r.Header.Get("X-Linked-Size"), 10, 64); err == nil && n != want.size {
			return spoiled("%w: the hub sends %d bytes, want %d", ErrChecksum, n, want.size)
		}
		if r.Request == nil {
			return nil
		}
		r = r.Request.Response
	}
	return nil
}

// contentRange reads "bytes FIRST-LAST/TOTAL"; total is -1 for "*".
func contentRange(v string) (first, last, total int64, ok bool) {
	v, ok = strings.CutPrefix(strings.TrimSpace(v), "bytes ")
	span, all, ok2 := strings.Cut(v, "/")
	from, to, ok3 := strings.Cut(span, "-")
	if !ok || !ok2 || !ok3 {
		return 0, 0, 0, false
	}
	total = -1
	var errs [3]error
	first, errs[0] = strconv.ParseInt(from, 10, 64)
	last, errs[1] = strconv.ParseInt(to, 10, 64)
	if all != "*" {
		total, errs[2] = strconv.ParseInt(all, 10, 64)
	}
	if errors.Join(errs[:]...) != nil || first < 0 || last < first || (total >= 0 && last >= total) {
		return 0, 0, 0, false
	}
	return first, last, total, true
}

// escapePath escapes each part of a slash-separated path for an address.
func escapePath(p string) string {
	parts := strings.Split(p, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}
