//go:build cgo && !nolibjpeg

package imaging

// #include "jpeg_worker.h"
import "C"

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"github.com/sightline/sightline/internal/imaging/fence"
)

// jpegWorkers are the processes in which libjpeg-turbo runs, one set for this process: they
// are as many as its cores have work for, whoever has it.
var jpegWorkers = sync.OnceValue(func() *fence.Pool { return newJPEGWorkers(30*time.Second, 2*time.Minute) })

// newJPEGWorkers makes workers that give up what does nothing for so long, and what takes more
// than so much processor time. The largest picture within the limits takes ten seconds.
func newJPEGWorkers(patience, most time.Duration) *fence.Pool {
	return fence.New(fence.Options{
		Variable:      "SIGHTLINE_JPEG_WORKER",
		Name:          "sightline-jpeg",
		Output:        4 << 20, // all of most pictures, reduced as models want them
		Most:          runtime.GOMAXPROCS(0),
		ProcessorTime: most, Patience: patience,
		Check: checkJPEGWorker,
	})
}

// checkJPEGWorker decodes a picture. Where the walls around a worker are too narrow for the
// libraries of a system, this is where it shows.
func checkJPEGWorker(do func(*fence.Job) ([]byte, error)) error {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, image.NewYCbCr(image.Rect(0, 0, 32, 32), image.YCbCrSubsampleRatio420), nil); err != nil {
		return err
	}
	dst := NewRGB(32, 32)
	r, err := jpegJob(do, jobFor(dst, 1), dst.Pix, file.Bytes())
	if err == nil && r.code != C.SL_JPEG_OK {
		err = fmt.Errorf("it could not decode a picture: %s", messageOf(r))
	}
	return err
}

// jobFor is the job of decoding to RGB, at 1/scale of the size.
func jobFor(dst *RGB, scale int) C.struct_sl_jpeg_job {
	return C.struct_sl_jpeg_job{
		scale: C.int32_t(scale), colours: C.SL_JPEG_RGB, width: C.int32_t(dst.Width), height: C.int32_t(dst.Height), components: 3,
	}
}

// jpegJob has a job done.
func jpegJob(do func(*fence.Job) ([]byte, error), j C.struct_sl_jpeg_job, pix, data []byte) (r C.struct_sl_jpeg_result, err error) {
	params := unsafe.Slice((*byte)(unsafe.Pointer(&j)), unsafe.Sizeof(j))
	result, err := do(&fence.Job{Input: data, Params: params, Output: pix})
	if err != nil {
		return r, err
	}
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&r)), unsafe.Sizeof(r)), result)
	r.report.message[len(r.report.message)-1] = 0 // whatever the worker says
	return r, nil
}

// messageOf is libjpeg's own word on an error.
func messageOf(r C.struct_sl_jpeg_result) string { return C.GoString(&r.report.message[0]) }

// decodeFenced decodes in a worker, and here where there is none to be had.
func decodeFenced(ctx context.Context, workers *fence.Pool, j C.struct_sl_jpeg_job, pix, data []byte) (C.struct_sl_jpeg_result, error) {
	r, err := jpegJob(func(j *fence.Job) ([]byte, error) { return workers.Do(ctx, j) }, j, pix, data)
	if errors.Is(err, fence.ErrUnavailable) {
		return decodeHere(j, pix, data), nil
	}
	return r, err
}

// Native says where the decoder that is written in C runs.
type Native struct {
	Walls fence.Walls // around the processes that it has to itself
	Err   error       // why it has none, and runs in this one; nil otherwise
}

// NativeDecoder starts such a process, if there is none yet, and says what is around it.
func NativeDecoder(ctx context.Context) Native {
	walls, err := jpegWorkers().Start(ctx)
	return Native{walls, err}
}

// Unfenced is the reason why pictures are decoded by C in this process, on a system that could
// do better; nil where none are.
func Unfenced() error {
	if runtime.GOOS != "linux" {
		return nil
	}
	return jpegWorkers().Unavailable()
}

// WorkersTime is the processor time that decoders in other processes have had for this one.
func WorkersTime() time.Duration { return jpegWorkers().ProcessorTime() }

// EndWorkers ends the processes that decoders have to themselves and that have nothing to do, at
// the end of work that needed them. They are started again when they are needed.
func EndWorkers() { jpegWorkers().Close() }
