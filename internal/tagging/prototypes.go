package tagging

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

// SavedLabel is a label made of pictures: query's saved labels.
type SavedLabel struct {
	Vector []float32 // unit, of the index's model
	Like   []string  // ids of the pictures that it was made of, as far as they are known
}

const (
	// usualPictures is how many pictures of an index say how far its pictures usually are
	// from a prototype.
	usualPictures = 2000
	// savedPrior is how often a saved label is taken to be true: of one picture in fifty.
	savedPrior = 0.02
	// likePeak is how far above the usual cosine a picture of the label lies, in standard
	// deviations, where nothing better is known: a label of one picture says nothing of others.
	likePeak = 3
	// leastSpread bounds the standard deviation from below: an index of a few like pictures.
	leastSpread = 0.01
)

// IsSaved reports whether a label of a list is a saved one: #NAME, as in a query.
func IsSaved(name string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimPrefix(name, "#"))
	return strings.HasPrefix(name, "#") && unicode.IsLetter(first)
}

// ResolveSaved finds the saved labels of a list. The list that is returned has them without
// their signs; the map has their prototypes by place, nil for none. load returns the saved
// label of a name.
//
// How probable a picture is of the label follows from two normal distributions of equal
// width (linear discriminant analysis): of the cosines that the pictures of the index have
// with the prototype, and of those that the pictures have that it was made of, each with
// what the others make.
func ResolveSaved(ctx context.Context, st store.Scanner, list *label.List, load func(name string) (SavedLabel, error)) (*label.List, map[int]zeroshot.Prototype, error) {
	if !slices.ContainsFunc(list.Labels, func(l label.Label) bool { return IsSaved(l.Name) }) {
		return list, nil, nil
	}
	sample, err := usual(ctx, st)
	if err != nil {
		return nil, nil, err
	}
	labels, out := slices.Clone(list.Labels), make(map[int]zeroshot.Prototype)
	for i := range labels {
		if !IsSaved(labels[i].Name) {
			continue
		}
		labels[i].Name = strings.TrimPrefix(labels[i].Name, "#")
		l, err := load(labels[i].Name)
		if err != nil {
			return nil, nil, err
		}
		if out[i], err = lineOf(ctx, st, l, sample); err != nil {
			return nil, nil, fmt.Errorf("#%s: %w", labels[i].Name, err)
		}
	}
	resolved, err := label.NewList(list.Source, labels)
	return resolved, out, err
}

// usual reads the embeddings of some pictures of an index.
func usual(ctx context.Context, st store.Scanner) ([][]float32, error) {
	var sample [][]float32
	for r, err := range st.Scan(ctx, nil, store.Fields{Vectors: true}) { // in the order of ids, which are hashes
		if err != nil {
			return nil, fmt.Errorf("reading the index: %w", err)
		}
		if r.Vector != nil {
			sample = append(sample, r.Vector)
		}
		if len(sample) == usualPictures {
			break
		}
	}
	return sample, nil
}

// lineOf is the prototype of a saved label.
func lineOf(ctx context.Context, st store.Scanner, l SavedLabel, sample [][]float32) (zeroshot.Prototype, error) {
	p := zeroshot.Prototype{Vector: l.Vector}
	var mean, spread float64
	for _, v := range sample {
		mean += float64(vec.Dot(v, l.Vector)) / float64(len(sample))
	}
	for _, v := range sample {
		d := float64(vec.Dot(v, l.Vector)) - mean
		spread += d * d / float64(len(sample))
	}
	spread = max(math.Sqrt(spread), leastSpread)
	like, err := apartFromOthers(ctx, st, l.Like)
	if err != nil {
		return p, err
	}
	if like <= mean+spread { // not known, or the pictures have nothing in common
		like = mean + likePeak*spread
	}
	p.Gain = (like - mean) / (spread * spread)
	p.Offset = -p.Gain*(like+mean)/2 + math.Log(savedPrior/(1-savedPrior))
	return p, nil
}

// apartFromOthers is the mean cosine of each picture with what the others make together,
// -1 where fewer than two are known.
func apartFromOthers(ctx context.Context, st store.Scanner, ids []string) (float64, error) {
	if len(ids) < 2 {
		return -1, nil
	}
	records, err := st.Get(ctx, ids)
	if err != nil {
		return 0, fmt.Errorf("reading the pictures that it was made of: %w", err)
	}
	records = slices.DeleteFunc(records, func(r store.Record) bool { return r.Vector == nil })
	if len(records) < 2 {
		return -1, nil
	}
	var sum float64
	for i := range records {
		rest := make([]float32, len(records[i].Vector))
		for j := range records {
			if j == i {
				continue
			}
			for n, x := range records[j].Vector {
				rest[n] += x
			}
		}
		if err := vec.Normalize(rest); err != nil {
			return -1, nil // they cancel each other out
		}
		sum += float64(vec.Dot(rest, records[i].Vector)) / float64(len(records))
	}
	return sum, nil
}
