package clip

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sightline/sightline/internal/atomicfile"
)

// DigestCache remembers the SHA-256 of files by their absolute path, size and time
// of modification, so that a search need not read 600 MB of weights before it
// starts. It is one small JSON file, which several processes may share: it is
// replaced as a whole, and at worst an entry is lost and computed again.
//
// A nil *DigestCache is usable and remembers nothing.
type DigestCache struct {
	path string
	log  *slog.Logger

	mu      sync.Mutex
	entries map[string]digestEntry
	fresh   map[string]digestEntry // not yet on disk
}

type digestEntry struct {
	Size    int64  `json:"size"`
	ModTime int64  `json:"mtime_ns"`
	SHA256  string `json:"sha256"`
	Check   string `json:"check"` // of the other fields and the path: damage must not pass for another model
}

// check is what the field Check must be.
func (e digestEntry) check(path string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%d\x00%s", path, e.Size, e.ModTime, e.SHA256))
	return hex.EncodeToString(sum[:8])
}

// digestFile is the layout on disk. A file of another version counts as empty.
type digestFile struct {
	Version int                    `json:"version"`
	Digests map[string]digestEntry `json:"digests"`
}

const digestFileVersion = 1

// settled is the age from which a time of modification is believed. A file that
// was written to within the last moments could be written to again without its
// time changing, on file systems that count in seconds.
const settled = 2 * time.Second

// OpenDigestCache opens the cache in the file at path, which need not exist yet. A
// file that can't be read or written only costs time, so that it is reported to
// log and is no error.
func OpenDigestCache(path string, log *slog.Logger) *DigestCache {
	c := &DigestCache{path: path, log: log, fresh: map[string]digestEntry{}}
	c.entries = c.load()
	return c
}

func (c *DigestCache) load() map[string]digestEntry {
	var f digestFile
	data, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]digestEntry{}
	}
	if err == nil {
		err = json.Unmarshal(data, &f)
	}
	if err != nil {
		c.log.Warn("the checksums kept of the model's files cannot be read; they are computed again", "path", c.path, "error", err)
		return map[string]digestEntry{}
	}
	if f.Version != digestFileVersion || f.Digests == nil {
		return map[string]digestEntry{}
	}
	return f.Digests
}

// Digest returns the SHA-256 of the file at path as lower-case hex. It is safe for
// concurrent use. What it computes is kept in memory until Fingerprint saves it.
func (c *DigestCache) Digest(ctx context.Context, path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("digest: %w", err)
	}
	st, err := os.Stat(abs)
	if err != nil {
		return "", fmt.Errorf("digest: %w", err)
	}
	if sum, ok := c.lookup(abs, st); ok {
		return sum, nil
	}
	begun := time.Now()
	sum, st, err := hashFile(ctx, abs)
	if err != nil {
		return "", err
	}
	if begun.Sub(st.ModTime()) >= settled {
		c.remember(abs, digestEntry{Size: st.Size(), ModTime: st.ModTime().UnixNano(), SHA256: sum})
	}
	return sum, nil
}

func (c *DigestCache) lookup(abs string, st os.FileInfo) (string, bool) {
	if c == nil {
		return "", false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[abs]
	ok = ok && e.Size == st.Size() && e.ModTime == st.ModTime().UnixNano() && len(e.SHA256) == 2*sha256.Size && e.Check == e.check(abs)
	return e.SHA256, ok
}

func (c *DigestCache) remember(abs string, e digestEntry) {
	if c == nil {
		return
	}
	e.Check = e.check(abs)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries[abs] = e
	c.fresh[abs] = e
}

// save adds what is new to the file, on top of what other processes wrote there
// since, and drops files that are gone.
func (c *DigestCache) save() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.fresh) == 0 {
		return
	}
	onDisk := c.load()
	maps.Copy(onDisk, c.fresh)
	maps.DeleteFunc(onDisk, func(path string, _ digestEntry) bool {
		_, err := os.Stat(path)
		return errors.Is(err, fs.ErrNotExist)
	})
	if err := writeDigests(c.path, onDisk); err != nil {
		c.log.Info("digest cache not written: the next start reads the model again", "path", c.path, "error", err)
		return
	}
	clear(c.fresh)
}

func writeDigests(path string, entries map[string]digestEntry) error {
	data, err := json.MarshalIndent(digestFile{Version: digestFileVersion, Digests: entries}, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.WriteBytes(path, append(data, '\n'))
}

// hashFile returns the SHA-256 of a file and the state that it belongs to. A file
// that changes while it is read is an error.
func hashFile(ctx context.Context, path string) (string, os.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", nil, fmt.Errorf("digest: %w", err)
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		return "", nil, fmt.Errorf("digest: %w", err)
	}
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for {
		if err := ctx.Err(); err != nil {
			return "", nil, err
		}
		n, err := f.Read(buf)
		h.Write(buf[:n])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", nil, fmt.Errorf("digest: %w", err)
		}
	}
	after, err := f.Stat()
	if err != nil {
		return "", nil, fmt.Errorf("digest: %w", err)
	}
	if before.Size() != after.Size() || !before.ModTime().Equal(after.ModTime()) {
		return "", nil, fmt.Errorf("digest: %s changed while it was read", path)
	}
	return hex.EncodeToString(h.Sum(nil)), after, nil
}
