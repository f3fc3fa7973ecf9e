//go:build cgo && !nolibjpeg && unix

package imaging

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sightline/sightline/internal/imaging/fence"
)

// BenchmarkFence compares libjpeg-turbo in this process and in one of its own, by wall time
// and by processor time of both.
func BenchmarkFence(b *testing.B) {
	for _, size := range []image.Point{{500, 375}, {1024, 768}, {1600, 1200}} {
		var file bytes.Buffer
		if err := jpeg.Encode(&file, noisy(rand.New(rand.NewPCG(1, 2)), size, 20), &jpeg.Options{Quality: 88}); err != nil {
			b.Fatal(err)
		}
		dst := NewRGB(size.X, size.Y)
		b.Run(fmt.Sprintf("%dx%d/here", size.X, size.Y), func(b *testing.B) {
			benchmarkTurbo(b, nil, dst, file.Bytes())
		})
		b.Run(fmt.Sprintf("%dx%d/fenced", size.X, size.Y), func(b *testing.B) {
			benchmarkTurbo(b, jpegWorkers(), dst, file.Bytes())
		})
	}
}

func benchmarkTurbo(b *testing.B, workers *fence.Pool, dst *RGB, data []byte) {
	j := jobFor(dst, 1)
	before := processorTime(b) + WorkersTime()
	for b.Loop() {
		if workers == nil {
			decodeHere(j, dst.Pix, data)
		} else if _, err := decodeFenced(b.Context(), workers, j, dst.Pix, data); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(processorTime(b)+WorkersTime()-before)/float64(b.N), "cpu-ns/op")
}

func processorTime(b *testing.B) time.Duration {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
