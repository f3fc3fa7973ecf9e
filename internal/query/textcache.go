package query

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/vec"
)

// TextCache remembers the embeddings of recent texts in one file, so that a query that
// was asked before loads no model. An entry is found by the model's fingerprint and
// the text, of which only a SHA-256 is kept: the file does not say what was asked.
//
// Several processes may share the file. It is replaced as a whole, so that at worst
// the entry of one of two that write at the same time is lost. A file that is damaged
// counts as empty. The file, little-endian, is
//
//	0   8 bytes   magic
//	8   uint32    version of this layout
//	12  uint32    CRC-32 (IEEE) of what follows
//	then entries, newest first: 32 bytes of key, uint32 dimension, float32 values
//
// A nil *TextCache remembers nothing.
type TextCache struct {
	path   string // "" for a cache in memory alone
	log    *slog.Logger
	mu     sync.Mutex // one change at a time
	memory *recentTexts
}

const (
	textCacheVersion = 1
	textCacheHead    = 16

	// textsKept bounds the file: 1 MB with embeddings of 512 values.
	textsKept = 500
	// textsOld is the place from which an entry that is used moves to the front.
	textsOld = textsKept / 2
)

var textCacheMagic = []byte("SIGHTTXT")

// textEntry is one remembered embedding.
type textEntry struct {
	key    [sha256.Size]byte
	vector []byte // float32 values
}

// OpenTextCache uses the file at path, which need not exist yet. A file that cannot be
// read or written only costs time: log is told.
func OpenTextCache(path string, log *slog.Logger) *TextCache {
	return &TextCache{path: path, log: log}
}

// KeepTexts returns a cache of the last n texts in memory, for a process that stays: people
// who type make a new text with each letter, which no file need keep.
func KeepTexts(n int) *TextCache {
	return &TextCache{memory: &recentTexts{most: n, byKey: make(map[[sha256.Size]byte][]float32)}}
}

// recentTexts are embeddings by what an entry is found by. The oldest go first.
type recentTexts struct {
	most  int
	mu    sync.Mutex
	byKey map[[sha256.Size]byte][]float32
	order [][sha256.Size]byte
}

func (r *recentTexts) embed(ctx context.Context, e clip.Encoder, text string, key [sha256.Size]byte) (vec.Matrix, error) {
	r.mu.Lock()
	row, ok := r.byKey[key]
	r.mu.Unlock()
	if ok {
		m := vec.NewMatrix(1, len(row))
		copy(m.Row(0), row)
		return m, nil
	}
	m, err := e.EncodeTexts(ctx, []string{text})
	if err != nil {
		return m, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.byKey[key]; !ok {
		if len(r.order) == r.most {
			delete(r.byKey, r.order[0])
			r.order = r.order[1:]
		}
		r.order = append(r.order, key)
		r.byKey[key] = slices.Clone(m.Row(0))
	}
	return m, nil
}

// embed returns the embedding of a text as a matrix of one row, from the cache if it
// is there, and keeps it otherwise.
func (c *TextCache) embed(ctx context.Context, e clip.Encoder, text string) (vec.Matrix, error) {
	if c == nil {
		return e.EncodeTexts(ctx, []string{text})
	}
	spec := e.Spec()
	key := sha256.Sum256([]byte(spec.Fingerprint + "\x00" + text))
	if c.memory != nil {
		return c.memory.embed(ctx, e, text, key)
	}
	entries := c.read()
	for i, entry := range entries {
		if entry.key == key && len(entry.vector) == 4*spec.Dim {
			if i >= textsOld {
				c.put(entry)
			}
			return entry.matrix(), nil
		}
	}
	m, err := e.EncodeTexts(ctx, []string{text})
	if err != nil {
		return m, err
	}
	entry := textEntry{key: key}
	for _, x := range m.Row(0) {
		entry.vector = binary.LittleEndian.AppendUint32(entry.vector, math.Float32bits(x))
	}
	c.put(entry)
	return m, nil
}

func (e textEntry) matrix() vec.Matrix {
	m := vec.NewMatrix(1, len(e.vector)/4)
	for i := range m.Data {
		m.Data[i] = math.Float32frombits(binary.LittleEndian.Uint32(e.vector[4*i:]))
	}
	return m
}

// read returns what the file holds, and nothing where it is damaged.
func (c *TextCache) read() []textEntry {
	data, err := os.ReadFile(c.path)
	if err == nil {
		var entries []textEntry
		if entries, err = parseTexts(data); err == nil {
			return entries
		}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		c.log.Info("the embeddings of earlier queries cannot be used", "file", c.path, "reason", err)
	}
	return nil
}

func parseTexts(b []byte) ([]textEntry, error) {
	if len(b) < textCacheHead || !bytes.Equal(b[:8], textCacheMagic) || binary.LittleEndian.Uint32(b[8:]) != textCacheVersion {
		return nil, errors.New("not a file of this version")
	}
	crc := binary.LittleEndian.Uint32(b[12:])
	if b = b[textCacheHead:]; crc != crc32.ChecksumIEEE(b) {
		return nil, errors.New("the checksum is wrong")
	}
	var out []textEntry
	for len(b) > 0 {
		const head = sha256.Size + 4
		if len(b) < head {
			return nil, errors.New("the last entry is cut")
		}
		size := 4 * int64(binary.LittleEndian.Uint32(b[sha256.Size:]))
		if int64(len(b)-head) < size {
			return nil, errors.New("the last entry is cut")
		}
		out = append(out, textEntry{key: [sha256.Size]byte(b[:sha256.Size]), vector: b[head : head+size]})
		b = b[head+size:]
	}
	return out, nil
}

// put writes the file with an entry in front. It reads it again first, for what other
// processes have added.
func (c *TextCache) put(entry textEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := append(make([]byte, 0, 1<<20), textCacheMagic...)
	b = binary.LittleEndian.AppendUint32(b, textCacheVersion)
	b = binary.LittleEndian.AppendUint32(b, 0) // the checksum's place
	n := 0
	add := func(e textEntry) {
		b = append(b, e.key[:]...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(e.vector)/4))
		b = append(b, e.vector...)
		n++
	}
	add(entry)
	for _, e := range c.read() {
		if n < textsKept && e.key != entry.key {
			add(e)
		}
	}
	binary.LittleEndian.PutUint32(b[12:], crc32.ChecksumIEEE(b[textCacheHead:]))
	if err := c.write(b); err != nil {
		c.log.Info("the embedding of this query was not kept", "file", c.path, "reason", err)
	}
}

// write replaces the file. What a crash leaves of it is caught by the checksum.
func (c *TextCache) write(b []byte) error {
	if err := os.MkdirAll(filepath.Dir(c.path), 0o755); err != nil {
		return err
	}
	return atomicfile.WriteCache(c.path, b)
}
