package milvus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// kindAside is the kind of a row that was a damaged document. Its id is kindAside, the time
// and the document's name; the rest is as it was.
const kindAside = "aside"

// verifyDocuments reads all documents, and returns the names of those that are damaged.
func (s *Store) verifyDocuments(ctx context.Context, found func(string)) (damaged []string, err error) {
	names, err := s.DocumentNames(ctx, "")
	if errors.Is(err, store.ErrDamaged) {
		found(err.Error())
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	for _, name := range names {
		_, err := s.Document(ctx, name)
		switch {
		case errors.Is(err, store.ErrDamaged):
			damaged = append(damaged, name)
			found(fmt.Sprintf("document %s, %s, is damaged", name, store.DocumentKind(name)))
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	return damaged, nil
}

// Repair implements store.Repairer: damaged documents are set aside, as rows of a kind of
// their own. The server answers for the rest; what Verify finds of it stays.
func (s *Store) Repair(ctx context.Context, found, told func(string)) error {
	if err := s.beginChange(ctx); err != nil {
		return err
	}
	names, err := s.verifyDocuments(ctx, found)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := s.setAside(ctx, name, told); err != nil {
			return fmt.Errorf("set document %s aside: %w", name, err)
		}
	}
	return nil
}

func (s *Store) setAside(ctx context.Context, name string, told func(string)) error {
	d, text, there, err := s.readDocument(ctx, name, service.Strong)
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return err
	}
	if err == nil && !there {
		return nil // removed since
	}
	aside := metaRow{id: fmt.Sprintf("%s:%d:%s", kindAside, time.Now().Unix(), name), kind: kindAside, path: name, reason: text, data: d}
	if err := s.writeMeta(ctx, s.physical, aside); err != nil {
		return err
	}
	if err := s.remove(ctx, s.physical+metaSuffix, oneOf([]string{documentPrefix + name})); err != nil {
		return err
	}
	told(fmt.Sprintf("document %s was set aside as row %s of %s; lost is %s", name, aside.id, s.physical+metaSuffix, store.DocumentKind(name)))
	return nil
}
