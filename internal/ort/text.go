package ort

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/vec"
)

// textTower is the text graph with its tokenizer.
type textTower struct {
	session   *session
	tokenizer clip.Tokenizer
}

func (e *Encoder) openText() (*textTower, error) {
	tok, err := clip.LoadTokenizer(e.bundle.TokenizerPath)
	if err != nil {
		return nil, err
	}
	t := e.bundle.Text
	inputs := []string{t.IDs}
	for _, name := range []string{t.Mask, t.Types, t.Positions} {
		if name != "" {
			inputs = append(inputs, name)
		}
	}
	cache := graphCache{dir: e.options.GraphCache, log: e.options.Log}
	s, err := cache.open(e.bundle.TextPath, e.spec.Fingerprint, inputs, []string{t.Embeds}, e.options.TextThreads)
	if err != nil {
		return nil, err
	}
	return &textTower{session: e.keep(s), tokenizer: tok}, nil
}

// textBatch is the number of texts in one call of the text tower.
const textBatch = 32

// EncodeTexts embeds texts. Texts with equally many tokens share a call, so that
// nothing is spent on padding and no text's embedding depends on another's length.
// Texts of the same tokens are embedded once.
func (e *Encoder) EncodeTexts(ctx context.Context, texts []string) (vec.Matrix, error) {
	end, err := e.begin(ctx)
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
	for len(distinct) > 0 {
		if ctx.Err() != nil {
			return vec.Matrix{}, context.Cause(ctx)
		}
		n := e.textGroup(ids, distinct)
		if err := e.runTexts(tower, ids, distinct[:n], out); err != nil {
			return vec.Matrix{}, fmt.Errorf("running %s: %w", e.bundle.TextPath, err)
		}
		distinct = distinct[n:]
	}
	// The first of equal texts stands before the others.
	for i, at := range order[min(1, len(order)):] {
		if before := order[i]; same(before, at) {
			copy(out.Row(at), out.Row(before))
		}
	}
	return out, normalizeRows(out)
}

// textGroup is how many of the next texts go into one call.
func (e *Encoder) textGroup(ids [][]int64, order []int) int {
	most := textBatch
	switch {
	case e.bundle.Text.Batch != clip.Dynamic:
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
	if e.bundle.Text.Sequence != clip.Dynamic {
		return int(e.bundle.Text.Sequence)
	}
	return e.bundle.Padding.Fixed
}

// runTexts embeds the texts of group, which fit into one call, into their rows of out.
func (e *Encoder) runTexts(tower *textTower, ids [][]int64, group []int, out vec.Matrix) error {
	t := e.bundle.Text
	length := e.fixedLength()
	if length == 0 {
		length = len(ids[group[0]])
	}
	rows := len(group)
	if t.Batch != clip.Dynamic {
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
	if err := tower.session.run(inputs, []tensor{result}); err != nil {
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
	add := func(name string, typ clip.ElemType, values func() []int64) error {
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
