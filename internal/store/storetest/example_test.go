package storetest_test

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// memoryIndexes are the indexes of a memory store by name: what a folder or a server is
// to a real one.
type memoryIndexes struct {
	mu   sync.Mutex
	data map[string]*memoryIndex
}

// memoryIndex is one index. Its maps are replaced and never written to, so that a scan
// goes on over what was there when it began.
type memoryIndex struct {
	mu               sync.RWMutex
	model            store.Model
	records          map[string]store.Record
	failures         map[string]store.Failure
	created, updated time.Time
}

// open opens an index, and makes it if the mode says so.
func (x *memoryIndexes) open(name string, mode store.Mode, m store.Model) (store.Store, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.data == nil {
		x.data = make(map[string]*memoryIndex)
	}
	d := x.data[name]
	switch {
	case d == nil && !mode.Creates():
		return nil, store.ErrNoIndex
	case d == nil:
		d = &memoryIndex{model: m, created: time.Now(), updated: time.Now()}
		x.data[name] = d
	case m.Fingerprint != "" && m.Fingerprint != d.model.Fingerprint:
		return nil, &store.ModelMismatchError{Have: d.model, Want: m}
	}
	return &memory{name: name, mode: mode, index: d, closed: make(chan struct{})}, nil
}

// memory is a store that keeps its index in memory.
type memory struct {
	name   string
	mode   store.Mode
	index  *memoryIndex
	closed chan struct{}
	once   sync.Once
}

// ready is how every call begins.
func (s *memory) ready(ctx context.Context) error {
	select {
	case <-s.closed:
		return store.ErrClosed
	default:
		return ctx.Err()
	}
}

// change runs f on copies of the maps, and puts them in place if it succeeds.
func (s *memory) change(ctx context.Context, f func(records map[string]store.Record, failures map[string]store.Failure) error) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if !s.mode.Writes() {
		return store.ErrReadOnly
	}
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	records, failures := make(map[string]store.Record), make(map[string]store.Failure)
	maps.Copy(records, s.index.records)
	maps.Copy(failures, s.index.failures)
	if err := f(records, failures); err != nil {
		return err
	}
	s.index.records, s.index.failures, s.index.updated = records, failures, time.Now()
	return nil
}

func (s *memory) Upsert(ctx context.Context, records []store.Record) error {
	for i := range records {
		if err := records[i].Validate(s.index.model.Dim); err != nil {
			return err
		}
	}
	return s.change(ctx, func(all map[string]store.Record, failures map[string]store.Failure) error {
		for _, r := range records {
			all[r.ID] = clone(r)
			delete(failures, r.ID)
		}
		return nil
	})
}

func (s *memory) Delete(ctx context.Context, ids []string) error {
	return s.change(ctx, func(records map[string]store.Record, failures map[string]store.Failure) error {
		for _, id := range ids {
			delete(records, id)
			delete(failures, id)
		}
		return nil
	})
}

func (s *memory) SetTags(ctx context.Context, source string, tags map[string][]store.Tag) error {
	return s.change(ctx, func(records map[string]store.Record, _ map[string]store.Failure) error {
		for id, list := range tags {
			r, ok := records[id]
			if !ok {
				return fmt.Errorf("set tags of %s: %w", id, store.ErrNotFound)
			}
			r.Tags = slices.DeleteFunc(slices.Clone(r.Tags), func(t store.Tag) bool { return t.Source == source })
			for _, t := range list {
				t.Source = source
				if err := t.Validate(); err != nil {
					return err
				}
				r.Tags = append(r.Tags, t)
			}
			records[id] = r
		}
		return nil
	})
}

func (s *memory) RecordFailures(ctx context.Context, failed []store.Failure) error {
	last := make(map[string]store.Failure)
	for _, f := range failed {
		if err := f.Validate(); err != nil {
			return err
		}
		last[f.ID] = f
	}
	return s.change(ctx, func(records map[string]store.Record, failures map[string]store.Failure) error {
		for id, f := range last {
			f.Attempts = failures[id].Attempts + 1
			failures[id] = f
			delete(records, id)
		}
		return nil
	})
}

func (s *memory) Flush(ctx context.Context) error { return s.ready(ctx) }

// view returns the records that match in id order, and all failures.
func (s *memory) view(ctx context.Context, f store.Filter) ([]store.Record, map[string]store.Failure, error) {
	if err := s.ready(ctx); err != nil {
		return nil, nil, err
	}
	if err := known(f); err != nil {
		return nil, nil, err
	}
	s.index.mu.RLock()
	records, failures := s.index.records, s.index.failures
	s.index.mu.RUnlock()
	var out []store.Record
	for _, id := range slices.Sorted(maps.Keys(records)) {
		if r := records[id]; store.Match(f, &r) {
			out = append(out, r)
		}
	}
	return out, failures, nil
}

func (s *memory) Search(ctx context.Context, q store.Query) ([][]store.Hit, error) {
	records, _, err := s.view(ctx, q.Filter)
	if err != nil {
		return nil, err
	}
	if err := q.Validate(s.index.model.Dim); err != nil {
		return nil, err
	}
	out := make([][]store.Hit, q.Vectors.Rows)
	for i := range out {
		top := vec.NewTopK(q.K)
		for j, r := range records {
			if score := max(-1, min(1, vec.Dot(r.Vector, q.Vectors.Row(i)))); score >= q.MinScore {
				top.Offer(j, score)
			}
		}
		out[i] = []store.Hit{}
		for _, best := range top.Sorted(nil) { // records are in id order, so ties are too
			r := clone(records[best.Index])
			r.Vector = nil
			out[i] = append(out[i], store.Hit{Record: r, Score: best.Score})
		}
	}
	return out, nil
}

func (s *memory) Scan(ctx context.Context, f store.Filter, fields store.Fields) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		records, _, err := s.view(ctx, f)
		if err != nil {
			yield(store.Record{}, err)
			return
		}
		for _, r := range records {
			if err := s.ready(ctx); err != nil {
				yield(store.Record{}, err)
				return
			}
			if r = clone(r); !fields.Vectors {
				r.Vector = nil
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (s *memory) Count(ctx context.Context, f store.Filter) (int64, error) {
	records, _, err := s.view(ctx, f)
	return int64(len(records)), err
}

func (s *memory) Get(ctx context.Context, ids []string) ([]store.Record, error) {
	records, _, err := s.view(ctx, nil)
	if err != nil {
		return nil, err
	}
	var out []store.Record
	for _, id := range ids {
		i, ok := slices.BinarySearchFunc(records, id, func(r store.Record, id string) int { return cmp.Compare(r.ID, id) })
		if ok {
			out = append(out, clone(records[i]))
		}
	}
	return out, nil
}

func (s *memory) Stats(ctx context.Context, ids []string) (map[string]store.Stat, error) {
	records, err := s.Get(ctx, ids)
	if err != nil {
		return nil, err
	}
	_, failures, err := s.view(ctx, nil)
	if err != nil {
		return nil, err
	}
	out := make(map[string]store.Stat)
	for _, r := range records {
		out[r.ID] = store.Stat{Size: r.Size, ModTime: r.ModTime, ContentHash: r.ContentHash, MetadataStamp: r.MetadataStamp}
	}
	for _, id := range ids {
		if f, ok := failures[id]; ok {
			out[id] = store.Stat{Size: f.Size, ModTime: f.ModTime, Failed: true}
		}
	}
	return out, nil
}

func (s *memory) FindContent(ctx context.Context, hash []byte, limit int) ([]store.Record, error) {
	records, _, err := s.view(ctx, nil)
	if err != nil || len(hash) == 0 {
		return nil, err
	}
	var out []store.Record
	for _, r := range records {
		if len(out) < limit && slices.Equal(r.ContentHash, hash) {
			out = append(out, clone(r))
		}
	}
	return out, nil
}

func (s *memory) Failures(ctx context.Context) iter.Seq2[store.Failure, error] {
	return func(yield func(store.Failure, error) bool) {
		_, failures, err := s.view(ctx, nil)
		if err != nil {
			yield(store.Failure{}, err)
			return
		}
		sorted := slices.SortedFunc(maps.Values(failures), func(a, b store.Failure) int {
			return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.ID, b.ID))
		})
		for _, f := range sorted {
			if !yield(f, nil) {
				return
			}
		}
	}
}

func (s *memory) Describe(ctx context.Context) (store.Description, error) {
	records, failures, err := s.view(ctx, nil)
	s.index.mu.RLock()
	defer s.index.mu.RUnlock()
	return store.Description{
		Kind: "memory", Location: "this process", Collection: s.name, Model: s.index.model, Format: 1,
		Records: int64(len(records)), Failures: int64(len(failures)), Created: s.index.created, Updated: s.index.updated,
	}, err
}

func (s *memory) Model() store.Model { return s.index.model }

func (s *memory) Capabilities() store.Capabilities {
	return store.Capabilities{Exact: true, ReadAfterWrite: true}
}

func (s *memory) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

// clone makes a copy that shares no memory: callers may write to what they get.
func clone(r store.Record) store.Record {
	r.ContentHash, r.Tags, r.Vector = slices.Clone(r.ContentHash), slices.Clone(r.Tags), slices.Clone(r.Vector)
	return r
}

// known returns an error for a filter of a kind that store.Match does not know.
func known(f store.Filter) error {
	var parts []store.Filter
	switch f := f.(type) {
	case store.And:
		parts = f
	case store.Or:
		parts = f
	case store.Not:
		parts = []store.Filter{f.Part}
	case nil, store.Under, store.Since, store.Until, store.Dated, store.HasTag, store.FormatIs,
		store.SideAtLeast, store.SideAtMost, store.NameLike, store.CameraHas, store.CaptionHas,
		store.RatedAtLeast, store.RatedAtMost, store.Has, store.Within, store.WithID, store.WithContent:
	default:
		return fmt.Errorf("the store does not know filters of type %T", f)
	}
	for _, part := range parts {
		if err := known(part); err != nil {
			return err
		}
	}
	return nil
}

// A store is added by writing its methods and letting Run test them. This one keeps its
// index in memory. Its test is
//
//	func TestMemory(t *testing.T) {
//		var indexes memoryIndexes
//		storetest.Run(t, func(_ context.Context, index string, m store.Model) (store.Store, error) {
//			return indexes.open(index, store.Create, m)
//		}, storetest.Opts{})
//	}
//
// The program finds a store through its entry in the table of internal/app.
func Example() {
	ctx := context.Background()
	var indexes memoryIndexes
	st, err := indexes.open("photos", store.Create, store.Model{Fingerprint: "f00d", Name: "toy", Dim: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer st.Close()
	err = st.Upsert(ctx, []store.Record{
		{ID: store.ID("photos", "/dog.jpg"), Path: "/dog.jpg", Vector: []float32{1, 0}},
		{ID: store.ID("photos", "/cat.jpg"), Path: "/cat.jpg", Vector: []float32{0, 1}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	query := vec.Matrix{Data: []float32{0.8, 0.6}, Rows: 1, Cols: 2}
	hits, err := st.Search(ctx, store.Query{Vectors: query, K: 2, MinScore: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, h := range hits[0] {
		fmt.Printf("%.1f %s\n", h.Score, h.Path)
	}
	// Output:
	// 0.8 /dog.jpg
	// 0.6 /cat.jpg
}
