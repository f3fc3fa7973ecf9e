package ort

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"

	onnxruntime "github.com/yalue/onnxruntime_go"

	"github.com/sightline/sightline/internal/clip/onnx"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/vec/sq8"
)

// Engine multiplies the matrices of a search with ONNX Runtime, as graphs of one
// node over the caller's memory. It implements vec.Engine and sq8.Engine. The
// library is loaded by the first product that is worth it; where that fails, products
// are computed in Go.
type Engine struct {
	plain *vec.Parallel
	log   *slog.Logger
	calls gate

	products func() *products // nil where the library cannot be used
	opened   *products
}

var (
	_ vec.Engine = (*Engine)(nil)
	_ sq8.Engine = (*Engine)(nil)
)

// products are the open graphs.
type products struct {
	runtime    *Runtime
	many, code *session
}

// NewEngine returns an engine that will load the library that find names.
func NewEngine(find func() (string, error), log *slog.Logger) *Engine {
	e := &Engine{plain: vec.NewParallel(0), log: log}
	e.products = sync.OnceValue(func() *products {
		path, err := find()
		if err == nil {
			e.opened, err = openProducts(path)
		}
		if err != nil {
			log.Warn("searching without ONNX Runtime, which is slower", "error", err)
		}
		return e.opened
	})
	return e
}

func openProducts(path string) (_ *products, err error) {
	p := &products{}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if p.runtime, err = Open(path); err != nil {
		return nil, err
	}
	all := runtime.GOMAXPROCS(0)
	if p.many, err = openProduct(onnx.FloatProduct(), all); err != nil {
		return nil, err
	}
	p.code, err = openProduct(onnx.IntegerProduct(sq8.ZeroPoint), 1)
	return p, err
}

func openProduct(model []byte, threads int) (*session, error) {
	o, err := sessionOptions(threads)
	if err != nil {
		return nil, fmt.Errorf("opening a matrix product: %w", err)
	}
	defer o.Destroy()
	s, err := onnxruntime.NewDynamicAdvancedSessionWithONNXData(model, []string{onnx.ProductLeft, onnx.ProductRight}, []string{onnx.ProductOut}, o)
	if err != nil {
		return nil, fmt.Errorf("opening a matrix product: %w", err)
	}
	live.Add(1)
	return &session{s: s}, nil
}

func (p *products) close() error {
	var errs []error
	for _, s := range []*session{p.many, p.code} {
		if s != nil {
			errs = append(errs, s.close())
		}
	}
	if p.runtime != nil {
		errs = append(errs, p.runtime.Close())
	}
	return errors.Join(errs...)
}

// Close frees the graphs and leaves the library. It waits for calls in flight, and
// may be repeated.
func (e *Engine) Close() error {
	return e.calls.close(func() error {
		if e.opened == nil {
			return nil
		}
		return e.opened.close()
	})
}

var errEngineClosed = errors.New("the matrix engine is closed")

// What goes to the library. Few queries are bound by memory, which Go keeps up with;
// many over the same rows are not. On AVX-512 the float32 products are equal at 4
// queries and three to eight times faster at 16 to 100; those of codes are slower
// below 32 columns, because the library copies the rows first.
const (
	manyQueries  = 4
	manyColumns  = 48
	worthLibrary = 1 << 24 // multiplications
)

// Score implements vec.Engine. The context is looked at before the product, not
// during it.
func (e *Engine) Score(ctx context.Context, rows, queries, out vec.Matrix) error {
	if err := vec.CheckShapes(rows, queries, out); err != nil {
		return err
	}
	if queries.Rows < manyQueries || rows.Rows*rows.Cols < worthLibrary/queries.Rows {
		return e.plain.Score(ctx, rows, queries, out)
	}
	end, err := e.calls.enter(ctx, errEngineClosed)
	if err != nil {
		return err
	}
	defer end()
	p := e.products()
	if p == nil {
		return e.plain.Score(ctx, rows, queries, out)
	}
	return product(p.many, queries.Data, rows.Data, out.Data,
		[2]int{queries.Rows, queries.Cols}, [2]int{rows.Rows, rows.Cols}, [2]int{out.Rows, out.Cols})
}

// ScoreCodes implements sq8.Engine. Sums are exact on every CPU, because queries
// have 7 bits.
func (e *Engine) ScoreCodes(ctx context.Context, rows sq8.Codes, queries *sq8.Queries, out []int32) error {
	if err := sq8.CheckShapes(rows, queries, out); err != nil {
		return err
	}
	if queries.Columns < manyColumns && sq8.HasVectorKernel() || len(out) == 0 {
		return sq8.Kernel{}.ScoreCodes(ctx, rows, queries, out)
	}
	end, err := e.calls.enter(ctx, errEngineClosed)
	if err != nil {
		return err
	}
	defer end()
	p := e.products()
	if p == nil {
		return sq8.Kernel{}.ScoreCodes(ctx, rows, queries, out)
	}
	return product(p.code, rows.Data, queries.Data, out,
		[2]int{rows.Rows, rows.CodeSize}, [2]int{queries.CodeSize, queries.Columns}, [2]int{rows.Rows, queries.Columns})
}

// product runs a graph over the memory of the three matrices.
func product[L, R, O onnxruntime.TensorData](s *session, left []L, right []R, out []O, leftShape, rightShape, outShape [2]int) error {
	l, err := newTensor(left, int64(leftShape[0]), int64(leftShape[1]))
	if err != nil {
		return err
	}
	defer l.free()
	r, err := newTensor(right, int64(rightShape[0]), int64(rightShape[1]))
	if err != nil {
		return err
	}
	defer r.free()
	o, err := newTensor(out, int64(outShape[0]), int64(outShape[1]))
	if err != nil {
		return err
	}
	defer o.free()
	err = s.run([]tensor{l, r}, []tensor{o})
	runtime.KeepAlive(left) // C has only just stopped reading them
	runtime.KeepAlive(right)
	runtime.KeepAlive(out)
	return err
}
