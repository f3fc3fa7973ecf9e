package heif

import (
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "heif", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// codedOf is the picture of a file of one coded item, and its properties.
func codedOf(t *testing.T, name string) (coded, coding, image.Point) {
	t.Helper()
	f, err := Open(read(t, name))
	if err != nil {
		t.Fatal(err)
	}
	data, err := f.meta.data(f.primary)
	if err != nil {
		t.Fatal(err)
	}
	c := coded{kind: f.primary.kind, layer: 4, maxSamples: maxSamples(f.size)}
	coding, err := codingOf(c.kind, f.primary.properties)
	if err != nil {
		t.Fatal(err)
	}
	if c.kind == "av01" {
		c.data = av1Units(coding.config, data)
	} else if c.data, err = hevcUnits(coding.config, data); err != nil {
		t.Fatal(err)
	}
	return c, coding, f.size
}

func oneLine(t *testing.T, err error) {
	t.Helper()
	if err == nil || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "wasm") {
		t.Errorf("error %q", err)
	}
}

var bothCodecs = []string{"colour8-420.heic", "colour8-420.avif"}

func TestCodecsStayInTheirMemory(t *testing.T) {
	for _, name := range bothCodecs {
		c, coding, size := codedOf(t, name)
		for _, bound := range []int64{1 << 16, 1 << 18, 1 << 20, 1400 << 10} {
			d, err := newDecoder(t.Context(), c.kind, bound)
			if err != nil {
				oneLine(t, err)
				continue
			}
			_, err = d.decode(t.Context(), c)
			if used := int64(d.instance.Memory().Size()); used > bound {
				t.Errorf("%s: %d bytes of %d", name, used, bound)
			}
			if err != nil {
				oneLine(t, err)
			}
			d.close()
		}
		d, err := newDecoder(t.Context(), c.kind, decoderBytes(c.kind, coding, size, len(c.data)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.decode(t.Context(), c); err != nil {
			t.Errorf("%s with what is counted for it: %v", name, err)
		}
		d.close()
	}
}

func TestCodecsRefuseLargerPictures(t *testing.T) {
	for _, name := range bothCodecs {
		c, coding, size := codedOf(t, name)
		c.maxSamples = uint32(size.X*size.Y) - 1
		d, err := newDecoder(t.Context(), c.kind, decoderBytes(c.kind, coding, size, len(c.data)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.decode(t.Context(), c)
		if oneLine(t, err); err != nil && !strings.Contains(err.Error(), "larger") {
			t.Errorf("%s: %v", name, err)
		}
		d.close()
	}
}

// TestTickStops checks both ends of a call: the context's, and the work's.
func TestTickStops(t *testing.T) {
	stops := func(ctx context.Context) (reason any) {
		defer func() { reason = recover() }()
		for range 100 {
			tick(ctx, nil)
		}
		return nil
	}
	if got := stops(context.WithValue(t.Context(), workKey{}, &work{left: 100})); got != nil {
		t.Errorf("100 of 100 ticks: %v", got)
	}
	if got := stops(context.WithValue(t.Context(), workKey{}, &work{left: 99})); got != errWork {
		t.Errorf("100 of 99 ticks: %v", got)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if got := stops(context.WithValue(over, workKey{}, &work{left: 1000})); got != context.Canceled {
		t.Errorf("a context that is over: %v", got)
	}
}

// TestCodecsCallTick stops real decoders: with a context that ends while they are at
// work, and with more units than a picture of that size may have.
func TestCodecsCallTick(t *testing.T) {
	for _, name := range bothCodecs {
		c, coding, size := codedOf(t, name)
		d, err := newDecoder(t.Context(), c.kind, decoderBytes(c.kind, coding, size, len(c.data)))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		if _, err := d.decode(ctx, c); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
		d.close()
	}
	// Temporal delimiters are units of two bytes.
	c, coding, size := codedOf(t, "colour8-420.avif")
	c.data = append([]byte(strings.Repeat("\x12\x00", 1<<17)), c.data...)
	d, err := newDecoder(t.Context(), c.kind, decoderBytes(c.kind, coding, size, len(c.data)))
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	if _, err := d.decode(t.Context(), c); !errors.Is(err, errWork) {
		t.Errorf("131072 units: %v", err)
	}
}

// FuzzDecode holds what Open and Decode promise for any bytes at all: no panic, and
// as many pixels as Size says.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{
		"grey10.heic", "alpha8.heic", "tiny15x40.heic", "colour8-420.heic", "brand-mif1.heic", "case-heic-sequence.heics",
		"colour12-422.avif", "premultiplied.avif", "sequence.avif", "tiny1x1.avif",
	} {
		f.Add(read(f, name))
	}
	// The codecs are compiled here, which takes long on a busy machine.
	for _, name := range []string{"grey10.heic", "tiny1x1.avif"} {
		file, err := Open(read(f, name))
		if err == nil {
			_, err = file.Decode(f.Context(), 6, nil)
		}
		if err != nil {
			f.Fatal(name, err)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		file, err := Open(data)
		if err != nil {
			return
		}
		w, h := file.Size()
		if w < 1 || h < 1 {
			t.Fatalf("size %dx%d", w, h)
		}
		if o := file.Orientation(); o < 0 || o > 8 {
			t.Fatalf("orientation %d", o)
		}
		if w*h > 1<<14 || file.DecodeBytes() > 64<<20 {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // work has a bound of its own
		defer cancel()
		pix, err := file.Decode(ctx, 6, nil)
		if ctx.Err() != nil {
			t.Fatal("takes more than a minute")
		}
		if pix != nil && len(pix) != 3*w*h {
			t.Errorf("%d bytes for %dx%d", len(pix), w, h)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%q has more than one line", err)
		}
	})
}
