package zeroshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/vec"
)

// Cache keeps text embeddings in a folder, a file for each model, list and template
// set. A reader sees a whole file or none, and one that is damaged counts as not there.
// A nil *Cache keeps nothing.
type Cache struct{ dir string }

// OpenCache returns a cache in dir, which is made when something is first kept.
func OpenCache(dir string) *Cache { return &Cache{dir: dir} }

// cacheMagic begins a file; the last byte is its version. What follows are rows and
// columns (uint32), the values (float32) and the SHA-256 of all before it, with the
// least byte first.
var cacheMagic = []byte("SLTEXT\x00\x01")

func (c *Cache) path(key string) string { return filepath.Join(c.dir, key[:40]+".vectors") }

// load returns what is kept under key, if it has that shape and is undamaged.
func (c *Cache) load(key string, rows, cols int) (vec.Matrix, bool) {
	if c == nil {
		return vec.Matrix{}, false
	}
	data, err := os.ReadFile(c.path(key))
	if err != nil || len(data) != len(cacheMagic)+8+4*rows*cols+sha256.Size {
		return vec.Matrix{}, false
	}
	body, sum := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
	want := sha256.Sum256(body)
	if !bytes.Equal(sum, want[:]) || !bytes.HasPrefix(body, cacheMagic) {
		return vec.Matrix{}, false
	}
	body = body[len(cacheMagic):]
	if binary.LittleEndian.Uint32(body) != uint32(rows) || binary.LittleEndian.Uint32(body[4:]) != uint32(cols) {
		return vec.Matrix{}, false
	}
	m := vec.NewMatrix(rows, cols)
	for i := range m.Data {
		m.Data[i] = math.Float32frombits(binary.LittleEndian.Uint32(body[8+4*i:]))
	}
	return m, true
}

// save keeps m under key.
func (c *Cache) save(key string, m vec.Matrix) error {
	if c == nil {
		return nil
	}
	body := make([]byte, 0, len(cacheMagic)+8+4*len(m.Data)+sha256.Size)
	body = append(body, cacheMagic...)
	body = binary.LittleEndian.AppendUint32(body, uint32(m.Rows))
	body = binary.LittleEndian.AppendUint32(body, uint32(m.Cols))
	for _, x := range m.Data {
		body = binary.LittleEndian.AppendUint32(body, math.Float32bits(x))
	}
	sum := sha256.Sum256(body)
	body = append(body, sum[:]...)
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return fmt.Errorf("cache of text embeddings: %w", err)
	}
	if err := atomicfile.WriteBytes(c.path(key), body); err != nil {
		return fmt.Errorf("cache of text embeddings: %w", err)
	}
	return nil
}
