package query

import (
	"context"
	"fmt"
	"slices"

	"github.com/sightline/sightline/internal/query/duplicates"
	"github.com/sightline/sightline/internal/query/syntax"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

const (
	// gateHits is how many of the nearest are asked whether anything matches, however
	// many the caller wants to see: the answer must not depend on the page.
	gateHits = 10
	// maxDepth bounds how far down the list the search goes for a page that exclusions,
	// thresholds and folding keep empty.
	maxDepth = 20_000
	// judgeBlock is how many pictures are judged at once. Their embeddings are read.
	judgeBlock = 512
)

// answer searches for a plan, deeper and deeper until the page is full.
func (s *Service) answer(ctx context.Context, pl *plan, p Params) (Answer, error) {
	p.Filter = both(p.Filter, pl.filter)
	if p.Cutoff.Kind == CutScore {
		p.MinScore = max(p.MinScore, float32(p.Cutoff.Value))
	}
	v, err := vec.FromRows(pl.vector)
	if err != nil {
		return Answer{}, err
	}
	whole := p.Filter
	p.Filter = answerable(s.store, whole)
	a := Answer{Offset: p.Offset, Query: pl.line, Terms: pl.forms()}
	j, err := s.newJudgement(ctx, pl, p)
	if err != nil {
		return a, err
	}
	if !store.CanFilter(s.store, whole) {
		j.filter = whole
	}
	end := p.Offset + p.K
	need := max(end, gateHits)
	if p.Pair { // which makes fewer hits of them
		need *= 2
	}
	limit := max(maxDepth, 2*need)
	var found []candidate
	for depth := need + len(pl.leave) + 4; ; depth = min(4*depth, limit) {
		hits, err := s.nearest(ctx, v, depth, p)
		if err != nil {
			return a, err
		}
		var full bool
		if found, full, err = j.sift(ctx, hits, need); err != nil {
			return a, err
		}
		if full || len(hits) < depth {
			break
		}
		if depth >= limit {
			a.Depth = len(hits)
			break
		}
	}
	found = found[:min(need, len(found))]
	if a.Confidence, a.Best, err = j.confidence(ctx, found); err != nil {
		return a, err
	}
	if p.Cutoff.Kind == CutAuto {
		found = cutAuto(found, a.Confidence)
	}
	if p.Pair {
		found = pair(found)
	}
	found = found[min(p.Offset, len(found)):min(end, len(found))]
	a.Hits, a.Matches = make([]store.Hit, len(found)), make([]Match, len(found))
	for i, c := range found {
		a.Hits[i], a.Matches[i].Copies, a.Matches[i].Near = c.Hit, c.copies, c.near
	}
	if p.Explain {
		return a, j.explain(ctx, &a)
	}
	return a, nil
}

// answerable is as much of a filter as a store can answer. What else comes by must be
// looked at.
func answerable(st store.Scanner, f store.Filter) store.Filter {
	return store.Widen(f, func(part store.Filter) bool { return store.CanFilter(st, part) })
}

// forms are the terms as they were understood.
func (p *plan) forms() []TermForm {
	out := make([]TermForm, len(p.terms))
	for i, t := range p.terms {
		out[i] = TermForm{Term: t.String(), Weight: t.weight}
		if i == 0 && t.Op == syntax.Add {
			out[i].Term = (&syntax.Query{Terms: []syntax.Term{t.Term}}).String()
		}
	}
	return out
}

// candidate is a hit that may be in the answer.
type candidate struct {
	store.Hit
	copies int              // of the same content
	near   int              // of nearly the same look
	look   *duplicates.Look // nil where it is not known
}

// pair is Pair for candidates. A pair has the copies of both.
func pair(found []candidate) []candidate {
	hits, all := make([]store.Hit, len(found)), make(map[string]candidate, len(found))
	for i, c := range found {
		hits[i], all[c.Path] = c.Hit, c
	}
	hits = Pair(hits)
	out := make([]candidate, len(hits))
	for i, h := range hits {
		out[i] = candidate{Hit: h, copies: all[h.Path].copies, near: all[h.Path].near}
		for _, path := range h.Companions {
			out[i].copies += all[path].copies
			out[i].near += all[path].near
		}
	}
	return out
}

// judgement decides about the pictures that a search found.
type judgement struct {
	s       *Service
	plan    *plan
	params  Params
	leave   map[string]bool
	judge   Judge        // nil where no probability is needed
	embeds  bool         // the embeddings of pictures are needed
	filter  store.Filter // that the store cannot answer; nil for none
	minimum float32
}

func (s *Service) newJudgement(ctx context.Context, pl *plan, p Params) (*judgement, error) {
	j := &judgement{s: s, plan: pl, params: p, leave: make(map[string]bool)}
	for _, id := range pl.leave {
		j.leave[id] = true
	}
	probability := pl.subject != nil && (p.Cutoff.Kind == CutDefault || p.Cutoff.Kind == CutAuto)
	for i := range pl.terms {
		t := &pl.terms[i]
		j.embeds = j.embeds || t.Op == syntax.Exclude || t.Least != nil
		probability = probability || t.judged() || p.Explain && t.isText()
	}
	if p.Cutoff.Kind == CutProbability {
		if pl.subject == nil {
			return nil, fmt.Errorf("%w: a probability needs words to look for; give a cosine", ErrCutoff)
		}
		j.embeds, probability, j.minimum = true, true, float32(p.Cutoff.Value)
	}
	if probability {
		var err error
		if j.judge, err = s.judge(ctx); err != nil {
			return nil, err
		}
	}
	return j, nil
}

// sift keeps the hits that may be in the answer, with copies folded, until there are
// more than need of them: the last one that is needed has all of its copies only when
// another one follows.
func (j *judgement) sift(ctx context.Context, hits []store.Hit, need int) (kept []candidate, full bool, err error) {
	fold := newFolder()
	for block := range slices.Chunk(hits, judgeBlock) {
		passed, err := j.pass(ctx, block)
		if err != nil {
			return nil, false, err
		}
		for _, h := range passed {
			if i, ok := fold.find(h, len(kept)); ok && !j.params.Unfolded {
				kept[i].add(h)
				continue
			}
			if len(kept) == need {
				return kept, true, nil
			}
			c := candidate{Hit: h}
			if !j.params.Unfolded {
				c.look = j.s.lookOf(h)
				i, near, err := j.s.nearOf(ctx, kept, h, c.look)
				if err != nil {
					return nil, false, err
				}
				if near { // the better of the two is shown
					kept[i].near++
					fold.at[string(h.ContentHash)] = i
					continue
				}
			}
			kept = append(kept, c)
		}
	}
	return kept, false, nil
}

// pass returns the hits that no term and no threshold takes out.
func (j *judgement) pass(ctx context.Context, hits []store.Hit) ([]store.Hit, error) {
	hits = slices.DeleteFunc(slices.Clone(hits), func(h store.Hit) bool { return j.leave[h.ID] || !store.Match(j.filter, &h.Record) })
	if !j.embeds || len(hits) == 0 {
		return hits, nil
	}
	vectors, hits, err := j.s.vectorsOf(ctx, hits)
	if err != nil || len(hits) == 0 {
		return nil, err
	}
	out := make([]bool, len(hits))
	for i := range j.plan.terms {
		t := &j.plan.terms[i]
		if t.Op != syntax.Exclude && t.Least == nil {
			continue
		}
		probabilities := make([]float32, len(hits))
		if t.judged() {
			if probabilities, err = j.judge.Probabilities(ctx, t.vector, vectors); err != nil {
				return nil, err
			}
		}
		for n := range hits {
			out[n] = out[n] || t.excludes(vec.Dot(t.vector, vectors.Row(n)), probabilities[n])
		}
	}
	if j.minimum > 0 {
		probabilities, err := j.judge.Probabilities(ctx, j.plan.subject, vectors)
		if err != nil {
			return nil, err
		}
		for n, p := range probabilities {
			out[n] = out[n] || p < j.minimum
		}
	}
	var passed []store.Hit
	for n, h := range hits {
		if !out[n] {
			passed = append(passed, h)
		}
	}
	return passed, nil
}

// explain fills in the parts of the terms.
func (j *judgement) explain(ctx context.Context, a *Answer) error {
	if len(a.Hits) == 0 {
		return nil
	}
	vectors, hits, err := j.s.vectorsOf(ctx, a.Hits)
	if err != nil {
		return err
	}
	at := make(map[string]int, len(hits)) // one that has just been deleted has no parts
	for i, h := range a.Hits {
		at[h.ID] = i
	}
	for i := range j.plan.terms {
		t := &j.plan.terms[i]
		var probabilities []float32
		if t.isText() {
			if probabilities, err = j.judge.Probabilities(ctx, t.vector, vectors); err != nil {
				return err
			}
		}
		for n, h := range hits {
			part := Part{Cosine: vec.Dot(t.vector, vectors.Row(n)), Probability: -1}
			part.Share = float32(t.weight / j.plan.length * float64(part.Cosine))
			if probabilities != nil {
				part.Probability = probabilities[n]
			}
			m := &a.Matches[at[h.ID]]
			m.Parts = append(m.Parts, part)
		}
	}
	return nil
}

// vectorsOf reads the embeddings of hits, and returns the hits that are still there.
func (s *Service) vectorsOf(ctx context.Context, hits []store.Hit) (vec.Matrix, []store.Hit, error) {
	ids := make([]string, len(hits))
	for i, h := range hits {
		ids[i] = h.ID
	}
	records, err := s.store.Get(ctx, ids)
	if err != nil {
		return vec.Matrix{}, nil, fmt.Errorf("reading embeddings: %w", err)
	}
	rows := make(map[string][]float32, len(records))
	for _, r := range records {
		rows[r.ID] = r.Vector
	}
	hits = slices.DeleteFunc(slices.Clone(hits), func(h store.Hit) bool { return rows[h.ID] == nil })
	m := vec.NewMatrix(len(hits), s.store.Model().Dim)
	for i, h := range hits {
		copy(m.Row(i), rows[h.ID])
	}
	return m, hits, nil
}
