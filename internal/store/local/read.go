package local

import (
	"context"
	"iter"
	"time"

	"github.com/sightline/sightline/internal/store"
)

// Get implements store.Scanner. A record whose vector is damaged comes without one.
func (s *Store) Get(ctx context.Context, ids []string) ([]store.Record, error) {
	sn, err := s.snapshot(ctx, withVectors)
	if err != nil {
		return nil, err
	}
	defer sn.release()
	found := make(map[string]store.Record, len(ids))
	for chunk := range chunks(ids) {
		rows, err := sn.queryRecords(ctx,
			"SELECT "+sn.recordColumns()+" FROM records r WHERE r.id IN "+list(len(chunk)), chunk...)
		if err != nil {
			return nil, err
		}
		if err := sn.attachTags(ctx, rows); err != nil {
			return nil, err
		}
		damaged, err := sn.attachVectors(ctx, rows)
		if err != nil {
			return nil, err
		}
		s.warnDamaged(damaged)
		for _, r := range rows {
			found[r.ID] = r.Record
		}
	}
	out := make([]store.Record, 0, len(found))
	for _, id := range ids {
		if r, ok := found[id]; ok {
			out = append(out, r)
		}
	}
	return out, nil
}

// Stats implements store.Scanner.
func (s *Store) Stats(ctx context.Context, ids []string) (map[string]store.Stat, error) {
	sn, err := s.snapshot(ctx, catalogueOnly)
	if err != nil {
		return nil, err
	}
	defer sn.release()
	out := make(map[string]store.Stat, len(ids))
	for chunk := range chunks(ids) {
		in := list(len(chunk))
		rows, err := sn.tx.QueryContext(ctx,
			"SELECT id, size, mtime_s, mtime_ns, hash, 0, "+sn.stampColumn()+" FROM records r WHERE id IN "+in+
				" UNION ALL SELECT id, size, mtime_s, mtime_ns, NULL, 1, 0 FROM failures WHERE id IN "+in,
			append(chunk, chunk...)...)
		if err != nil {
			return nil, sqlError(err)
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			var sec, ns int64
			var st store.Stat
			if err := rows.Scan(&id, &st.Size, &sec, &ns, &st.ContentHash, &st.Failed, &st.MetadataStamp); err != nil {
				return nil, sqlError(err)
			}
			st.ModTime = timeOf(sec, ns)
			out[id] = st
		}
		if err := rows.Err(); err != nil {
			return nil, sqlError(err)
		}
	}
	return out, nil
}

// FindContent implements store.Scanner. Records whose vectors are damaged are left out.
func (s *Store) FindContent(ctx context.Context, hash []byte, limit int) ([]store.Record, error) {
	if len(hash) == 0 || limit < 1 {
		return nil, s.isOpen()
	}
	sn, err := s.snapshot(ctx, withVectors)
	if err != nil {
		return nil, err
	}
	defer sn.release()
	rows, err := sn.queryRecords(ctx, "SELECT "+sn.recordColumns()+" FROM records r WHERE r.hash = ? ORDER BY r.id LIMIT ?", hash, limit)
	if err != nil {
		return nil, err
	}
	if err := sn.attachTags(ctx, rows); err != nil {
		return nil, err
	}
	damaged, err := sn.attachVectors(ctx, rows)
	if err != nil {
		return nil, err
	}
	s.warnDamaged(damaged)
	var out []store.Record
	for _, r := range rows {
		if r.Vector != nil { // others have no embedding that could be used again
			out = append(out, r.Record)
		}
	}
	return out, nil
}

// Count implements store.Scanner.
func (s *Store) Count(ctx context.Context, f store.Filter) (int64, error) {
	where, err := compile(f)
	if err != nil {
		return 0, err
	}
	sn, err := s.snapshot(ctx, catalogueOnly)
	if err != nil {
		return 0, err
	}
	defer sn.release()
	if err := sn.canAnswer(where); err != nil {
		return 0, err
	}
	if f == nil {
		return sn.records(ctx)
	}
	var n int64
	err = sn.tx.QueryRowContext(ctx, "SELECT count(*) FROM records r WHERE "+where.sql, where.args...).Scan(&n)
	return n, sqlError(err)
}

// records counts the records by what is not there, which is the shorter list.
func (sn *snapshot) records(ctx context.Context) (int64, error) {
	var freed int64
	err := sn.tx.QueryRowContext(ctx, "SELECT count(*) FROM freed").Scan(&freed)
	return sn.rowCount - freed, sqlError(err)
}

// Failures implements store.Scanner.
func (s *Store) Failures(ctx context.Context) iter.Seq2[store.Failure, error] {
	return func(yield func(store.Failure, error) bool) {
		if err := s.failures(ctx, func(f store.Failure) bool { return yield(f, nil) }); err != nil {
			yield(store.Failure{}, err)
		}
	}
}

func (s *Store) failures(ctx context.Context, yield func(store.Failure) bool) error {
	sn, err := s.snapshot(ctx, catalogueOnly)
	if err != nil {
		return err
	}
	defer sn.release()
	rows, err := sn.tx.QueryContext(ctx, `SELECT id, path, root, size, mtime_s, mtime_ns, reason, at_s, at_ns, attempts
		FROM failures ORDER BY path, id`)
	if err != nil {
		return sqlError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var f store.Failure
		var path, root []byte
		var modS, modNS, atS, atNS int64
		err := rows.Scan(&f.ID, &path, &root, &f.Size, &modS, &modNS, &f.Reason, &atS, &atNS, &f.Attempts)
		if err != nil {
			return s.closedOr(sqlError(err))
		}
		f.Path, f.Root = string(path), string(root)
		f.ModTime, f.At = timeOf(modS, modNS), timeOf(atS, atNS)
		if !yield(f) {
			return nil
		}
	}
	return s.closedOr(sqlError(rows.Err()))
}

// Describe implements store.Store.
func (s *Store) Describe(ctx context.Context) (store.Description, error) {
	sn, err := s.snapshot(ctx, catalogueOnly)
	if err != nil {
		return store.Description{}, err
	}
	defer sn.release()
	d := store.Description{
		Kind:       Kind,
		Location:   s.dir,
		Collection: s.collection,
		Model:      s.model,
		Created:    time.Unix(s.created, 0).UTC(),
		Updated:    time.Unix(sn.updated, 0).UTC(),
		Format:     sn.format,
	}
	if d.Records, err = sn.records(ctx); err != nil {
		return d, err
	}
	if err := sn.tx.QueryRowContext(ctx, "SELECT count(*) FROM failures").Scan(&d.Failures); err != nil {
		return d, sqlError(err)
	}
	d.Bytes, err = bytesIn(s.dir)
	return d, err
}
