package milvus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// bulkAtOnce is how many files a server is given to read at a time.
const bulkAtOnce = 8

// bulkLook is how long to wait before looking at the tasks again.
const bulkLook = 500 * time.Millisecond

// ImportBulk lets the server read the files of an export, which lie in a folder of its own
// storage: at is the path there, as the server writes paths. It returns when all records
// can be found. told is handed how many are there of how many. The collection must be
// empty, since a server does not look whether an id is there already.
func (s *Store) ImportBulk(ctx context.Context, t BulkTable, at string, told func(done, total int64)) error {
	if err := s.beginChange(ctx); err != nil {
		return err
	}
	if t.Dim != s.meta.Model.Dim {
		return fmt.Errorf("the files hold vectors of %d dimensions, and the collection takes %d", t.Dim, s.meta.Model.Dim)
	}
	n, err := s.count(ctx, s.physical, always.everything(), service.Strong)
	if err != nil {
		return fmt.Errorf("counting the records: %w", err)
	}
	if n > 0 {
		return fmt.Errorf("%w: collection %s holds %d records, and an import would not replace them", store.ErrExists, s.physical, n)
	}
	if err := s.importFiles(ctx, t, at, told); err != nil {
		return &fault.Error{
			Err:    fmt.Errorf("importing into collection %s: %w", s.physical, err),
			Advice: "what was imported stays there: remove the index with indexer collections drop, and import again",
		}
	}
	if err := s.awaitRecords(ctx, t.Records); err != nil {
		return err
	}
	return s.touch(ctx)
}

// task is the import of one file.
type task struct {
	id   int64
	file BulkFile
}

// importFiles begins the tasks, some at a time, and returns when the last has ended.
func (s *Store) importFiles(ctx context.Context, t BulkTable, at string, told func(done, total int64)) error {
	var running []task
	var done int64
	for rest := t.Files; len(rest) > 0 || len(running) > 0; {
		for len(rest) > 0 && len(running) < bulkAtOnce {
			// It must not be tried again: the server would import the file twice.
			id, err := s.client.BulkInsert(impatient(ctx), s.physical, path.Join(at, rest[0].Name))
			if err != nil {
				return fmt.Errorf("file %s: %w", rest[0].Name, err)
			}
			running, rest = append(running, task{id, rest[0]}), rest[1:]
		}
		left := running[:0]
		for _, x := range running {
			ended, err := s.importEnded(ctx, x)
			if err != nil {
				return err
			}
			if !ended {
				left = append(left, x)
				continue
			}
			done += x.file.Records
			told(done, t.Records)
		}
		if running = left; len(running) < bulkAtOnce && len(rest) > 0 || len(running) == 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server goes on with %d files: %w", len(running), ctx.Err())
		case <-time.After(bulkLook):
		}
	}
	return nil
}

// importEnded reports whether a task has ended, or why it has failed.
func (s *Store) importEnded(ctx context.Context, x task) (bool, error) {
	state, err := s.client.DescribeBulkInsert(ctx, x.id)
	if err != nil {
		return false, fmt.Errorf("file %s: %w", x.file.Name, err)
	}
	if state.Failed {
		return false, fmt.Errorf("file %s: the server says: %s", x.file.Name, cmp.Or(state.Reason, "the import failed"))
	}
	return state.Done, nil
}

// awaitRecords waits until so many records can be found.
func (s *Store) awaitRecords(ctx context.Context, want int64) error {
	ctx, cancel := context.WithTimeout(ctx, s.loadTimeout)
	defer cancel()
	for {
		n, err := s.count(ctx, s.physical, always.everything(), service.Strong)
		switch {
		case err == nil && n == want:
			return nil
		case err == nil && n > want:
			return fmt.Errorf("%d records were to be imported, and the server counts %d", want, n)
		case err != nil && !errors.Is(err, context.DeadlineExceeded):
			return fmt.Errorf("counting what was imported: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the files are imported, but the server counts %d records of %d after %s (milvus.load_timeout): %w", n, want, s.loadTimeout, ctx.Err())
		case <-time.After(bulkLook):
		}
	}
}
