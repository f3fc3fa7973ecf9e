package milvus

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// Count implements store.Scanner.
func (s *Store) Count(ctx context.Context, f store.Filter) (int64, error) {
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	where, err := compile(f)
	if err != nil || where == never {
		return 0, err
	}
	n, err := s.countRecords(ctx, where)
	if err != nil {
		return 0, fmt.Errorf("counting records: %w", err)
	}
	return n, nil
}

// countRecords counts the records that match a condition: by their ids, where the
// server has been seen to count wrongly.
func (s *Store) countRecords(ctx context.Context, where condition) (int64, error) {
	if !s.countsAhead.Load() {
		return s.count(ctx, s.physical, where.everything(), service.Strong)
	}
	sc := scan{s: s, collection: s.physical, where: where.text, fields: []string{fieldID}, page: maxWindow / 2}
	pages, err := sc.counted(ctx)
	if err != nil {
		return 0, err
	}
	t, err := sc.pass(ctx, sc.pages(pages), func(*rows) error { return nil })
	return t.rows, err
}

// Get implements store.Scanner.
func (s *Store) Get(ctx context.Context, ids []string) ([]store.Record, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	found := make(map[string]store.Record, len(ids))
	if err := s.eachRecord(ctx, ids, func(r readRecord) {
		if r.ok {
			found[r.ID] = r.Record
		}
	}); err != nil {
		return nil, err
	}
	var out []store.Record
	for _, id := range ids {
		if r, ok := found[id]; ok {
			// An id may be asked for twice, and what is returned is the caller's own.
			r.Vector, r.Tags = slices.Clone(r.Vector), slices.Clone(r.Tags)
			out = append(out, r)
		}
	}
	return out, nil
}

// eachRecord calls take with the rows of the given ids that are there, vectors included,
// in any order.
func (s *Store) eachRecord(ctx context.Context, ids []string, take func(readRecord)) error {
	return s.eachRow(ctx, ids, s.meta.Model.Dim, take)
}

// eachRow is eachRecord for vectors of a dimension, and without them for 0.
func (s *Store) eachRow(ctx context.Context, ids []string, dim int, take func(readRecord)) error {
	fields := slices.Clone(recordFields)
	if dim > 0 {
		fields = append(fields, fieldVector)
	}
	for chunk := range slices.Chunk(ids, min(maxIDs, s.pageRows(store.Fields{Vectors: dim > 0}))) {
		if err := s.eachOf(ctx, chunk, dim, fields, take); err != nil {
			return err
		}
	}
	return nil
}

// eachOf is eachRow for so few ids that one answer has room for them.
func (s *Store) eachOf(ctx context.Context, ids []string, dim int, fields []string, take func(readRecord)) error {
	callCtx, smaller := ctx, len(ids) > leastPage && s.retryFor > 0
	if smaller {
		callCtx = triesOf(ctx, messageTries)
	}
	rows, err := s.query(callCtx, s.physical, oneOf(ids), fields, service.Session, 0)
	if smaller && errors.Is(err, store.ErrUnavailable) && ctx.Err() == nil {
		for half := range slices.Chunk(ids, (len(ids)+1)/2) {
			if err := s.eachOf(ctx, half, dim, fields, take); err != nil {
				return err
			}
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading %d records: %w", len(ids), err)
	}
	for i := range rows.len() {
		if r := rows.record(i, dim); rows.err == nil {
			take(r)
		}
	}
	if rows.err != nil {
		return rows.err
	}
	s.warn(ctx, rows)
	return nil
}

var statFields = []string{fieldID, fieldSize, fieldMod, fieldModNS, fieldHash, fieldTakenNS}

// Stats implements store.Scanner. What is both a record and a failure, after a crash
// between two writes, is a failure.
func (s *Store) Stats(ctx context.Context, ids []string) (map[string]store.Stat, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	out := make(map[string]store.Stat, len(ids))
	for chunk := range slices.Chunk(ids, maxIDs) {
		rows, err := s.query(ctx, s.physical, oneOf(chunk), statFields, service.Session, 0)
		if err != nil {
			return nil, fmt.Errorf("looking up %d files: %w", len(chunk), err)
		}
		for i := range rows.len() {
			_, stamp, _ := unpackTakenNS(rows.int(fieldTakenNS, i))
			out[rows.raw(fieldID, i)] = store.Stat{
				MetadataStamp: stamp,
				Size:          rows.int(fieldSize, i), ContentHash: rows.hash(i),
				ModTime: time.Unix(rows.int(fieldMod, i), rows.int(fieldModNS, i)).UTC(),
			}
		}
		if rows.err != nil {
			return nil, rows.err
		}
		s.warn(ctx, rows)
		failures, err := s.failuresOf(ctx, chunk)
		if err != nil {
			return nil, err
		}
		for id, f := range failures {
			out[id] = store.Stat{Size: f.Size, ModTime: f.ModTime, Failed: true}
		}
	}
	return out, nil
}

// FindContent implements store.Scanner.
func (s *Store) FindContent(ctx context.Context, hash []byte, limit int) ([]store.Record, error) {
	found, err := s.FindContents(ctx, [][]byte{hash}, limit)
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// FindContents implements store.ContentsFinder.
func (s *Store) FindContents(ctx context.Context, hashes [][]byte, limit int) ([][]store.Record, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	out := make([][]store.Record, len(hashes))
	ids := make([][]string, len(hashes))
	for chunk := range slices.Chunk(hashes, maxIDs) {
		if err := s.contentIDs(ctx, hashes, chunk, ids); err != nil {
			return nil, err
		}
	}
	var wanted []string
	for i := range ids {
		slices.Sort(ids[i])
		ids[i] = ids[i][:min(max(limit, 0), len(ids[i]))]
		wanted = append(wanted, ids[i]...)
	}
	if len(wanted) == 0 {
		return out, nil
	}
	slices.Sort(wanted)
	records := make(map[string]store.Record, len(wanted))
	got, err := s.Get(ctx, slices.Compact(wanted))
	if err != nil {
		return nil, err
	}
	for _, r := range got {
		records[r.ID] = r
	}
	for i := range ids {
		for _, id := range ids[i] {
			if r, ok := records[id]; ok {
				r.Vector, r.Tags = slices.Clone(r.Vector), slices.Clone(r.Tags) // a hash may be asked for twice
				out[i] = append(out[i], r)
			}
		}
	}
	return out, nil
}

// contentIDs adds the ids of the records with some of the content hashes, each at the
// places where its hash is in all. Which rows a limit would keep is the server's whim. There
// are few copies of a file as a rule, and ids alone are small.
func (s *Store) contentIDs(ctx context.Context, all, some [][]byte, ids [][]string) error {
	var values []string
	for _, h := range some {
		if len(h) > 0 {
			values = append(values, quote(hex.EncodeToString(h)))
		}
	}
	if len(values) == 0 {
		return nil
	}
	expr := fmt.Sprintf("%s in [%s]", fieldHash, strings.Join(values, ","))
	rows, err := s.query(ctx, s.physical, expr, []string{fieldID, fieldHash}, service.Session, maxWindow)
	if err != nil {
		return fmt.Errorf("looking for copies of files: %w", err)
	}
	if rows.len() == maxWindow && len(some) > 1 { // those of one may have left no room for others
		for half := range slices.Chunk(some, (len(some)+1)/2) {
			if err := s.contentIDs(ctx, all, half, ids); err != nil {
				return err
			}
		}
		return nil
	}
	found := make(map[string][]string)
	for i := range rows.len() {
		if id := rows.raw(fieldID, i); isRecordID(id) {
			hash := rows.raw(fieldHash, i)
			found[hash] = append(found[hash], id)
		}
	}
	if rows.err != nil {
		return rows.err
	}
	for i, h := range all {
		if len(ids[i]) == 0 && len(h) > 0 {
			ids[i] = slices.Clone(found[hex.EncodeToString(h)])
		}
	}
	return nil
}
