package milvus

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// failedIDs are the files that are known to have failed. A record that is written
// clears the failure of its file, but deleting thousands of failures that are not
// there takes a server about as long as writing the records; so only those are
// deleted that this store has seen: when it was opened, when it recorded them, and
// when it looked up a file, which an indexing run does before it writes. A failure
// that another process records in between stays until the next attempt at its file.
type failedIDs struct {
	mu  sync.Mutex
	ids map[string]struct{}
}

func (f *failedIDs) add(ids []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ids == nil {
		f.ids = make(map[string]struct{})
	}
	for _, id := range ids {
		f.ids[id] = struct{}{}
	}
}

func (f *failedIDs) remove(ids []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range ids {
		delete(f.ids, id)
	}
}

// among returns the ids of the rows that are known to have failed.
func (f *failedIDs) among(rows []row) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.ids) == 0 {
		return nil
	}
	var out []string
	for i := range rows {
		if _, ok := f.ids[rows[i].ID]; ok {
			out = append(out, rows[i].ID)
		}
	}
	return out
}

// learnFailed reads the ids of all failures.
func (s *Store) learnFailed(ctx context.Context) error {
	sc := scan{
		s: s, collection: s.physical + metaSuffix, where: ofKind(kindFailure), fields: []string{fieldID},
		page: maxWindow / 2, prefix: failurePrefix,
	}
	err := sc.run(ctx, func(r *rows) error {
		ids := make([]string, r.len())
		for i := range ids {
			ids[i] = strings.TrimPrefix(r.raw(fieldID, i), failurePrefix)
		}
		s.failed.add(ids)
		return r.err
	})
	if err != nil {
		return fmt.Errorf("reading which files have failed: %w", err)
	}
	return nil
}
