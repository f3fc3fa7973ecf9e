package milvus

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// failureData is what the JSON field of a failure holds.
type failureData struct {
	Size     int64     `json:"size"`
	ModTime  time.Time `json:"mtime"`
	At       time.Time `json:"at"`
	Attempts int       `json:"attempts"`
}

// failureData does not use the JSON form of time.Time, which knows only the years 0
// to 9999.
func (d failureData) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]int64{
		"size": d.Size, "attempts": int64(d.Attempts),
		"mtime": d.ModTime.Unix(), "mtime_ns": int64(d.ModTime.Nanosecond()),
		"at": d.At.Unix(), "at_ns": int64(d.At.Nanosecond()),
	})
}

func (d *failureData) UnmarshalJSON(text []byte) error {
	var m map[string]int64
	if err := json.Unmarshal(text, &m); err != nil {
		return err
	}
	*d = failureData{
		Size: m["size"], Attempts: int(m["attempts"]),
		ModTime: time.Unix(m["mtime"], m["mtime_ns"]).UTC(), At: time.Unix(m["at"], m["at_ns"]).UTC(),
	}
	return nil
}

// ofKind matches the rows of a companion of one kind.
func ofKind(kind string) string { return fieldKind + " == " + quote(kind) }

func failureIDs(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = failurePrefix + id
	}
	return out
}

// RecordFailures implements store.Writer. The failure comes before the record goes:
// a crash in between leaves both, and the failure is what counts.
func (s *Store) RecordFailures(ctx context.Context, failures []store.Failure) error {
	if err := s.beginChange(ctx); err != nil {
		return err
	}
	last := make(map[string]store.Failure, len(failures))
	var ids []string
	for _, f := range failures {
		if err := f.Validate(); err != nil {
			return err
		}
		if err := checkID(failurePrefix + f.ID); err != nil {
			return err
		}
		if n := max(len(escape(f.Path)), len(escape(f.Root))); n > maxText {
			return &store.RecordError{ID: f.ID, Path: f.Path, Err: fmt.Errorf("a path of %d bytes is more than the %d that Milvus keeps", n, maxText)}
		}
		if _, ok := last[f.ID]; !ok {
			ids = append(ids, f.ID)
		}
		last[f.ID] = f
	}
	for chunk := range slices.Chunk(ids, maxIDs) {
		if err := s.recordFailures(ctx, chunk, last); err != nil {
			return err
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return s.touch(ctx)
}

func (s *Store) recordFailures(ctx context.Context, ids []string, failures map[string]store.Failure) error {
	known, err := s.failuresOf(ctx, ids)
	if err != nil {
		return err
	}
	rows := make([]metaRow, len(ids))
	size := 0
	flushed := 0
	write := func(end int) error {
		if err := s.writeMeta(ctx, s.physical, rows[flushed:end]...); err != nil {
			return fmt.Errorf("writing %d failures: %w", end-flushed, err)
		}
		flushed, size = end, 0
		return nil
	}
	for i, id := range ids {
		f := failures[id]
		rows[i] = metaRow{
			id: failurePrefix + id, kind: kindFailure, path: f.Path, root: f.Root, reason: f.Reason,
			data: failureData{Size: f.Size, ModTime: f.ModTime, At: f.At, Attempts: known[id].Attempts + 1},
		}
		// Escaped, a text is up to three times as long.
		if size += 3*(len(f.Path)+len(f.Root)+len(f.Reason)) + 256; size > s.batch.bytes() {
			if err := write(i + 1); err != nil {
				return err
			}
		}
	}
	if flushed < len(rows) {
		if err := write(len(rows)); err != nil {
			return err
		}
	}
	s.failed.add(ids)
	return s.deleteRecords(ctx, ids)
}

var failureFields = []string{fieldID, fieldPath, fieldRoot, fieldReason, fieldData}

// failuresOf returns the failures of the given files by id.
func (s *Store) failuresOf(ctx context.Context, ids []string) (map[string]store.Failure, error) {
	out := make(map[string]store.Failure)
	for chunk := range slices.Chunk(failureIDs(ids), maxIDs) {
		rows, err := s.query(ctx, s.physical+metaSuffix, oneOf(chunk), failureFields, service.Session, 0)
		if err != nil {
			return nil, fmt.Errorf("reading failures: %w", err)
		}
		for i := range rows.len() {
			f := rows.failure(i)
			out[f.ID] = f
		}
		if rows.err != nil {
			return nil, rows.err
		}
		s.warn(ctx, rows)
	}
	s.failed.add(slices.Collect(maps.Keys(out)))
	return out, nil
}

func (r *rows) failure(i int) store.Failure {
	var d failureData
	if err := json.Unmarshal(r.json(fieldData, i), &d); err != nil {
		r.odd(i, "%s of a failure cannot be read (%v); it is left out", fieldData, err)
	}
	return store.Failure{
		ID:   strings.TrimPrefix(r.raw(fieldID, i), failurePrefix),
		Path: r.plain(fieldPath, i), Root: r.plain(fieldRoot, i), Reason: r.plain(fieldReason, i),
		Size: d.Size, ModTime: d.ModTime, At: d.At, Attempts: d.Attempts,
	}
}

// Failures implements store.Scanner. All of them are read before the first is
// yielded, since the server cannot sort by path.
func (s *Store) Failures(ctx context.Context) iter.Seq2[store.Failure, error] {
	return func(yield func(store.Failure, error) bool) {
		all, err := s.allFailures(ctx)
		if err != nil {
			yield(store.Failure{}, err)
			return
		}
		for _, f := range all {
			if err := s.begin(ctx); err != nil {
				yield(store.Failure{}, err)
				return
			}
			if !yield(f, nil) {
				return
			}
		}
	}
}

func (s *Store) allFailures(ctx context.Context) ([]store.Failure, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	var all []store.Failure
	sc := scan{
		s: s, collection: s.physical + metaSuffix, where: ofKind(kindFailure), fields: failureFields,
		page: 1000, prefix: failurePrefix,
	}
	err := sc.run(ctx, func(r *rows) error {
		for i := range r.len() {
			if f := r.failure(i); f.Path != "" {
				all = append(all, f)
			}
		}
		s.warn(ctx, r)
		return r.err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the failures: %w", err)
	}
	slices.SortFunc(all, func(a, b store.Failure) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.ID, b.ID))
	})
	return all, nil
}
