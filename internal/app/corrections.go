package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging/corrections"
)

// Documents keeps the documents of an index.
func Documents(ctx context.Context, cfg config.Config, st store.Store) (corrections.Documents, error) {
	if docs, ok := store.As[corrections.Documents](st); ok {
		return docs, nil
	}
	dir, err := besides(ctx, cfg, st, "documents")
	return folder(dir), err
}

// folder keeps documents as files.
type folder string

func (f folder) path(name string) string { return filepath.Join(string(f), filepath.FromSlash(name)) }

// PutDocument implements corrections.Documents.
func (f folder) PutDocument(_ context.Context, name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(f.path(name)), 0o755); err != nil {
		return err
	}
	return atomicfile.WriteBytes(f.path(name), data)
}

// Document implements corrections.Documents.
func (f folder) Document(_ context.Context, name string) ([]byte, error) {
	data, err := os.ReadFile(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", store.ErrNotFound, name)
	}
	return data, err
}

// DeleteDocument implements corrections.Documents.
func (f folder) DeleteDocument(_ context.Context, name string) error {
	if err := os.Remove(f.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// DocumentNames implements corrections.Documents.
func (f folder) DocumentNames(_ context.Context, prefix string) (names []string, err error) {
	err = filepath.WalkDir(string(f), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(string(f), p)
		if name := filepath.ToSlash(rel); strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return names, err
}
