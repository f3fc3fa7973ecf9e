// Package jxl decodes JPEG XL to 8-bit RGB by jxl-oxide, a decoder in Rust, compiled
// to WebAssembly and run by wazero: no C library is needed, the pixels are the same on
// every machine, and a bug of the decoder stays in its sandbox, which has a memory of
// its own with a limit, and a time.
//
// The module jxl.wasm.gz is made of scripts/jxl, by the script there. jxl-oxide is by
// Wonwoo Choi, under MIT or Apache 2.0; scripts/jxl/README.md tells of the crates that it uses.
package jxl

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"golang.org/x/sync/semaphore"

	"github.com/sightline/sightline/internal/imaging/linear"
	"github.com/sightline/sightline/internal/imaging/worktime"
)

//go:embed jxl.wasm.gz
var module []byte

// Errors that callers tell apart with errors.Is. Anything else is damage.
var (
	// ErrMemory says that the picture needs more than Options.Memory.
	ErrMemory = errors.New("the decoder needs more memory than it may take")
	// ErrTime says that decoding took longer than Options.Time.
	ErrTime = worktime.Err
)

// Options says how Decode reads a picture. The zero value has the defaults.
type Options struct {
	// AsStored leaves the colours in the file's own space. They become sRGB otherwise,
	// unless the file has an ICC profile for them, which Picture.ICC then is.
	AsStored bool
	Memory   int64         // bytes of the sandbox; 0 means DefaultMemory
	Time     time.Duration // of a processor; 0 means DefaultTime
}

// The defaults of Options.
const (
	DefaultMemory = 1 << 30
	DefaultTime   = 2 * time.Minute
)

// least is what the module takes for itself and a picture of no size to speak of.
const least = 16 << 20

// MemoryFor estimates what decoding takes, in bytes: what was measured for pictures of
// 0.3 to 21 megapixels, lossy and lossless, is a little less.
func (h Header) MemoryFor() int64 {
	const fixed, pixel = 56 << 20, 34
	return fixed + pixel*int64(h.Width)*int64(h.Height)
}

// Picture is a decoded picture: rows of RGB, upright, on white where it is
// transparent, wider samples rounded. The size is that of the header, sides exchanged
// where the orientation says so.
type Picture struct {
	Pix           []byte
	Width, Height int
	// ICC is the profile of the colours where they are neither sRGB nor wanted as they
	// are stored.
	ICC []byte
}

// Decode returns the first picture of a file.
//
// Pictures are decoded at the same time only as far as their memory together stays
// below DefaultMemory.
func Decode(ctx context.Context, data []byte, o Options) (p Picture, err error) {
	if o.Memory <= 0 {
		o.Memory = DefaultMemory
	}
	if o.Time <= 0 {
		o.Time = DefaultTime
	}
	h, err := ReadHeader(data)
	if err != nil {
		return p, err
	}
	if o.Memory < int64(len(data))+least {
		return p, ErrMemory
	}
	m, err := compiled()
	if err != nil {
		return p, fmt.Errorf("compile the decoder: %w", err)
	}
	need := min(h.MemoryFor()+int64(len(data)), DefaultMemory)
	if err := atOnce.Acquire(ctx, need); err != nil {
		return p, err
	}
	defer atOnce.Release(need)
	ctx, stop := worktime.Limited(ctx, o.Time)
	defer stop()
	d, err := m.start(ctx, min(o.Memory, math.MaxUint32))
	if err != nil {
		return p, err
	}
	defer d.close()
	return d.decode(data, h, o)
}

// atOnce counts the memory of the pictures that are being decoded.
var atOnce = semaphore.NewWeighted(DefaultMemory)

// compiled makes the module ready, which takes a second or so, once, and only for
// those who meet such a picture.
var compiled = sync.OnceValues(func() (*code, error) {
	z, err := gzip.NewReader(bytes.NewReader(module))
	if err != nil {
		return nil, err
	}
	wasm, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	runtime := wazero.NewRuntime(ctx)
	// wazero can stop a module by itself, by checks that make this one three times as
	// slow. The module asks instead, at every so many allocations.
	_, err = runtime.NewHostModuleBuilder("host").NewFunctionBuilder().
		WithGoFunction(api.GoFunc(func(ctx context.Context, stack []uint64) {
			stack[0] = 0
			if ctx.Err() != nil {
				stack[0] = 1
			}
		}), nil, []api.ValueType{api.ValueTypeI32}).Export("expired").Instantiate(ctx)
	if err != nil {
		return nil, err
	}
	c, err := runtime.CompileModule(ctx, wasm)
	return &code{runtime, c}, err
})

// code is the module, ready to be instantiated.
type code struct {
	runtime wazero.Runtime
	module  wazero.CompiledModule
}

// decoder is an instance of the module, good for one picture.
type decoder struct {
	ctx    context.Context
	module api.Module
	memory *linear.Memory
}

func (c *code) start(ctx context.Context, most int64) (*decoder, error) {
	d := &decoder{ctx: ctx}
	var err error
	if d.memory, err = linear.Reserve(int(most)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMemory, err)
	}
	// Without a name, any number of instances can live side by side.
	d.module, err = c.runtime.InstantiateModule(d.memory.For(ctx), c.module, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		d.memory.Free()
		return nil, d.explain(err)
	}
	return d, nil
}

func (d *decoder) close() {
	// The context of the decoding may be over.
	_ = d.module.Close(context.Background())
	d.memory.Free()
}

// decode runs the functions of scripts/jxl one after the other.
func (d *decoder) decode(data []byte, h Header, o Options) (p Picture, err error) {
	at, err := d.call("reserve", uint64(len(data)))
	if err != nil {
		return p, err
	}
	if !d.module.Memory().Write(at, data) {
		return p, ErrMemory
	}
	// What the picture may take is what is left beside the file, its tables and the
	// decoder's own.
	room := min(o.Memory-int64(len(data))-least/2, math.MaxInt32)
	convert := uint64(1)
	if o.AsStored {
		convert = 0
	}
	if err := d.do("open", uint64(room)); err != nil {
		return p, err
	}
	if err := d.do("render", convert); err != nil {
		return p, err
	}
	w, err := d.call("width")
	if err != nil {
		return p, err
	}
	hgt, err := d.call("height")
	if err != nil {
		return p, err
	}
	width, height := h.Width, h.Height
	if h.Orientation >= 5 {
		width, height = height, width
	}
	if int(w) != width || int(hgt) != height {
		return p, fmt.Errorf("the picture is %dx%d, its header says %dx%d", w, hgt, width, height)
	}
	if p.ICC, err = d.bytes("icc", maxProfile); err != nil {
		return p, err
	}
	pix := make([]byte, 0, 3*width*height)
	for range height {
		at, err := d.call("row")
		if err != nil {
			return p, err
		}
		row, ok := d.module.Memory().Read(at, uint32(3*width))
		if at == 0 || !ok {
			return p, errors.New("the picture has too few rows")
		}
		pix = append(pix, row...)
	}
	return Picture{pix, width, height, p.ICC}, nil
}

const maxProfile = 16 << 20

// bytes copies what a function and another of its name with _len point to.
func (d *decoder) bytes(name string, most uint32) ([]byte, error) {
	at, err := d.call(name)
	if err != nil {
		return nil, err
	}
	n, err := d.call(name + "_len")
	if err != nil || n == 0 {
		return nil, err
	}
	b, ok := d.module.Memory().Read(at, min(n, most))
	if !ok {
		return nil, errors.New("the decoder points outside of its memory")
	}
	return bytes.Clone(b), nil
}

// do calls a function that gives 0 for success.
func (d *decoder) do(name string, arg uint64) error {
	status, err := d.call(name, arg)
	if err == nil && status != 0 {
		err = d.failure()
	}
	return err
}

func (d *decoder) call(name string, args ...uint64) (uint32, error) {
	out, err := d.module.ExportedFunction(name).Call(d.ctx, args...)
	if err != nil {
		return 0, d.explain(err)
	}
	return uint32(out[0]), nil
}

// explain says what ended a call. wazero's own words have a stack trace in them,
// which helps nobody who has a damaged picture.
func (d *decoder) explain(err error) error {
	if cause := context.Cause(d.ctx); cause != nil {
		return cause
	}
	if d.memory.Refused() {
		return ErrMemory
	}
	if d.module != nil && !d.module.IsClosed() {
		if said := d.failure(); said != nil {
			return said
		}
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New("the decoder stopped: " + first)
}

// failure is what the decoder says itself, nil if nothing.
func (d *decoder) failure() error {
	const longest = 300
	at, err1 := d.module.ExportedFunction("message").Call(d.ctx)
	n, err2 := d.module.ExportedFunction("message_len").Call(d.ctx)
	if err1 != nil || err2 != nil || n[0] == 0 {
		return nil
	}
	b, ok := d.module.Memory().Read(uint32(at[0]), uint32(min(n[0], longest)))
	if !ok {
		return nil
	}
	said := strings.ToValidUTF8(string(b), "")
	if strings.Contains(said, "failed to allocate") || strings.Contains(said, "out of memory") {
		return fmt.Errorf("%w: %s", ErrMemory, said)
	}
	return errors.New(said)
}
