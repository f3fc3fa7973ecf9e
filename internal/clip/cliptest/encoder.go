// Package cliptest stands in for a model in the tests of other packages: a fake
// encoder that needs no ONNX Runtime, and a tiny real bundle.
package cliptest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/vec"
)

// ErrClosed is what the fake returns after Close.
var ErrClosed = errors.New("encoder is closed")

// Encoder is a deterministic clip.Encoder without a model. A picture's embedding
// is the mixture of the colours that its pixels are near to, and a text's is that
// of the colours it names, with a little of a hash of the pixels or words added.
// So a red picture is nearest to "a red car", and two different red pictures have
// different embeddings. It is safe for concurrent use.
//
// The hooks may be set before the first call.
type Encoder struct {
	// OnImages and OnTexts run at the start of each call, with the number of the
	// call counted from 0. An error from them is the call's error.
	OnImages func(ctx context.Context, call int, b *clip.Batch) error
	OnTexts  func(ctx context.Context, call int, texts []string) error
	// Delay is how long each call takes at least; a done context cuts it short.
	Delay time.Duration

	spec       clip.Spec
	imageCalls atomic.Int64
	textCalls  atomic.Int64
	images     atomic.Int64
	texts      atomic.Int64

	mu     sync.RWMutex // held for reading by calls in flight, so that Close waits
	closed bool
}

// Side is the width and height of the pictures that the fake takes.
const Side = 32

// New returns a fake whose embeddings have dim values, at least 4.
func New(dim int) *Encoder {
	if dim < 4 {
		panic(fmt.Sprintf("cliptest: %d dimensions are too few to tell colours apart", dim))
	}
	return &Encoder{spec: clip.Spec{
		Name: "fake", Precision: "fp32", Dim: dim, Context: 77, LogitScale: 100,
		Preprocess: clip.Preprocess{
			Size: clip.Size{Width: Side, Height: Side}, Crop: clip.Size{Width: Side, Height: Side},
			Fit: clip.FitCrop, Filter: imaging.Bicubic, Mode: imaging.Exact,
			Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5},
		},
		Fingerprint: fmt.Sprintf("fake-%d", dim),
	}}
}

// WithSpec returns e after edit has changed its spec: another fingerprint, a
// notice. Dim and Preprocess.Crop must stay.
func (e *Encoder) WithSpec(edit func(*clip.Spec)) *Encoder {
	edit(&e.spec)
	return e
}

// Spec implements clip.Encoder.
func (e *Encoder) Spec() clip.Spec { return e.spec }

// Images is the number of pictures embedded so far.
func (e *Encoder) Images() int { return int(e.images.Load()) }

// Texts is the number of texts embedded so far.
func (e *Encoder) Texts() int { return int(e.texts.Load()) }

// Closed reports whether Close was called.
func (e *Encoder) Closed() bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.closed
}

// Close implements clip.Encoder.
func (e *Encoder) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	return nil
}

// EncodeImages implements clip.Encoder.
func (e *Encoder) EncodeImages(ctx context.Context, b *clip.Batch) (vec.Matrix, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	call := int(e.imageCalls.Add(1)) - 1
	if err := e.begin(ctx); err != nil {
		return vec.Matrix{}, err
	}
	if e.OnImages != nil {
		if err := e.OnImages(ctx, call, b); err != nil {
			return vec.Matrix{}, err
		}
	}
	m := vec.NewMatrix(b.Len(), e.spec.Dim)
	for i := range b.Len() {
		e.embedPixels(m.Row(i), b.Slot(i))
	}
	e.images.Add(int64(b.Len()))
	return m, nil
}

// EncodeTexts implements clip.Encoder.
func (e *Encoder) EncodeTexts(ctx context.Context, texts []string) (vec.Matrix, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	call := int(e.textCalls.Add(1)) - 1
	if err := e.begin(ctx); err != nil {
		return vec.Matrix{}, err
	}
	if e.OnTexts != nil {
		if err := e.OnTexts(ctx, call, texts); err != nil {
			return vec.Matrix{}, err
		}
	}
	m := vec.NewMatrix(len(texts), e.spec.Dim)
	for i, text := range texts {
		embedText(m.Row(i), text)
	}
	e.texts.Add(int64(len(texts)))
	return m, nil
}

func (e *Encoder) begin(ctx context.Context) error {
	if e.closed {
		return ErrClosed
	}
	if e.Delay > 0 {
		select {
		case <-ctx.Done():
		case <-time.After(e.Delay):
		}
	}
	return ctx.Err()
}

// colours are the names that the fake knows, with their values. The first ones get
// a direction of their own even in 4 dimensions.
var colours = []struct {
	name    string
	r, g, b float64
}{
	{"red", 1, 0, 0},
	{"green", 0, 1, 0},
	{"blue", 0, 0, 1},
	{"white", 1, 1, 1},
	{"black", 0, 0, 0},
	{"yellow", 1, 1, 0},
	{"cyan", 0, 1, 1},
	{"magenta", 1, 0, 1},
	{"grey", 0.5, 0.5, 0.5},
	{"orange", 1, 0.5, 0},
}

// noise is the share of the hash: small enough that colour always wins.
const noise = 0.15

func (e *Encoder) embedPixels(row, pixels []float32) {
	plane := len(pixels) / 3
	p := e.spec.Preprocess
	value := func(channel, i int) float64 {
		return float64(pixels[channel*plane+i]*p.Std[channel] + p.Mean[channel])
	}
	h := fnv.New64a()
	var word [4]byte
	for _, v := range pixels {
		binary.LittleEndian.PutUint32(word[:], math.Float32bits(v))
		h.Write(word[:])
	}
	for i := range plane {
		best, least := 0, math.Inf(1)
		for k, c := range colours {
			dr, dg, db := value(0, i)-c.r, value(1, i)-c.g, value(2, i)-c.b
			if d := dr*dr + dg*dg + db*db; d < least {
				best, least = k, d
			}
		}
		row[best%len(row)] += 1 / float32(plane)
	}
	finish(row, h.Sum64())
}

func embedText(row []float32, text string) {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	h := fnv.New64a()
	for _, w := range words {
		h.Write([]byte(w))
		h.Write([]byte{0})
		if w == "gray" {
			w = "grey"
		}
		for k, c := range colours {
			if w == c.name {
				row[k%len(row)]++
			}
		}
	}
	finish(row, h.Sum64())
}

// finish makes row a unit vector, mixed with a direction that seed alone decides.
func finish(row []float32, seed uint64) {
	normalise(row)
	hash := make([]float32, len(row))
	for i := range hash {
		// splitmix64: equal on every platform and Go version.
		seed += 0x9e3779b97f4a7c15
		z := seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		hash[i] = float32(z>>40)/(1<<23) - 1
	}
	normalise(hash)
	for i := range row {
		row[i] += noise * hash[i]
	}
	normalise(row)
}

func normalise(row []float32) {
	var sum float64
	for _, v := range row {
		sum += float64(v) * float64(v)
	}
	if sum == 0 {
		return
	}
	scale := float32(1 / math.Sqrt(sum))
	for i := range row {
		row[i] *= scale
	}
}
