package app

import (
	"bytes"
	"context"
	"errors"
	"image"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/explore"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/duplicates"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Explore explores the index that the settings name, with names from a label list, and
// keeps the map with it. The map that was there stays until the new one is whole.
func (e *Env) Explore(ctx context.Context, cfg config.Config, labels *label.List, o explore.Options) (*explore.Map, error) {
	open, err := e.OpenIndex(ctx, cfg, store.ReadOnly, OneQuery)
	if err != nil {
		return nil, err
	}
	m, err := e.explore(ctx, open, labels, o)
	return m, errors.Join(err, open.Close())
}

func (e *Env) explore(ctx context.Context, open *Open, labels *label.List, o explore.Options) (*explore.Map, error) {
	if _, ok := store.As[store.Documents](open.Store); !ok { // before the work
		return nil, explore.ErrNoDocuments
	}
	names, err := e.Classifier(ctx, open.Encoder, labels, Labelling{Templates: []string{"{}", zeroshot.OneTemplate}, Engine: open.Engine})
	if err != nil {
		return nil, err
	}
	o.Names, o.Engine = names, open.Engine
	m, err := explore.Run(ctx, open.Store, o)
	if err != nil {
		return nil, err
	}
	return m, m.Save(ctx, open.Store)
}

// FindDuplicates looks for pictures of the index that are the same, or nearly, and keeps
// what it finds with the index. It reads the files of those whose embeddings are near.
func (e *Env) FindDuplicates(ctx context.Context, cfg config.Config, now time.Time) (*explore.Duplicates, error) {
	st, err := e.OpenStore(ctx, cfg, store.ReadOnly, store.Model{})
	if err != nil {
		return nil, err
	}
	d, err := e.findDuplicates(ctx, cfg, st, now)
	return d, errors.Join(err, st.Close())
}

func (e *Env) findDuplicates(ctx context.Context, cfg config.Config, st store.Store, now time.Time) (*explore.Duplicates, error) {
	cache, err := Looks(ctx, cfg, st)
	if err != nil {
		return nil, err
	}
	look := func(r *store.Record) (*duplicates.Look, error) { return e.LookAt(cache, r) }
	return explore.FindDuplicates(ctx, st, look, now)
}

// lookSide is the side of what is read of a picture for comparing it, in pixels: four times
// that of what is compared.
const lookSide = 128

// LookAt says what a picture shows: from the cache, or else from its file, which must be
// there either way.
func (e *Env) LookAt(cache *duplicates.Cache, r *store.Record) (*duplicates.Look, error) {
	st, err := os.Stat(filepath.FromSlash(r.Path))
	if err != nil {
		return nil, err
	}
	if st.Size() == r.Size && st.ModTime().Equal(r.ModTime) { // it has the content of its record
		if l, ok := cache.Get(r.ContentHash); ok {
			return l, nil
		}
	} else {
		cache = nil // what it shows now is of another content
	}
	img, err := imaging.Thumbnail(r.Path, lookSide) // of a regular file alone
	if err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.FromSlash(r.Path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	l := duplicates.LookOf(img)
	l.Moving = duplicates.IsMoving(f)
	if err := cache.Put(r.ContentHash, &l); err != nil {
		e.Log.Info("what a picture shows was not kept: the next look reads its file again", "error", err)
	}
	return &l, nil
}

// keepLooks returns a function that keeps what a decoded picture shows, so that nothing has
// to be read again to find near-duplicates. What cannot be kept is read again then.
func (e *Env) keepLooks(ctx context.Context, cfg config.Config, st store.Store) (func(content []byte, img *imaging.RGB, file []byte), error) {
	cache, err := Looks(ctx, cfg, st)
	if err != nil {
		return nil, err
	}
	var told sync.Once
	var reducer duplicates.Reducer
	return func(content []byte, img *imaging.RGB, file []byte) {
		if _, known := cache.Get(content); known {
			return
		}
		l := reducer.Look(img)
		l.Moving = duplicates.IsMoving(bytes.NewReader(file))
		if err := cache.Put(content, &l); err != nil {
			told.Do(func() {
				e.Log.Info("what pictures show was not kept: search duplicates --near reads their files again", "error", err)
			})
		}
	}, nil
}

// Clusters reads the map of an index once, when a filter first asks for a cluster. It is
// safe for concurrent use.
type Clusters struct {
	open func(ctx context.Context) (store.Store, error)
	mu   sync.Mutex // one reading at a time
	m    *explore.Map
}

// NewClusters returns the clusters of the index that the settings name, which is opened
// when they are first asked for.
func (e *Env) NewClusters(cfg config.Config) *Clusters {
	return &Clusters{open: func(ctx context.Context) (store.Store, error) {
		return e.OpenStore(ctx, cfg, store.ReadOnly, store.Model{})
	}}
}

// Map returns the map of the index. The error is that of explore.Open.
func (c *Clusters) Map(ctx context.Context) (*explore.Map, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m != nil {
		return c.m, nil
	}
	st, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	m, err := explore.Open(ctx, st)
	if err = errors.Join(err, st.Close()); err != nil {
		return nil, err
	}
	c.m = m
	return m, nil
}

// Filter makes a filter of the id of a cluster, for query.FilterOptions.
func (c *Clusters) Filter(ctx context.Context) func(id string) (store.Filter, error) {
	return func(id string) (store.Filter, error) {
		m, err := c.Map(ctx)
		if err != nil {
			return nil, err
		}
		return m.Filter(id)
	}
}

// ByCluster puts the hits of an answer together by their clusters of the first level.
func (c *Clusters) ByCluster(ctx context.Context, a *query.Answer) error {
	m, err := c.Map(ctx)
	if err != nil {
		return err
	}
	of := m.Of(1)
	a.GroupBy(func(h *store.Hit) string {
		place, ok := of[h.ID]
		if !ok {
			return "in no cluster"
		}
		return "cluster " + m.Clusters[place].Label()
	})
	return nil
}

// thumbnailSide is the longer side of the pictures in a page.
const thumbnailSide = 200

// WriteMap writes the map of an index as a page. Pictures are read from their files; what
// cannot be read any more is an empty frame.
func WriteMap(ctx context.Context, w io.Writer, m *explore.Map, st store.Store) error {
	return m.WritePage(ctx, w, func(ctx context.Context, ids []string) (map[string]explore.Picture, error) {
		records, err := st.Get(ctx, ids)
		if err != nil {
			return nil, err
		}
		out := make(map[string]explore.Picture, len(records))
		for _, r := range records {
			var img image.Image
			if small, err := imaging.Thumbnail(r.Path, thumbnailSide); err == nil {
				img = small
			}
			out[r.ID] = explore.Picture{Path: r.Path, Image: img}
		}
		return out, nil
	})
}
