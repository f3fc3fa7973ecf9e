package tokenizer

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/sightline/sightline/internal/atomicfile"
)

// Cache is a folder of compiled tokenizers: reading CLIP's tokenizer.json,
// 2 MB of JSON, takes longer than everything else that a search does. An entry
// is one file, named by the model that it belongs to and replaced as a whole, so that
// processes which make the same one do not disturb each other. Whatever goes wrong
// with it, the tokenizer.json itself is read.
type Cache struct {
	Dir string // "" keeps nothing
	Log *slog.Logger
}

// tokenizersKept is how many entries stay; one is about a megabyte.
const tokenizersKept = 8

// Load returns the tokenizer of the tokenizer.json at path, from the cache if it can.
// fingerprint is that of a model with this very file. Errors are those of Load.
func (c Cache) Load(path, fingerprint string) (Tokenizer, error) {
	if c.Dir == "" {
		return Load(path)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", compiledVersion, fingerprint))
	file := filepath.Join(c.Dir, hex.EncodeToString(sum[:16])+".tok")
	data, err := os.ReadFile(file)
	if err == nil {
		var p *pipeline
		if p, err = loadCompiled(data); err == nil {
			return p, nil
		}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		c.Log.Info("a compiled tokenizer is rebuilt", "file", file, "reason", err)
	}
	if data, err = os.ReadFile(path); err != nil {
		return nil, fmt.Errorf("read tokenizer: %w", err)
	}
	p, err := parseTokenizer(data)
	if err != nil {
		return nil, fmt.Errorf("tokenizer %s: %w", path, err)
	}
	if err := c.keep(file, data, p.model); err != nil {
		c.Log.Info("working without a compiled tokenizer", "tokenizer", path, "reason", err)
	}
	return p, nil
}

func (c Cache) keep(file string, tokenizer []byte, m wordModel) error {
	data, err := compile(tokenizer, m)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(file, data); err != nil {
		return err
	}
	return c.clean()
}

// clean removes all but the newest files, among them what crashes left.
func (c Cache) clean() error {
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return err
	}
	var files []fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			files = append(files, info)
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return cmp.Compare(b.ModTime().UnixNano(), a.ModTime().UnixNano()) })
	for _, f := range files[min(len(files), tokenizersKept):] {
		if err := os.Remove(filepath.Join(c.Dir, f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
