// Package explore shows what a collection is made of: clusters of pictures that are alike,
// in levels one can zoom through, with names and representative pictures; and a map, a
// layout of all pictures in two dimensions.
//
// Run computes it, Save keeps it with the index, and Open reads it back and takes in what
// has changed in the index since. It stands on the store's contract alone: a store that
// has Documents can be explored.
//
//   - kmeans divides vectors into clusters;
//   - neighbours finds the nearest pictures of every picture, exactly;
//   - layout draws the map from them;
//   - page writes it all as a page that needs nothing from elsewhere.
package explore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/explore/kmeans"
	"github.com/sightline/sightline/internal/explore/layout"
	"github.com/sightline/sightline/internal/explore/neighbours"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

// ErrFew says that there are too few pictures to explore.
var ErrFew = errors.New("there are too few pictures to explore")

const (
	// Neighbours is how many of the nearest of each picture the map is drawn from.
	Neighbours = 14
	// leastPictures is how many pictures there must be.
	leastPictures = 3
	// MostLandmarks bounds how many pictures are held in memory, and landmarksOfMany how
	// many of them stand for all where there are more: drawn by lot, they make the clusters
	// and the map, into which the others are put one by one.
	MostLandmarks   = 131_072
	landmarksOfMany = 65_536
	// chooseFrom is how many pictures numbers of clusters are tried on.
	chooseFrom = 2048
	// judged is of how many pictures the trustworthiness of the map is taken.
	judged = 500
)

// Stage is what Run is at.
type Stage string

// The stages, in order. Placing is only where not all pictures are landmarks.
const (
	Reading    Stage = "pictures read"
	Clustering Stage = "pictures divided into clusters"
	Searching  Stage = "pictures compared"
	Drawing    Stage = "steps of the map drawn"
	Naming     Stage = "clusters named"
	Placing    Stage = "pictures placed"
)

// Options say how an index is explored. Zero fields mean the defaults.
type Options struct {
	Clusters int // of the first level; 0 lets the silhouette choose
	Seed     uint64
	Engine   vec.Engine // nil for one on all cores
	// Names has the labels that clusters can be called; nil leaves them without names.
	Names *zeroshot.Classifier
	// Labels says for people where the names come from.
	Labels string
	Now    time.Time
	// Progress is told how much of how much is done; nil for nobody.
	Progress func(s Stage, done, total int)

	mostLandmarks, landmarksOfMany int // for tests; 0 for the constants
}

func (o Options) withDefaults() Options {
	if o.Engine == nil {
		o.Engine = vec.NewParallel(0)
	}
	if o.Progress == nil {
		o.Progress = func(Stage, int, int) {}
	}
	if o.mostLandmarks == 0 {
		o.mostLandmarks, o.landmarksOfMany = MostLandmarks, landmarksOfMany
	}
	return o
}

// Run explores an index. The error is ErrFew where there is too little to explore, and
// store.ErrNotExact where the store cannot search exactly. Memory is bounded: at most
// MostLandmarks embeddings are held at once, and some 60 bytes of every picture.
func Run(ctx context.Context, st store.Store, o Options) (*Map, error) {
	o = o.withDefaults()
	marks, all, err := readLandmarks(ctx, st, o)
	if err != nil {
		return nil, err
	}
	if marks.rows.Rows < leastPictures {
		return nil, fmt.Errorf("%w: %d have an embedding, and %d are needed", ErrFew, marks.rows.Rows, leastPictures)
	}
	m := &Map{
		Model: st.Model(), Created: o.Now, Seed: o.Seed, Labels: o.Labels,
		Landmarks: marks.rows.Rows, Trustworthiness: -1,
	}
	t, err := grow(ctx, marks.rows, o)
	if err != nil {
		return nil, err
	}
	m.Tried = t.tried
	points, err := draw(ctx, st, marks, all, o)
	if err != nil {
		return nil, err
	}
	if n := min(Neighbours+1, (len(points)-1)/2); n > 0 && 2*n < len(points) {
		if m.Trustworthiness, err = layout.Trustworthiness(ctx, marks.rows, points, n, judged, o.Seed); err != nil {
			return nil, err
		}
	}
	t.put(m, marks, points)
	if err := m.choose(ctx, marks, t, o); err != nil {
		return nil, err
	}
	if !all {
		if err := m.place(ctx, st, marks, o); err != nil {
			return nil, err
		}
	}
	m.settle()
	return m, nil
}

// landmarks are the pictures that are held in memory.
type landmarks struct {
	rows    vec.Matrix
	ids     []string
	content []uint32 // contentKey of each
}

// contentKey is the start of a content hash, which tells whether a picture has changed; 0
// for a picture without one.
func contentKey(hash []byte) uint32 {
	if len(hash) < 4 {
		return 0
	}
	return uint32(hash[0]) | uint32(hash[1])<<8 | uint32(hash[2])<<16 | uint32(hash[3])<<24
}

// readLandmarks reads the embeddings of all pictures, or of some where they are too many.
// Ids are hashes, so that those below a bound are drawn by lot, the same ones each time.
func readLandmarks(ctx context.Context, st store.Store, o Options) (marks landmarks, all bool, err error) {
	count, err := st.Count(ctx, nil)
	if err != nil {
		return marks, false, fmt.Errorf("counting pictures: %w", err)
	}
	all = count <= int64(o.mostLandmarks)
	dim, capacity, part := st.Model().Dim, int(count), 1.0
	if !all {
		capacity = o.landmarksOfMany
		part = float64(capacity) / float64(count)
	}
	data := make([]float32, 0, capacity*dim)
	read := 0
	o.Progress(Reading, 0, int(count))
	for r, err := range st.Scan(ctx, nil, store.Fields{Vectors: true, AnyOrder: true}) {
		if err != nil {
			return marks, false, fmt.Errorf("reading embeddings: %w", err)
		}
		if read++; read%reportEvery == 0 {
			o.Progress(Reading, read, int(count))
		}
		if err := checkID(r.ID); err != nil {
			return marks, false, err
		}
		if len(r.Vector) != dim || !drawn(r.ID, part) || len(marks.ids) >= o.mostLandmarks {
			continue // its embedding is lost, or it is no landmark
		}
		data = append(data, r.Vector...)
		marks.ids = append(marks.ids, r.ID)
		marks.content = append(marks.content, contentKey(r.ContentHash))
	}
	o.Progress(Reading, read, read)
	marks.rows = vec.Matrix{Data: data, Rows: len(marks.ids), Cols: dim}
	marks.sort()
	return marks, all, nil
}

// sort puts landmarks into an order of their embeddings, so that what follows depends
// neither on the order in which a store keeps them nor on where the pictures lie.
func (l *landmarks) sort() {
	from := make([]int, len(l.ids)) // the place of what belongs to a place
	for i := range from {
		from[i] = i
	}
	slices.SortFunc(from, func(a, b int) int {
		return cmp.Or(slices.Compare(l.rows.Row(a), l.rows.Row(b)), strings.Compare(l.ids[a], l.ids[b]))
	})
	row := make([]float32, l.rows.Cols)
	for start := range from {
		if from[start] == start {
			continue
		}
		// Round a cycle, so that no second matrix is needed.
		copy(row, l.rows.Row(start))
		id, content, at := l.ids[start], l.content[start], start
		for from[at] != start {
			next := from[at]
			copy(l.rows.Row(at), l.rows.Row(next))
			l.ids[at], l.content[at] = l.ids[next], l.content[next]
			from[at], at = at, next
		}
		copy(l.rows.Row(at), row)
		l.ids[at], l.content[at], from[at] = id, content, at
	}
}

// reportEvery is after how many pictures progress is reported.
const reportEvery = 1000

// drawn reports whether an id is among the part of all that are landmarks.
func drawn(id string, part float64) bool {
	return part >= 1 || float64(store.FileKey(id)>>11)/(1<<53) < part
}

// draw lays out the landmarks by their neighbours. Those of all pictures are found by the
// store's own search, those of some by comparing them with each other.
func draw(ctx context.Context, st store.Store, marks landmarks, all bool, o Options) ([]layout.Point, error) {
	n := marks.rows.Rows
	k := min(Neighbours, n-1)
	found := 0
	o.Progress(Searching, 0, n)
	done := func(more int) {
		found += more
		o.Progress(Searching, found, n)
	}
	var near [][]layout.Neighbour
	var err error
	if all {
		near, err = neighbours.FromStore(ctx, st, marks.ids, marks.rows, k, done)
	} else {
		near, err = neighbours.FromMatrix(ctx, marks.rows, k, o.Engine, done)
	}
	if err != nil {
		return nil, err
	}
	return layout.Draw(ctx, marks.rows, near, layout.Options{
		Seed: o.Seed, Engine: o.Engine,
		Progress: func(part float64) { o.Progress(Drawing, int(part*100), 100) },
	})
}

// grow divides the landmarks into a tree of clusters.
func grow(ctx context.Context, rows vec.Matrix, o Options) (*tree, error) {
	t := &tree{rows: rows}
	members := make([]int32, rows.Rows)
	for i := range members {
		members[i] = int32(i)
	}
	candidates := candidatesFor(rows.Rows)
	if o.Clusters > 0 {
		candidates = []int{min(o.Clusters, rows.Rows)}
	}
	o.Progress(Clustering, 0, rows.Rows)
	tops, tried, err := t.divide(ctx, members, candidates, o)
	if err != nil {
		return nil, err
	}
	t.tried = tried
	done := 0
	for i := range tops {
		if err := t.split(ctx, &tops[i], 1, o); err != nil {
			return nil, err
		}
		done += len(tops[i].members)
		o.Progress(Clustering, done, rows.Rows)
	}
	t.tops = tops
	return t, nil
}

// Candidate is a number of clusters that was tried for the first level.
type Candidate = kmeans.Candidate
