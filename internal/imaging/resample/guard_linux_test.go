package resample

import (
	"bytes"
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// guarded returns n values with pages around them that cannot be touched: right behind
// the last value or, if front, right before the first.
func guarded[T any](t *testing.T, n int, front bool) []T {
	t.Helper()
	size, page := n*int(unsafe.Sizeof(*new(T))), os.Getpagesize()
	inside := (size + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, inside+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(all); err != nil {
			t.Error(err)
		}
	})
	for _, fence := range [][]byte{all[:page], all[page+inside:]} {
		if err := syscall.Mprotect(fence, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	start := page
	if !front {
		start += inside - size
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&all[start])), n)
}

func guardedCopy[T any](t *testing.T, s []T, front bool) []T {
	t.Helper()
	g := guarded[T](t, len(s), front)
	copy(g, s)
	return g
}

// A load or a store outside of its slice ends the test with a fault.
func TestVectorsStayInsideSlices(t *testing.T) {
	needVectors(t)
	for i, g := range geometries() {
		t.Run(g.String(), func(t *testing.T) {
			src := noise(uint64(i), 3*g.From.X*g.From.Y)
			var r Resizer
			want := r.resize(nil, src, g, true)
			for _, front := range []bool{false, true} {
				v := &r.vector
				v.mid = guarded[byte](t, len(v.mid), front)
				v.edge = guarded[byte](t, len(v.edge), front)
				v.line = guarded[byte](t, len(v.line), front)
				v.across.offset = guardedCopy(t, v.across.offset, front)
				v.across.coef = guardedCopy(t, v.across.coef, front)
				v.down.coef = guardedCopy(t, v.down.coef, front)
				got := r.resize(guarded[byte](t, len(want), front), guardedCopy(t, src, front), g, true)
				if !bytes.Equal(got, want) {
					t.Error("other samples than before")
				}
			}
		})
	}
}
