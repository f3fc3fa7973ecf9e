package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/store"
)

// Documents are the files of the folder documents in the collection's, so that the
// indexes of all its models share them: see documentfile.go.

const documentsName = "documents"

// documentsFolder returns the folder of documents. One that is a link is refused: an index
// may come from anybody. The error is fs.ErrNotExist where there is none.
func (s *Store) documentsFolder() (string, error) {
	dir := filepath.Join(s.base, documentsName)
	info, err := os.Lstat(dir)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: dir, Err: errors.New("it is no folder, and no folder of documents is reached through a link")}
	}
	return dir, err
}

// PutDocument implements store.Documents.
func (s *Store) PutDocument(ctx context.Context, name string, data []byte) error {
	if err := s.beginDocument(ctx, name); err != nil {
		return err
	}
	if err := store.CheckDocument(name, data); err != nil {
		return err
	}
	dir, err := s.documentsFolder()
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.Mkdir(dir, 0o755); err == nil {
			err = s.files.SyncDir(s.base)
		} else if errors.Is(err, fs.ErrExist) {
			dir, err = s.documentsFolder() // somebody was faster
		}
	}
	if err != nil {
		return fmt.Errorf("document %s: %w", name, err)
	}
	// What killed processes left takes room alone: that it cannot be removed is no error.
	_, _ = atomicfile.RemoveLeftovers(dir)
	path, plain := s.documentPath(name), s.plainPath(name)
	for _, p := range []string{path, plain} {
		if err := checkRegular(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("document %s: %w", name, err)
		}
	}
	if err := atomicfile.WriteBytes(path, encodeDocument(name, data)); err != nil {
		return fmt.Errorf("document %s: %w", name, err)
	}
	if err := removeIfThere(plain); err != nil {
		return fmt.Errorf("document %s: %w", name, err)
	}
	return nil
}

// Document implements store.Documents.
func (s *Store) Document(ctx context.Context, name string) ([]byte, error) {
	if err := s.beginDocument(ctx, name); err != nil {
		return nil, err
	}
	_, err := s.documentsFolder()
	if err == nil {
		var data []byte
		if data, err = s.readDocument(name); err == nil {
			return data, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = store.ErrNotFound
	}
	return nil, fmt.Errorf("document %s: %w", name, err)
}

// DeleteDocument implements store.Documents.
func (s *Store) DeleteDocument(ctx context.Context, name string) error {
	if err := s.beginDocument(ctx, name); err != nil {
		return err
	}
	dir, err := s.documentsFolder()
	if err == nil {
		// First the one that would come to light behind the other.
		err = errors.Join(removeIfThere(s.plainPath(name)), removeIfThere(s.documentPath(name)))
		if err == nil {
			err = s.files.SyncDir(dir)
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("document %s: %w", name, err)
	}
	return nil
}

// DocumentNames implements store.Documents. Files whose names cannot be those of
// documents are not listed.
func (s *Store) DocumentNames(ctx context.Context, prefix string) ([]string, error) {
	if err := s.isOpen(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	dir, err := s.documentsFolder()
	var entries []os.DirEntry
	if err == nil {
		entries, err = os.ReadDir(dir)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing the documents: %w", err)
	}
	var out []string
	for _, e := range entries {
		if name, ok := documentOfFile(e.Name()); ok && e.Type().IsRegular() && strings.HasPrefix(name, prefix) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// beginDocument is how the methods begin that are about one document.
func (s *Store) beginDocument(ctx context.Context, name string) error {
	if err := s.isOpen(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return store.CheckDocumentName(name)
}
