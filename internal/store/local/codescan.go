package local

import (
	"context"
	"math"
	"runtime"
	"sync/atomic"

	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/vec/sq8"
)

const (
	// codeRows and codeScores bound the blocks of codes as scanRows and scanScores do those
	// of vectors. Each core has a block of its own, whose products stay in its cache until
	// they are looked at.
	codeRows   = 4096
	codeScores = 1 << 18
	// sparseShare is the share of selected rows in a block, as 1/n, below which their
	// vectors are read instead of the codes of all.
	sparseShare = 16
	// doubleQueries is how many queries, at most, are encoded in double precision:
	// they cost little then, and leave fewer candidates to rescore.
	doubleQueries = 16
)

// scanCodes passes over the codes, on all cores.
func (sc *scan) scanCodes(ctx context.Context, codes sq8.Codes) error {
	precision := sq8.Single
	if sc.queries.Rows <= doubleQueries {
		precision = sq8.Double
	}
	queries := sq8.EncodeQueries(sc.queries, precision)
	block := min(codeRows, max(256, codeScores/queries.Columns/64*64))
	blocks := (codes.Rows + block - 1) / block
	workers := min(blocks, runtime.GOMAXPROCS(0))
	passes := make([]*codePass, workers)
	var next atomic.Int64
	err := onCores(workers, func(w int) error {
		p := &codePass{scan: sc, queries: &queries, pruner: queries.NewPruner(), found: newCandidates(sc.queries.Rows, sc.k, sc.min)}
		for q, found := range p.found {
			p.pruner.SetThreshold(q, found.cut)
		}
		passes[w] = p
		for b := int(next.Add(1)) - 1; b < blocks; b = int(next.Add(1)) - 1 {
			if err := p.block(ctx, codes, b*block, min((b+1)*block, codes.Rows)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return onCores(len(sc.found), func(q int) error {
		for _, p := range passes {
			sc.found[q].merge(p.found[q])
		}
		return nil
	})
}

// codePass is what one core does of scanCodes.
type codePass struct {
	*scan
	queries *sq8.Queries
	pruner  *sq8.Pruner // with the cuts of found
	found   []*candidates
	out     []int32
	picked  []int32 // selected rows of a block
	buf     []float32
}

func (p *codePass) block(ctx context.Context, codes sq8.Codes, from, to int) error {
	n := p.selected.count(int64(from), int64(to))
	if n == 0 {
		return ctx.Err()
	}
	if n*sparseShare < to-from || !p.sn.vectors.codes.sound(from, to) {
		return p.sparse(ctx, int64(from), int64(to))
	}
	rows := codes.Slice(from, to)
	if need := rows.Rows * p.queries.Columns; cap(p.out) < need {
		p.out = make([]int32, need)
	}
	out := p.out[:rows.Rows*p.queries.Columns]
	if err := p.codes.ScoreCodes(ctx, rows, p.queries, out); err != nil {
		return err
	}
	// Where half of the rows are selected, a test of each would be mispredicted half of the
	// time: they are listed first.
	all := n == to-from
	if p.picked = p.picked[:0]; !all {
		p.selected.each(int64(from), int64(to), func(rowID int64) { p.picked = append(p.picked, int32(rowID-int64(from))) })
	}
	for i := range n {
		if !all {
			i = int(p.picked[i])
		}
		rowID := int64(from + i)
		scale, residual, ok := rows.Tail(i)
		if !ok {
			p.unknown(rowID)
			continue
		}
		product := out[i*p.queries.Columns : (i+1)*p.queries.Columns]
		for _, q := range p.pruner.Survivors(product, scale, residual) {
			mid, reach := p.queries.Bounds(q, product, scale, residual)
			p.offer(q, rowID, mid-reach, mid+reach)
		}
	}
	return nil
}

// offer considers a row for a query.
func (p *codePass) offer(q int, rowID int64, lower, upper float32) {
	p.found[q].offer(rowID, lower, upper)
	p.pruner.SetThreshold(q, p.found[q].cut)
}

// unknown makes a row whose codes say nothing a candidate of every query.
func (p *codePass) unknown(rowID int64) {
	inf := float32(math.Inf(1))
	for q := range p.found {
		p.offer(q, rowID, -inf, inf)
	}
}

// sparse scores the few selected vectors of a block.
func (p *codePass) sparse(ctx context.Context, from, to int64) error {
	var err error
	check := p.sn.rowChecker(ctx)
	checked := p.sn.vectors.checkedRows(p.sn.rowCount)
	p.selected.each(from, to, func(rowID int64) {
		var row vec.Matrix
		if err == nil {
			row, err = p.sn.vectors.rows(rowID, rowID+1, &p.buf)
		}
		if err != nil {
			return
		}
		var sound bool
		if sound, err = check.soundOnce(checked, rowID, row.Data); err != nil {
			return
		}
		if !sound {
			p.mark(rowID)
			return
		}
		for q := range p.found {
			score := vec.Dot(row.Data, p.scan.queries.Row(q))
			p.offer(q, rowID, score, score)
		}
	})
	if err != nil {
		return err
	}
	return ctx.Err()
}
