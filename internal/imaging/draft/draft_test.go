package draft

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

func source(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "src", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// decode decodes whatever size the file has.
func decode(data []byte, scale int) ([]byte, error) {
	var d decoder
	if err := d.readHeaders(data); err != nil {
		return nil, err
	}
	if d.width*d.height > 1<<20 { // claimed by a damaged header
		return nil, ErrUnsupported
	}
	width, height := (d.width+scale-1)/scale, (d.height+scale-1)/scale
	pix := make([]byte, 3*width*height)
	return pix, Decode(pix, width, height, data, scale)
}

// TestSupported says which kinds are decoded here. That their pixels are Pillow's is tested by
// package imaging, on all of them.
func TestSupported(t *testing.T) {
	for name, want := range map[string]bool{
		"420.jpg": true, "422.jpg": true, "444.jpg": true, "grey.jpg": true, "restarts.jpg": true,
		"quality30.jpg": true, "size-1x1.jpg": true, "size-7x300.jpg": true, "orientation6.jpg": true,
		"progressive-420.jpg": false, "progressive-444.jpg": false, "cmyk.jpg": false, "ycck.jpg": false,
		"rgb.jpg": false, "rgb.png": false,
	} {
		for _, scale := range []int{4, 8} {
			_, err := decode(source(t, name), scale)
			if (err == nil) != want || err != nil && !errors.Is(err, ErrUnsupported) {
				t.Errorf("%s at 1/%d: %v", name, scale, err)
			}
		}
	}
	for _, scale := range []int{1, 2, 3, 16} {
		if err := Decode(make([]byte, 3), 1, 1, source(t, "size-1x1.jpg"), scale); !errors.Is(err, ErrUnsupported) {
			t.Errorf("scale %d: %v", scale, err)
		}
	}
	if err := Decode(make([]byte, 12), 2, 2, source(t, "size-1x1.jpg"), 4); !errors.Is(err, ErrUnsupported) {
		t.Errorf("another size: %v", err)
	}
}

// TestCutAnywhere cuts files off: what is left is refused, or all of the picture was there.
func TestCutAnywhere(t *testing.T) {
	for _, name := range []string{"420.jpg", "422.jpg", "grey.jpg", "restarts.jpg"} {
		data := source(t, name)
		want, err := decode(data, 4)
		if err != nil {
			t.Fatal(err)
		}
		for n := range data {
			got, err := decode(data[:n:n], 4)
			switch {
			case err == nil && !bytes.Equal(got, want):
				t.Fatalf("%s: %d of %d bytes give another picture", name, n, len(data))
			case err == nil && n < len(data)-3: // a part of the end marker may go, and a byte that is not needed
				t.Fatalf("%s: %d of %d bytes are enough", name, n, len(data))
			case err != nil && !errors.Is(err, ErrUnsupported):
				t.Fatal(err)
			}
		}
	}
}

// TestRestartMarkers damages them.
func TestRestartMarkers(t *testing.T) {
	data := source(t, "restarts.jpg")
	found := 0
	for i := 0; i+1 < len(data); i++ {
		if data[i] != 0xff || data[i+1] < markerRST0 || data[i+1] > markerRST0+7 {
			continue
		}
		found++
		damaged := bytes.Clone(data)
		damaged[i+1] ^= 1
		if _, err := decode(damaged, 4); !errors.Is(err, ErrUnsupported) {
			t.Errorf("marker at %d, another number: %v", i, err)
		}
		if _, err := decode(append(bytes.Clone(data[:i]), data[i+2:]...), 4); !errors.Is(err, ErrUnsupported) {
			t.Errorf("marker at %d gone: %v", i, err)
		}
	}
	if found == 0 {
		t.Fatal("the file has no restart markers")
	}
}

// tables returns the tables of a file for the blocks of its first component.
func tables(t testing.TB, name string) *component {
	t.Helper()
	var d decoder
	if err := d.readHeaders(source(t, name)); err != nil {
		t.Fatal(err)
	}
	d.layOut(2)
	return &d.components[0]
}

// sameBlocks reads data block by block in the plain and in the fast way.
func sameBlocks(t *testing.T, c *component, data []byte) {
	t.Helper()
	plain, fast := bitReader{data: data}, bitReader{data: data}
	for block := range 200 {
		var want, got [128]int16
		wantK, gotK := uint32(0), uint32(0)
		for { // until the block ends, going past long codes
			wantK = readShortPlain(&plain, &c.dc.short, &c.ac.short, &c.steps, &want, wantK)
			gotK = readShort(&fast, &c.dc.short, &c.ac.short, &c.steps, &got, gotK)
			if _, ok := codedBefore(wantK); wantK > 64 && !ok {
				if _, ok := codedBefore(gotK); ok {
					t.Fatalf("block %d: %d coefficients, %d are too many", block, gotK, wantK)
				}
				return
			}
			for _, r := range []*bitReader{&plain, &fast} {
				if r.n < enough {
					r.fill()
				}
			}
			if gotK != wantK || [64]int16(got[:64]) != [64]int16(want[:64]) {
				t.Fatalf("block %d: %d coefficients, want %d:\n%v\nwant\n%v", block, gotK, wantK, got[:64], want[:64])
			}
			if fast.acc>>(64-enough) != plain.acc>>(64-enough) || fast.n-fast.past < 0 != (plain.n-plain.past < 0) {
				t.Fatalf("block %d: next bits are %#x, want %#x", block, fast.acc>>(64-enough), plain.acc>>(64-enough))
			}
			if gotK >= 64 {
				break
			}
			a, ok := plain.next(c.dc, c.ac, wantK)
			b, ok2 := fast.next(c.dc, c.ac, gotK)
			if a != b || ok != ok2 {
				t.Fatalf("block %d: long code %#x, want %#x", block, b, a)
			}
			if !ok || plain.cut() {
				return
			}
			wantK += a.zeros() + 1
			gotK = wantK
		}
	}
}

// TestKernelsAgree compares the instructions of this processor with plain Go.
func TestKernelsAgree(t *testing.T) {
	if !Fast() {
		t.Skip("this processor runs plain Go")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	t.Run("blocks", func(t *testing.T) {
		for _, name := range []string{"420.jpg", "quality30.jpg", "grey.jpg"} {
			c := tables(t, name)
			for range 500 {
				data := make([]byte, rng.IntN(2000))
				for i := range data {
					data[i] = byte(rng.Uint32())
					if i > 0 && data[i-1] == 0xff && rng.IntN(4) > 0 {
						data[i] = 0
					}
				}
				sameBlocks(t, c, data)
			}
		}
	})
	t.Run("two", func(t *testing.T) {
		for i := range 10_000 {
			var value [128]int16
			for k := range value[:64] {
				if rng.IntN(3) == 0 {
					value[k] = int16(rng.Uint32()) >> (i % 12)
				}
			}
			var want, got [20]byte
			twoPlain(&value, want[:], 16)
			two(&value, got[:], 16)
			if got != want {
				t.Fatalf("%v, want %v, from %v", got, want, value[:64])
			}
		}
	})
	t.Run("convert", func(t *testing.T) {
		for n := range 100 {
			rows := make([]byte, 3*n)
			for i := range rows {
				rows[i] = byte(rng.Uint32())
			}
			want, got := make([]byte, 3*n+8), make([]byte, 3*n+8)
			convertPlain(want[:3*n], rows[:n], rows[n:2*n], rows[2*n:])
			convert(got[:3*n], rows[:n], rows[n:2*n], rows[2*n:])
			if !bytes.Equal(got, want) {
				t.Fatalf("%d pixels: %v, want %v", n, got, want)
			}
		}
	})
}

// FuzzBlocks compares both ways of reading on any bytes.
func FuzzBlocks(f *testing.F) {
	f.Add([]byte{0xff, 0x00, 0x12, 0x34, 0xff, 0xd0})
	f.Add(binary.BigEndian.AppendUint64(nil, 0x0123456789abcdef))
	c := tables(f, "420.jpg")
	f.Fuzz(func(t *testing.T, data []byte) { sameBlocks(t, c, data) })
}

// FuzzDecode holds what Decode promises for any file.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"420.jpg", "422.jpg", "grey.jpg", "restarts.jpg", "size-1x1.jpg", "size-33x8.jpg"} {
		f.Add(source(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, scale := range []int{4, 8} {
			if _, err := decode(data, scale); err != nil && !errors.Is(err, ErrUnsupported) {
				t.Error(err)
			}
		}
	})
}
