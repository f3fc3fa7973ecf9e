package milvus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// Beside each collection of records lies a companion: a small collection with the
// failures, and with what the index knows about itself. A schema has a description,
// but Milvus Lite does not keep it.

// The kinds of rows in a companion, and the ids of those that exist once. The id of a
// failure is failurePrefix and the id of the file.
const (
	kindMeta    = "meta"
	kindFailure = "failure"

	idIndex   = "meta:index"
	idTuning  = "meta:tuning"
	idUpdated = "meta:updated"

	failurePrefix = "failure:"
)

// indexMeta is the row idIndex.
type indexMeta struct {
	Format     int         `json:"format"`
	Collection string      `json:"collection"` // the user's name
	Model      store.Model `json:"model"`
	Index      string      `json:"index"` // type
	Created    int64       `json:"created"`
	IDSpace    string      `json:"id_space,omitempty"` // "" for Collection; see store.IDSpace
}

// tuning is the row idTuning.
type tuning struct {
	Parameter string  `json:"parameter,omitempty"` // the one that the values are for
	Value     int     `json:"value,omitempty"`     // for any number of hits, as earlier versions kept it; 0 for none
	Recall    float64 `json:"recall,omitempty"`    // measured with Value
	For       []tuned `json:"for,omitempty"`       // by number of hits
}

// tuned is a value that was measured for searches of up to K hits, 0 for any number.
type tuned struct {
	K      int     `json:"k"`
	Value  int     `json:"value"`
	Recall float64 `json:"recall"`
}

func (t tuned) hits() string {
	if t.K == 0 {
		return "any number of hits"
	}
	return fmt.Sprintf("up to %d hits", t.K)
}

// at lists the values by the number of hits, the fewest first.
func (t tuning) at() []tuned {
	out := slices.Clone(t.For)
	if t.Value > 0 {
		out = append(out, tuned{Value: t.Value, Recall: t.Recall})
	}
	slices.SortFunc(out, func(a, b tuned) int {
		return cmp.Or(cmp.Compare(cmp.Or(a.K, math.MaxInt), cmp.Or(b.K, math.MaxInt)))
	})
	return out
}

// value is what was kept for searches of k hits, 0 for nothing.
func (t tuning) value(k int) int {
	for _, x := range t.at() {
		if x.K == 0 || k <= x.K {
			return x.Value
		}
	}
	return 0
}

// with returns the tuning with another value for searches of up to k hits.
func (t tuning) with(x tuned) tuning {
	t.For = append(slices.DeleteFunc(slices.Clone(t.For), func(old tuned) bool { return old.K == x.K }), x)
	return t
}

// updated is the row idUpdated.
type updated struct {
	At int64 `json:"at"` // nanoseconds
}

// metaRow is one row of a companion.
type metaRow struct {
	id, kind, path, root, reason string
	data                         any
}

// writeMeta puts rows into a companion.
func (s *Store) writeMeta(ctx context.Context, physical string, rows ...metaRow) error {
	var ids, kinds, paths, roots, reasons service.Texts
	var data service.Documents
	var vectors service.Vectors
	for _, r := range rows {
		text, err := json.Marshal(r.data)
		if err != nil {
			return fmt.Errorf("%s: %w", r.id, err)
		}
		ids, kinds = append(ids, r.id), append(kinds, r.kind)
		paths, roots, reasons = append(paths, escape(r.path)), append(roots, escape(r.root)), append(reasons, escapeUpTo(r.reason, maxText))
		data = append(data, text)
		vectors = append(vectors, make([]float32, metaDim))
		vectors[len(vectors)-1][0] = 1
	}
	return s.client.Upsert(ctx, physical+metaSuffix, []service.Column{
		{Name: fieldID, Values: ids},
		{Name: fieldKind, Values: kinds},
		{Name: fieldPath, Values: paths},
		{Name: fieldRoot, Values: roots},
		{Name: fieldReason, Values: reasons},
		{Name: fieldData, Values: data},
		{Name: fieldVector, Values: vectors},
	})
}

// readMeta reads a row that exists once into data, and reports whether it is there.
func (s *Store) readMeta(ctx context.Context, physical, id string, level service.Consistency, data any) (bool, error) {
	rows, err := s.query(ctx, physical+metaSuffix, oneOf([]string{id}), []string{fieldID, fieldData}, level, 0)
	if err != nil || rows.len() == 0 {
		return false, err
	}
	text := rows.json(fieldData, 0)
	if rows.err != nil {
		return false, rows.err
	}
	if err := json.Unmarshal(text, data); err != nil {
		return false, fmt.Errorf("%w: %s of collection %s: %w", store.ErrDamaged, id, physical, err)
	}
	return true, nil
}

// readIndexMeta reads what an index knows about itself. The row hardly ever changes,
// so that it is first looked for without waiting for the latest writes.
func (s *Store) readIndexMeta(ctx context.Context, physical string) (m indexMeta, found bool, err error) {
	for _, level := range []service.Consistency{service.Eventually, service.Strong} {
		found, err = s.readMeta(ctx, physical, idIndex, level, &m)
		if errors.Is(err, service.ErrNoCollection) {
			return m, false, nil
		}
		if found || err != nil {
			break
		}
	}
	if err == nil && m.Format > formatVersion {
		err = fmt.Errorf("collection %s: %w", physical, store.ErrNewerFormat)
	}
	return m, found, err
}

// touchEvery is how often the time of the last change is written: each time costs the
// server about as much as a hundred records, and nobody needs to know it better.
const touchEvery = 10 * time.Second

// touch notes the time of a change. It is written now and then, and when the store is
// closed.
func (s *Store) touch(ctx context.Context) error {
	s.mu.Lock()
	s.updated = time.Now()
	s.mu.Unlock()
	return s.keepUpdated(ctx, touchEvery)
}

// keepUpdated writes the time of the last change where the server does not have it, and
// what it has was written longer ago than a time.
func (s *Store) keepUpdated(ctx context.Context, ago time.Duration) error {
	s.mu.Lock()
	now := time.Now()
	write := s.updated.After(s.updatedKept) && now.Sub(s.updatedKept) > ago
	at := s.updated
	if write {
		s.updatedKept = now
	}
	s.mu.Unlock()
	if !write {
		return nil
	}
	return s.writeMeta(ctx, s.physical, metaRow{id: idUpdated, kind: kindMeta, data: updated{At: at.UnixNano()}})
}

// query runs a query and returns its rows by field.
func (s *Store) query(ctx context.Context, collection, expr string, fields []string, level service.Consistency, limit int) (*rows, error) {
	level, done := s.session.level(collection, level)
	set, err := s.client.Query(ctx, service.Query{Collection: collection, Expr: expr, Fields: fields, Consistency: level, Limit: limit})
	if err != nil {
		return nil, err
	}
	done()
	return newRows(set), nil
}

// count counts the rows that match an expression.
func (s *Store) count(ctx context.Context, collection, expr string, level service.Consistency) (int64, error) {
	const field = "count(*)"
	level, done := s.session.level(collection, level)
	set, err := s.client.Query(ctx, service.Query{Collection: collection, Expr: expr, Fields: []string{field}, Consistency: level})
	if err != nil {
		return 0, err
	}
	done()
	r := newRows(set)
	n := r.int(field, 0)
	return n, r.err
}
