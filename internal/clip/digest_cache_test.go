package clip

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	sumOfA = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
	sumOfB = "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"
)

// old writes a file whose time of modification lies far enough back to be believed.
func old(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, past, past); err != nil {
		t.Fatal(err)
	}
}

func mustDigest(t *testing.T, c *DigestCache, path, want string) {
	t.Helper()
	got, err := c.Digest(t.Context(), path)
	if err != nil || got != want {
		t.Errorf("%s: %s, %v, want %s", path, got, err, want)
	}
}

func TestDigestCache(t *testing.T) {
	dir := t.TempDir()
	path, store := filepath.Join(dir, "a"), filepath.Join(dir, "cache", "digests.json")
	old(t, path, "a")
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	first := OpenDigestCache(store, slog.New(slog.DiscardHandler))
	mustDigest(t, first, path, sumOfA)
	first.save()

	// The same size and time: the file isn't read, which is the point of the cache.
	if err := os.WriteFile(path, []byte("b"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, st.ModTime(), st.ModTime()); err != nil {
		t.Fatal(err)
	}
	mustDigest(t, OpenDigestCache(store, slog.New(slog.DiscardHandler)), path, sumOfA)
	mustDigest(t, nil, path, sumOfB)

	// Another time: it is read.
	later := st.ModTime().Add(time.Nanosecond * 1000)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	mustDigest(t, OpenDigestCache(store, slog.New(slog.DiscardHandler)), path, sumOfB)
}

func TestDigestCacheDistrustsFreshFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	c := OpenDigestCache(filepath.Join(t.TempDir(), "d.json"), slog.New(slog.DiscardHandler))
	if err := os.WriteFile(path, []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	mustDigest(t, c, path, sumOfA)
	if len(c.fresh) != 0 {
		t.Error("remembered a file that was written this moment")
	}
}

func TestDigestCacheMergesAndPrunes(t *testing.T) {
	dir := t.TempDir()
	store := filepath.Join(dir, "digests.json")
	open := func() *DigestCache { return OpenDigestCache(store, slog.New(slog.DiscardHandler)) }
	// All open the empty cache before any of them writes.
	var wg sync.WaitGroup
	caches := make([]*DigestCache, 8)
	for i := range caches {
		old(t, filepath.Join(dir, fmt.Sprint(i)), "a")
		caches[i] = open()
	}
	for i, c := range caches {
		wg.Go(func() {
			mustDigest(t, c, filepath.Join(dir, fmt.Sprint(i)), sumOfA)
		})
	}
	wg.Wait()
	for _, c := range caches {
		c.save()
	}
	if n := len(open().entries); n != len(caches) {
		t.Errorf("%d entries after %d processes wrote one each", n, len(caches))
	}

	// At the same moment an entry may get lost, but the file stays whole.
	for i := range caches {
		old(t, filepath.Join(dir, fmt.Sprint(i)), "b")
		c := open()
		wg.Go(func() {
			mustDigest(t, c, filepath.Join(dir, fmt.Sprint(i)), sumOfB)
			c.save()
		})
	}
	wg.Wait()
	data, err := os.ReadFile(store)
	if err != nil || !json.Valid(data) {
		t.Errorf("after concurrent writers: %v, %q", err, data)
	}
	for i := range caches {
		mustDigest(t, open(), filepath.Join(dir, fmt.Sprint(i)), sumOfB)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}

	gone := filepath.Join(dir, "0")
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	c := open()
	old(t, filepath.Join(dir, "new"), "a")
	mustDigest(t, c, filepath.Join(dir, "new"), sumOfA)
	c.save()
	if _, ok := open().entries[gone]; ok {
		t.Error("kept the entry of a file that is gone")
	}
}

func TestDigestCacheSurvivesDamage(t *testing.T) {
	dir := t.TempDir()
	path, store := filepath.Join(dir, "a"), filepath.Join(dir, "digests.json")
	old(t, path, "a")
	for name, content := range map[string]string{
		"garbage":         "{",
		"another version": `{"version": 99, "digests": {}}`,
		"empty digest":    fmt.Sprintf(`{"version": 1, "digests": {%q: {"size": 1, "mtime_ns": %d, "sha256": ""}}}`, path, mtime(t, path)),
		"no digests":      `{"version": 1}`,
		"another digest": fmt.Sprintf(`{"version": 1, "digests": {%q: {"size": 1, "mtime_ns": %d, "sha256": %q, "check": "0011223344556677"}}}`,
			path, mtime(t, path), strings.Repeat("ab", 32)),
	} {
		if err := os.WriteFile(store, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		c := OpenDigestCache(store, slog.New(slog.DiscardHandler))
		mustDigest(t, c, path, sumOfA)
		c.save()
		if n := len(OpenDigestCache(store, slog.New(slog.DiscardHandler)).entries); n != 1 {
			t.Errorf("%s: %d entries after rewriting it", name, n)
		}
	}

	// Where it can't be written there is a warning and no error.
	var log bytes.Buffer
	c := OpenDigestCache(filepath.Join(path, "digests.json"), slog.New(slog.NewTextHandler(&log, nil)))
	mustDigest(t, c, path, sumOfA)
	c.save()
	if !strings.Contains(log.String(), "digest cache not written") {
		t.Errorf("log: %s", log.String())
	}
}

func mtime(t *testing.T, path string) int64 {
	t.Helper()
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return st.ModTime().UnixNano()
}
