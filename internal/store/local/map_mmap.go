//go:build (linux || darwin) && (amd64 || arm64) && !nommap

package local

import (
	"errors"
	"fmt"
	"math"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sightline/sightline/internal/vec"
)

// mapped is a read-only memory mapping of a vector file.
type mapped struct {
	file   *os.File // to look at its size
	memory []byte
	floats []float32 // the rows in memory
	dim    int
}

// mapVectors maps the first rows of a vector file, which may be unlinked later.
func mapVectors(path string, want header, rowCount int64) (vectorReader, error) {
	f, err := openForMapping(path, want, rowCount)
	if err != nil {
		return nil, err
	}
	b, err := mapFile(f, vectorOffset(want.dim, rowCount))
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	m := &mapped{file: f, memory: b, dim: want.dim}
	if n := (len(b) - headerSize) / 4; n > 0 {
		// The header is a page, so the rows are aligned. The machines this file is built
		// for are little-endian, as the file is.
		m.floats = unsafe.Slice((*float32)(unsafe.Pointer(&b[headerSize])), n)
	}
	return m, nil
}

func (m *mapped) rows(from, to int64, _ *[]float32) (vec.Matrix, error) {
	d := int64(m.dim)
	return vec.Matrix{Data: m.floats[from*d : to*d : to*d], Rows: int(to - from), Cols: m.dim}, nil
}

// forget gives whole pages back; the kernel still has them for whoever reads the file.
func (m *mapped) forget(from, to int64) {
	page := int64(os.Getpagesize())
	start := (vectorOffset(m.dim, from) + page - 1) / page * page
	end := vectorOffset(m.dim, to) / page * page
	if start < end {
		_ = unix.Madvise(m.memory[start:end], unix.MADV_DONTNEED) // only a hint
	}
}

func (m *mapped) check() error { return checkLength(m.file, int64(len(m.memory))) }

func (m *mapped) close() {
	unmapFile(m.memory)
	m.file.Close()
	m.memory, m.floats = nil, nil
}

// mapFile maps the first size bytes of a file for reading.
func mapFile(f *os.File, size int64) ([]byte, error) {
	if size > math.MaxInt {
		return nil, fmt.Errorf("%s: %d bytes are too many to map on this machine", f.Name(), size)
	}
	b, err := unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", f.Name(), err)
	}
	return b, nil
}

func unmapFile(b []byte) {
	_ = unix.Munmap(b) // the only error is an address that was not mapped
}
