package ort

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/onnx"
	"github.com/sightline/sightline/internal/clip/tokenizer"
	"github.com/sightline/sightline/internal/vec"
)

// textTower is the text graph with its tokenizer. A few texts and many have sessions
// of their own, each opened when it is first needed.
type textTower struct {
	tokenizer tokenizer.Tokenizer
	few, many func() (*session, error)
}

func (e *Encoder) openText() (*textTower, error) {
	tokenizers := tokenizer.Cache{Dir: e.options.TokenizerCache, Log: e.options.Log}
	tok, err := tokenizers.Load(e.bundle.TokenizerPath, e.spec.Fingerprint)
	if err != nil {
		return nil, err
	}
	return &textTower{
		tokenizer: tok,
		few:       sync.OnceValues(func() (*session, error) { return e.openTextSession(runtime.GOMAXPROCS(0)) }),
		many:      sync.OnceValues(func() (*session, error) { return e.openTextSession(1) }),
	}, nil
}

func (e *Encoder) openTextSession(threads int) (*session, error) {
	t := e.bundle.Text
	inputs := []string{t.IDs}
	for _, name := range []string{t.Mask, t.Types, t.Positions} {
		if name != "" {
			inputs = append(inputs, name)
		}
	}
	cache := graphCache{dir: e.options.GraphCache, log: e.options.Log}
	s, err := cache.open(e.bundle.TextPath, e.spec.Fingerprint, inputs, []string{t.Embeds}, threads)
	if err != nil {
		return nil, err
	}
	return e.keep(s), nil
}

const (
	// textBatch is the number of texts in one call of the text tower.
	textBatch = 32
	// manyTexts is the number of texts from which calls of one thread each, as many at
	// once as there are threads, are faster than one call of all threads: by a quarter on
	// a ViT-B/32. A query never gets there.
	manyTexts = 2 * textBatch
)

// EncodeTexts embeds texts. Texts with equally many tokens share a call, so that
// nothing is spent on padding and no text's embedding depends on another's length.
// Texts of the same tokens are embedded once.
func (e *Encoder) EncodeTexts(ctx context.Context, texts []string) (vec.Matrix, error) {
	end, err := e.calls.enter(ctx, errClosed)
	if err != nil {
		return vec.Matrix{}, err
	}
	defer end()
	tower, err := e.text()
	if err != nil {
		return vec.Matrix{}, err
	}
	ids := make([][]int64, len(texts))
	order := make([]int, len(texts))
	for i, t := range texts {
		ids[i] = tower.tokenizer.Encode(t, e.spec.Context)
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(len(ids[a]), len(ids[b])), slices.Compare(ids[a], ids[b]))
	})
	same := func(a, b int) bool { return slices.Equal(ids[a], ids[b]) }
	distinct := slices.CompactFunc(slices.Clone(order), same)

	out := vec.NewMatrix(len(texts), e.spec.Dim)
	if err := e.runGroups(ctx, tower, ids, distinct, out); err != nil {
		return vec.Matrix{}, err
	}
	// The first of equal texts stands before the others.
	for i, at := range order[min(1, len(order)):] {
		if before := order[i]; same(before, at) {
			copy(out.Row(at), out.Row(before))
		}
	}
	return out, normalizeRows(out)
}

// runGroups embeds the texts of order, which ascend in length, into their rows of out.
func (e *Encoder) runGroups(ctx context.Context, tower *textTower, ids [][]int64, order []int, out vec.Matrix) error {
	open, atOnce := tower.few, 1
	if len(order) >= manyTexts {
		open, atOnce = tower.many, runtime.GOMAXPROCS(0)
	}
	s, err := open()
	if err != nil {
		return err
	}
	var calls errgroup.Group
	calls.SetLimit(atOnce)
	for len(order) > 0 && ctx.Err() == nil {
		n := e.textGroup(ids, order)
		group := order[:n]
		calls.Go(func() error {
			if ctx.Err() != nil {
				return nil // runGroups reports it
			}
			return e.runTexts(s, ids, group, out)
		})
		order = order[n:]
	}
	if err := calls.Wait(); err != nil {
		return fmt.Errorf("running %s: %w", e.bundle.TextPath, err)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// textGroup is how many of the next texts go into one call.
func (e *Encoder) textGroup(ids [][]int64, order []int) int {
	most := textBatch
	switch {
	case e.bundle.Text.Batch != onnx.Dynamic:
		most = int(e.bundle.Text.Batch)
	case e.bundle.TextAlone:
		most = 1
	}
	n := 1
	for n < min(most, len(order)) && (e.fixedLength() > 0 || len(ids[order[n]]) == len(ids[order[0]])) {
		n++
	}
	return n
}

// fixedLength is the length that every sequence must have, or 0.
func (e *Encoder) fixedLength() int {
	if e.bundle.Text.Sequence != onnx.Dynamic {
		return int(e.bundle.Text.Sequence)
	}
	return e.bundle.Padding.Fixed
}

// runTexts embeds the texts of group, which fit into one call, into their rows of out.
func (e *Encoder) runTexts(s *session, ids [][]int64, group []int, out vec.Matrix) error {
	t := e.bundle.Text
	length := e.fixedLength()
	if length == 0 {
		length = len(ids[group[0]])
	}
	rows := len(group)
	if t.Batch != onnx.Dynamic {
		rows = int(t.Batch)
	}
	seq := newSequences(rows, length, e.bundle.Padding.ID)
	for i, at := range group {
		seq.set(i, ids[at])
	}
	inputs, err := seq.tensors(t)
	defer freeAll(inputs)
	if err != nil {
		return err
	}
	embeds := vec.NewMatrix(rows, out.Cols)
	result, err := floatOutput(t.EmbedsType, embeds.Data, int64(rows), int64(out.Cols))
	if err != nil {
		return err
	}
	defer result.free()
	if err := s.run(inputs, []tensor{result}); err != nil {
		return err
	}
	result.scatter(embeds.Data)
	runtime.KeepAlive(seq)
	for i, at := range group {
		copy(out.Row(at), embeds.Row(i))
	}
	return nil
}

// sequences are the inputs of one call, each rows x length.
type sequences struct {
	rows, length int
	ids, mask    []int64
}

func newSequences(rows, length int, pad int64) *sequences {
	s := &sequences{rows: rows, length: length, ids: make([]int64, rows*length), mask: make([]int64, rows*length)}
	for i := range s.ids {
		s.ids[i] = pad
	}
	return s
}

func (s *sequences) set(row int, ids []int64) {
	n := copy(s.ids[row*s.length:(row+1)*s.length], ids)
	for i := range n {
		s.mask[row*s.length+i] = 1
	}
}

// tensors returns the inputs in the order in which the session was opened for
// them. What was made is returned also with an error, to be freed.
func (s *sequences) tensors(t clip.TextIO) ([]tensor, error) {
	shape := []int64{int64(s.rows), int64(s.length)}
	var out []tensor
	add := func(name string, typ onnx.ElemType, values func() []int64) error {
		if name == "" {
			return nil
		}
		x, err := indexInput(typ, values(), shape...)
		if err != nil {
			return err
		}
		out = append(out, x)
		return nil
	}
	if err := add(t.IDs, t.IDsType, func() []int64 { return s.ids }); err != nil {
		return out, err
	}
	if err := add(t.Mask, t.MaskType, func() []int64 { return s.mask }); err != nil {
		return out, err
	}
	if err := add(t.Types, t.TypesType, func() []int64 { return make([]int64, len(s.ids)) }); err != nil {
		return out, err
	}
	return out, add(t.Positions, t.PositionsType, s.positions)
}

func (s *sequences) positions() []int64 {
	p := make([]int64, len(s.ids))
	for i := range p {
		p[i] = int64(i % s.length)
	}
	return p
}
