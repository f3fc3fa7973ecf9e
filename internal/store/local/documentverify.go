package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/store"
)

// verifyDocuments reads all documents, and returns the names of those that are damaged.
// What lies in the place of a document and is no file is reported, and no document.
func (s *Store) verifyDocuments(ctx context.Context, found func(string)) (damaged []string, err error) {
	dir, err := s.documentsFolder()
	var entries []os.DirEntry
	if err == nil {
		entries, err = os.ReadDir(dir)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		found(fmt.Sprintf("the documents of the index cannot be read: %v", err))
		return nil, nil
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		name, ok := documentOfFile(e.Name())
		switch {
		case !ok:
			continue
		case !e.Type().IsRegular():
			found(fmt.Sprintf("%s: %v", filepath.Join(dir, e.Name()), errNotRegular))
			continue
		}
		_, err := s.readDocument(name)
		switch {
		case errors.Is(err, store.ErrDamaged):
			damaged = append(damaged, name)
			found(fmt.Sprintf("document %s, %s, is damaged", name, store.DocumentKind(name)))
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			found(fmt.Sprintf("document %s, %s: %v", name, store.DocumentKind(name), err))
		}
	}
	return damaged, nil
}

// setAside renames the files of damaged documents, so that they are documents no more and
// what is in them is there still.
func (s *Store) setAside(names []string, told func(string)) error {
	for _, name := range names {
		path := s.documentPath(name)
		aside := path + damagedInfix + time.Now().UTC().Format("20060102T150405.000000000Z")
		err := os.Rename(path, aside)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since
		} else if err != nil {
			return fmt.Errorf("set document %s aside: %w", name, err)
		}
		told(fmt.Sprintf("document %s was set aside as %s; lost is %s", name, aside, store.DocumentKind(name)))
	}
	if len(names) == 0 {
		return nil
	}
	return s.files.SyncDir(filepath.Join(s.base, documentsName))
}

// warnOfDocument tells of a damaged document that goes into a backup as it is. file is its
// path in the folder of the collection, with slashes.
func (s *Store) warnOfDocument(file string) {
	base, ok := strings.CutPrefix(file, documentsName+"/")
	if !ok {
		return
	}
	name, ok := documentOfFile(base)
	if !ok {
		return
	}
	if _, err := s.readDocument(name); errors.Is(err, store.ErrDamaged) {
		s.log.Warn("a document of the index is damaged, and so it is in the backup; indexer verify --repair sets it aside",
			"document", name, "what", store.DocumentKind(name))
	}
}
