package heif

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/sightline/sightline/internal/imaging/linear"
)

// The modules are built by scripts/codecs/build.sh.

//go:embed hevc.wasm.gz
var hevcModule []byte

//go:embed av1.wasm.gz
var av1Module []byte

// Compiling takes tenths of a second, so it is done once, and only by those who
// meet such a picture. What comes out is shared: every decoder has an instance with
// memory of its own.
var (
	compiledHEVC = sync.OnceValues(func() (*module, error) { return compile(hevcModule) })
	compiledAV1  = sync.OnceValues(func() (*module, error) { return compile(av1Module) })
)

// module is a codec that is ready to be instantiated.
type module struct {
	runtime wazero.Runtime
	code    wazero.CompiledModule
}

func compile(zipped []byte) (*module, error) {
	z, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, err
	}
	wasm, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	runtime := wazero.NewRuntime(ctx)
	// A decoder that takes too long is stopped by its context, when it calls tick.
	// (wazero's own WithCloseOnContextDone checks at every turn of every loop, which
	// makes decoding three to five times slower.)
	_, err = runtime.NewHostModuleBuilder("host").NewFunctionBuilder().
		WithGoFunction(api.GoFunc(tick), nil, nil).Export("tick").Instantiate(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, runtime); err != nil {
		return nil, err
	}
	code, err := runtime.CompileModule(ctx, wasm)
	if err != nil {
		return nil, err
	}
	return &module{runtime, code}, nil
}

// work is what a call of decode may do, counted in ticks.
type work struct{ left int64 }

type workKey struct{}

// errWork is the panic of a call that does more than it may.
var errWork = errors.New("the coded picture takes more work than its size justifies")

// tick is called by the codecs for every block and every unit of the bitstream. Its
// panic becomes the error of the call.
func tick(ctx context.Context, _ []uint64) {
	if w, ok := ctx.Value(workKey{}).(*work); ok {
		if w.left--; w.left < 0 {
			panic(errWork)
		}
	}
	if err := ctx.Err(); err != nil {
		panic(err)
	}
}

// decoder is one instance of a codec. It is not safe for concurrent use.
type decoder struct {
	instance api.Module
	memory   *linear.Memory
	bounds   int64 // bytes of memory
	// input is memory inside the instance for the coded picture.
	input, inputBytes uint32
}

// newDecoder instantiates the codec of an item type. Its memory stays below
// memoryBytes.
func newDecoder(ctx context.Context, kind string, memoryBytes int64) (*decoder, error) {
	get := compiledHEVC
	if kind == "av01" {
		get = compiledAV1
	}
	m, err := get()
	if err != nil {
		return nil, fmt.Errorf("compile the decoder: %w", err)
	}
	d := &decoder{bounds: min(memoryBytes, math.MaxUint32)}
	// The code's own data, which wazero takes for granted.
	for _, own := range m.code.ExportedMemories() {
		if int64(own.Min())*wasmPage > d.bounds {
			return nil, d.outOfMemory()
		}
	}
	if d.memory, err = linear.Reserve(int(d.bounds)); err != nil {
		return nil, fmt.Errorf("reserve memory for the decoder: %w", err)
	}
	// Without a name, any number of instances can live side by side.
	d.instance, err = m.runtime.InstantiateModule(d.memory.For(ctx), m.code, wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize"))
	if err != nil {
		d.memory.Free()
		return nil, d.explain(ctx, err)
	}
	return d, nil
}

func (d *decoder) close() {
	// Freeing the memory is part of it. The context of the decoding may be over.
	_ = d.instance.Close(context.Background())
	d.memory.Free()
}

// wasmPage is the unit of WebAssembly's memory.
const wasmPage = 64 << 10

// coded is a picture as a codec takes it.
type coded struct {
	kind string // "hvc1" or "av01"
	data []byte
	// maxSamples bounds width*height of what comes out.
	maxSamples uint32
	// What an AV1 picture of several layers says about the one to show; layer 4 is
	// the highest.
	operatingPoint, layer uint32
}

// ticks is the work that a picture of this size justifies. The smallest blocks of
// HEVC have 16x16 samples and those of AV1 64x64, of which a picture may have several
// frames; a damaged or a hostile file may hold hundreds.
func (c coded) ticks() int64 {
	if c.kind == "av01" {
		return 1000 + 16*(int64(c.maxSamples)/(64*64)+1)
	}
	return 1000 + 2*(int64(c.maxSamples)/(16*16)+1)
}

// planes are the samples of a decoded picture. They are memory of the decoder, and
// valid until its next call.
type planes struct {
	width, height      int
	chroma             int // as coding.chroma
	depth, chromaDepth int
	colour             colour
	plane              [3][]byte
	stride             [3]int
	bytes              int // a sample, 1 or 2, little-endian
	damaged            bool
}

// decode returns the first picture of the coded bytes.
func (d *decoder) decode(ctx context.Context, c coded) (planes, error) {
	n := uint32(len(c.data))
	if d.inputBytes < n || d.input == 0 {
		at, err := d.call(ctx, "alloc", uint64(n))
		if err != nil {
			return planes{}, err
		}
		if at == 0 {
			return planes{}, d.outOfMemory()
		}
		d.input, d.inputBytes = at, n
	}
	if !d.instance.Memory().Write(d.input, c.data) {
		return planes{}, errors.New("the decoder has no room for the coded picture")
	}
	args := []uint64{uint64(d.input), uint64(n), uint64(c.maxSamples)}
	if c.kind == "av01" {
		args = append(args, uint64(c.operatingPoint), uint64(c.layer))
	}
	status, err := d.call(context.WithValue(ctx, workKey{}, &work{left: c.ticks()}), "decode", args...)
	if err != nil {
		return planes{}, err
	}
	switch status {
	case 0:
	case 2:
		return planes{}, errors.New("no picture in the coded data")
	case 3:
		return planes{}, d.outOfMemory()
	case 4:
		return planes{}, unsupported("what the coded picture uses")
	case 5:
		return planes{}, errors.New("the coded picture is larger than its boxes say")
	default:
		return planes{}, errors.New("the coded picture is damaged")
	}
	at, err := d.call(ctx, "picture")
	if err != nil {
		return planes{}, err
	}
	return d.planes(at)
}

// planes reads struct picture of scripts/codecs/picture.h.
func (d *decoder) planes(at uint32) (planes, error) {
	const words = 17
	raw, ok := d.instance.Memory().Read(at, 4*words)
	if !ok {
		return planes{}, errors.New("the decoder returned no picture")
	}
	var w [words]int
	for i := range w {
		w[i] = int(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	p := planes{
		width: w[0], height: w[1], chroma: w[2], depth: w[3], chromaDepth: w[4],
		colour: colour{primaries: w[5], transfer: w[6], matrix: w[7], full: w[8] != 0},
		stride: [3]int{w[12], w[13], w[14]}, bytes: w[15], damaged: w[16] != 0,
	}
	if p.width <= 0 || p.height <= 0 || p.chroma > 3 || p.bytes < 1 || p.bytes > 2 ||
		p.depth > 8*p.bytes || p.chromaDepth > 8*p.bytes || p.depth < 1 || p.chromaDepth < 1 {
		return planes{}, errors.New("the decoder returned no picture")
	}
	for i := range 3 {
		rows, columns := p.height, p.width
		if i > 0 {
			if p.chroma == 0 {
				break
			}
			rows, columns = p.chromaSize()
		}
		if p.stride[i] < columns*p.bytes {
			return planes{}, errors.New("the decoder returned overlapping rows")
		}
		size := int64(p.stride[i])*int64(rows-1) + int64(columns*p.bytes)
		if size > math.MaxUint32 {
			return planes{}, errors.New("the decoder returned no picture")
		}
		if p.plane[i], ok = d.instance.Memory().Read(uint32(w[9+i]), uint32(size)); !ok {
			return planes{}, errors.New("the decoder returned no picture")
		}
	}
	return p, nil
}

// chromaSize is the number of rows and columns of the second and third plane.
func (p *planes) chromaSize() (rows, columns int) {
	rows, columns = p.height, p.width
	if p.chroma == 1 {
		rows = (rows + 1) / 2
	}
	if p.chroma == 1 || p.chroma == 2 {
		columns = (columns + 1) / 2
	}
	return rows, columns
}

// call runs an exported function of at most one result.
func (d *decoder) call(ctx context.Context, name string, args ...uint64) (uint32, error) {
	f := d.instance.ExportedFunction(name)
	if f == nil {
		return 0, fmt.Errorf("the decoder has no function %s", name)
	}
	results, err := f.Call(ctx, args...)
	if err != nil {
		return 0, d.explain(ctx, err)
	}
	if len(results) == 0 {
		return 0, nil
	}
	return uint32(results[0]), nil
}

// explain puts what ended a call into one line: wazero's errors carry a trace of
// the module's stack.
func (d *decoder) explain(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errWork):
		return errWork
	case d.memory.Refused():
		return d.outOfMemory()
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("the coded picture stopped the decoder: %s", strings.TrimSpace(first))
}

func (d *decoder) outOfMemory() error {
	return fmt.Errorf("the coded picture needs more than the %d MiB that its boxes justify", d.bounds>>20)
}
