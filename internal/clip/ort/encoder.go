package ort

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/onnx"
	"github.com/sightline/sightline/internal/vec"
)

// Options tunes an encoder. Zero fields mean the defaults.
type Options struct {
	// ImageThreads is the number of threads of one call of the image tower. The
	// default is every core, right for one picture at a time; a pipeline that makes
	// many calls at once is fastest with 1.
	ImageThreads int
	// ManyImages says that the image tower will be called often enough to be worth
	// laying out its weights for the processor, which takes a copy of them.
	ManyImages bool
	// GraphCache is a folder that keeps the towers as ONNX Runtime has optimised them,
	// so that they open faster; "" for none.
	GraphCache string
	// TokenizerCache is a folder that keeps tokenizers compiled; "" for none.
	TokenizerCache string
	Log            *slog.Logger // nil discards
}

// Encoder runs a bundle's two towers. A tower is loaded when it is first needed,
// so a text search never pays for the image tower.
type Encoder struct {
	bundle  *clip.Bundle
	spec    clip.Spec
	options Options
	runtime *Runtime
	calls   gate

	image func() (*session, error)
	text  func() (*textTower, error)
	// opened collects the sessions for Close.
	mu     sync.Mutex
	opened []*session
}

var _ clip.Encoder = (*Encoder)(nil)

// NewEncoder returns an encoder for b, whose fingerprint the caller has computed.
// It joins the library at libPath and loads no weights yet.
func NewEncoder(b *clip.Bundle, fingerprint, libPath string, o Options) (*Encoder, error) {
	if o.ImageThreads <= 0 {
		o.ImageThreads = runtime.GOMAXPROCS(0)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if b.Dim == 0 {
		return nil, fmt.Errorf("neither the graphs nor config.json of %s say how long an embedding is", b.Dir)
	}
	rt, err := Open(libPath)
	if err != nil {
		return nil, err
	}
	e := &Encoder{bundle: b, spec: b.Spec(fingerprint, b.Dim), options: o, runtime: rt}
	e.image = sync.OnceValues(e.openImage)
	e.text = sync.OnceValues(e.openText)
	return e, nil
}

// Spec describes the model.
func (e *Encoder) Spec() clip.Spec { return e.spec }

// Close frees both towers and leaves the library. It waits for calls in flight.
func (e *Encoder) Close() error {
	return e.calls.close(func() error {
		var errs []error
		for _, s := range e.opened {
			errs = append(errs, s.close())
		}
		return errors.Join(append(errs, e.runtime.Close())...)
	})
}

var errClosed = errors.New("the encoder is closed")

func (e *Encoder) keep(s *session) *session {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.opened = append(e.opened, s)
	return s
}

func (e *Encoder) openImage() (*session, error) {
	v := e.bundle.Vision
	cache := graphCache{dir: e.options.GraphCache, log: e.options.Log, probe: e.embedNoise}
	if e.options.ManyImages {
		cache.weights = packedWeights
	}
	s, err := cache.open(e.bundle.VisionPath, e.spec.Fingerprint, []string{v.Pixels}, []string{v.Embeds}, e.options.ImageThreads)
	if err != nil {
		return nil, err
	}
	return e.keep(s), nil
}

// EncodeImages embeds the filled slots of b. Graphs with a fixed batch, and those whose
// embeddings would depend on one another, are called as often as that takes. The context is
// looked at before each call of the graph, not during it.
func (e *Encoder) EncodeImages(ctx context.Context, b *clip.Batch) (vec.Matrix, error) {
	end, err := e.calls.enter(ctx, errClosed)
	if err != nil {
		return vec.Matrix{}, err
	}
	defer end()
	s, err := e.image()
	if err != nil {
		return vec.Matrix{}, err
	}
	v, crop := e.bundle.Vision, e.spec.Preprocess.Crop
	out := vec.NewMatrix(b.Len(), e.spec.Dim)
	step := b.Len()
	switch {
	case v.Batch != onnx.Dynamic:
		step = int(v.Batch)
	case e.bundle.VisionAlone:
		step = 1
	}
	slot := 3 * crop.Width * crop.Height
	for from := 0; from < b.Len(); from += step {
		if ctx.Err() != nil {
			return vec.Matrix{}, context.Cause(ctx)
		}
		to := min(from+step, b.Len())
		pixels, embeds := b.Pixels[from*slot:to*slot], out.Slice(from, to)
		if to-from < step { // a fixed batch is filled up with black
			pixels = append(make([]float32, 0, step*slot), pixels...)[:step*slot]
			embeds = vec.NewMatrix(step, e.spec.Dim)
		}
		if err := runImages(s, v, crop, pixels, embeds); err != nil {
			return vec.Matrix{}, fmt.Errorf("running %s: %w", e.bundle.VisionPath, err)
		}
		copy(out.Slice(from, to).Data, embeds.Data)
	}
	return out, normalizeRows(out)
}

// embedNoise embeds pixels that look like nothing, with which two graphs that differ in
// anything that matters give different embeddings.
func (e *Encoder) embedNoise(s *session) (vec.Matrix, error) {
	v, crop := e.bundle.Vision, e.spec.Preprocess.Crop
	n := 1
	if v.Batch != onnx.Dynamic {
		n = int(v.Batch)
	}
	noise := rand.New(rand.NewPCG(1, 2))
	pixels := make([]float32, n*3*crop.Width*crop.Height)
	for i := range pixels {
		pixels[i] = float32(noise.NormFloat64())
	}
	out := vec.NewMatrix(n, e.spec.Dim)
	if err := runImages(s, v, crop, pixels, out); err != nil {
		return vec.Matrix{}, err
	}
	return out, normalizeRows(out)
}

func runImages(s *session, v clip.VisionIO, crop clip.Size, pixels []float32, embeds vec.Matrix) error {
	n := int64(embeds.Rows)
	in, err := floatInput(v.PixelsType, pixels, n, 3, int64(crop.Height), int64(crop.Width))
	if err != nil {
		return err
	}
	defer in.free()
	out, err := floatOutput(v.EmbedsType, embeds.Data, n, int64(embeds.Cols))
	if err != nil {
		return err
	}
	defer out.free()
	if err := s.run([]tensor{in}, []tensor{out}); err != nil {
		return err
	}
	out.scatter(embeds.Data)
	runtime.KeepAlive(pixels) // C has only just stopped reading it
	return nil
}

func normalizeRows(m vec.Matrix) error {
	for i := range m.Rows {
		if err := vec.Normalize(m.Row(i)); err != nil {
			return fmt.Errorf("the model's embedding %d is not usable: %w", i, err)
		}
	}
	return nil
}
