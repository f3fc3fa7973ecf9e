package milvus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// verifyVectors is about how many vectors Verify reads: 40 MB of 512 dimensions. All of a
// large index would be terabytes.
const verifyVectors = 20_000

// Verify implements store.Verifier. It reads every record and every failure, counts them,
// and reads every document. Of an index of more than verifyVectors records it reads the
// vectors of some ranges of ids, chosen at random, and says so in the log. Rows that another
// client wrote in a way of its own are warned of one by one: they are no damage.
func (s *Store) Verify(ctx context.Context, found func(problem string)) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	ctx = context.WithValue(ctx, keyAllWarnings, true)
	target, err := s.target(ctx)
	if err != nil {
		return err
	}
	if s.inUse.Load() && target != s.physical {
		found(fmt.Sprintf("%s stands for collection %q, not for %s", s.alias, target, s.physical))
	}
	err = s.verifyRecords(ctx, verifyVectors, found)
	if errors.Is(err, store.ErrDamaged) {
		found(err.Error())
		err = nil
	}
	if err != nil {
		return err
	}
	failures, err := s.allFailures(ctx)
	if errors.Is(err, store.ErrDamaged) {
		found(err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range failures {
		if err := f.Validate(); err != nil {
			found(err.Error())
		}
	}
	for chunk := range slices.Chunk(failures, maxIDs) {
		if err := s.verifyFailed(ctx, chunk, found); err != nil {
			return err
		}
	}
	if _, err := s.verifyDocuments(ctx, found); err != nil {
		return err
	}
	if _, err := s.readMeta(ctx, s.physical, idIndex, service.Strong, &indexMeta{}); errors.Is(err, store.ErrDamaged) {
		found(err.Error())
	} else if err != nil {
		return err
	}
	return nil
}

// verifyRecords looks at all records, and at the vectors of about so many at most.
func (s *Store) verifyRecords(ctx context.Context, most int64, found func(problem string)) error {
	dim := s.meta.Model.Dim
	count, err := s.countRecords(ctx, always)
	if err != nil {
		return fmt.Errorf("counting the records: %w", err)
	}
	validate := func(page []store.Record) error {
		for i := range page {
			if err := page[i].Validate(dim); err != nil {
				found(err.Error())
			}
		}
		return nil
	}
	if count <= most {
		return s.scanPages(ctx, nil, store.Fields{Vectors: true}, validate)
	}
	unread := make([]float32, dim) // in the place of each vector
	unread[0] = 1
	err = s.scanPages(ctx, nil, store.Fields{}, func(page []store.Record) error {
		for i := range page {
			page[i].Vector = unread
		}
		return validate(page)
	})
	if err != nil {
		return err
	}
	sc := scan{
		s: s, collection: s.physical, fields: append(slices.Clone(recordFields), fieldVector), total: count,
		page: min(s.pageRows(store.Fields{Vectors: true}), max(int(most/verifyRanges), 1)),
	}
	pages := sc.pages(count)
	chosen := make(map[int64]bool)
	for int64(len(chosen)) < min(most/int64(sc.page), pages) {
		chosen[rand.Int64N(pages)] = true
	}
	var page, looked int64
	for low, high := range ranges(pages) {
		if page++; !chosen[page-1] {
			continue
		}
		err := sc.readRange(ctx, low, high, s.eachPage(ctx, dim, func(records []store.Record) error {
			looked += int64(len(records))
			return validate(records)
		}))
		if err != nil {
			return fmt.Errorf("reading a sample of the vectors: %w", err)
		}
	}
	s.log.WarnContext(ctx, "the index is large: of the vectors only some were looked at, chosen at random", "looked", looked, "of", count)
	return nil
}

// verifyRanges is how many ranges a sample has at least.
const verifyRanges = 8

// verifyFailed reports the files that are a record as well as a failure.
func (s *Store) verifyFailed(ctx context.Context, failures []store.Failure, found func(problem string)) error {
	var ids []string
	paths := make(map[string]string, len(failures))
	for _, f := range failures {
		if checkID(f.ID) == nil {
			ids, paths[f.ID] = append(ids, f.ID), f.Path
		}
	}
	rows, err := s.query(ctx, s.physical, oneOf(ids), []string{fieldID}, service.Session, 0)
	if err != nil {
		return fmt.Errorf("looking for failed files among the records: %w", err)
	}
	for i := range rows.len() {
		found(fmt.Sprintf("%q is a record and a failure: a change was cut short; indexer retry puts it right",
			paths[rows.raw(fieldID, i)]))
	}
	return rows.err
}
