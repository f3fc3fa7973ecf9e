package thumbnail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sightline/sightline/internal/imaging"
)

// photo makes a picture with a bright corner at the top left, as a JPEG or a PNG.
func photo(t testing.TB, width, height int, asPNG bool) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.NRGBA{uint8(x * 255 / width), uint8(y * 255 / height), uint8((x ^ y) & 31), 255}
			if x < width/4 && y < height/4 {
				c = color.NRGBA{250, 250, 40, 255}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 92})
	if asPNG {
		b.Reset()
		err = png.Encode(&b, img)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rotated puts an EXIF orientation into a JPEG.
func rotated(jpegFile []byte, orientation byte) []byte {
	exif := append([]byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), orientation, 0, 0, 0, 0, 0, 0)
	segment := append([]byte{0xff, 0xe1, byte((len(exif) + 2) >> 8), byte(len(exif) + 2)}, exif...)
	return append(append([]byte{0xff, 0xd8}, segment...), jpegFile[2:]...)
}

func TestMake(t *testing.T) {
	wide := photo(t, 1500, 1000, false)
	tests := []struct {
		name  string
		data  []byte
		sizes map[int]image.Point // by the side that is asked for
		spot  image.Point         // where the bright corner is, in a thumbnail of 256
	}{
		{"wide", wide, map[int]image.Point{256: {256, 171}, 512: {512, 341}, 2048: {1500, 1000}}, image.Pt(5, 5)},
		{"turned to the right", rotated(wide, 6), map[int]image.Point{256: {171, 256}, 1024: {683, 1024}}, image.Pt(165, 5)},
		{"upside down", rotated(wide, 3), map[int]image.Point{256: {256, 171}}, image.Pt(250, 165)},
		{"a strip", photo(t, 3000, 3, true), map[int]image.Point{256: {256, 1}, 512: {512, 1}}, image.Pt(5, 0)},
		{"small", photo(t, 41, 33, true), map[int]image.Point{256: {41, 33}}, image.Pt(3, 3)},
		{"one pixel", photo(t, 1, 1, true), map[int]image.Point{256: {1, 1}}, image.Pt(0, 0)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var wanted []int
			for side := range tt.sizes {
				wanted = append(wanted, side)
			}
			made, err := Make(t.Context(), tt.data, wanted, imaging.Limits{}, nil)
			if err != nil || len(made) != len(wanted) {
				t.Fatalf("%d thumbnails: %v", len(made), err)
			}
			for side, want := range tt.sizes {
				img, err := jpeg.Decode(bytes.NewReader(made[side]))
				if err != nil || img.Bounds().Size() != want {
					t.Fatalf("%d: %v, want %v (%v)", side, img.Bounds().Size(), want, err)
				}
				if r, g, b, _ := img.At(tt.spot.X, tt.spot.Y).RGBA(); side == 256 && want.Y > 1 && (r>>8 < 180 || g>>8 < 180 || b>>8 > 120) {
					t.Errorf("the corner is not at %v: %d %d %d", tt.spot, r>>8, g>>8, b>>8)
				}
			}
		})
	}
	if _, err := Make(t.Context(), []byte("no picture"), []int{256}, imaging.Limits{}, nil); !errors.Is(err, imaging.ErrUnknownFormat) {
		t.Errorf("no picture: %v", err)
	}
	if _, err := Make(t.Context(), wide, []int{256}, imaging.Limits{MaxPixels: 1000}, nil); !errors.Is(err, imaging.ErrTooLarge) {
		t.Errorf("over the limit: %v", err)
	}
}

// TestYCbCr compares with the standard library, which converts each pixel by itself.
func TestYCbCr(t *testing.T) {
	rgb := imaging.NewRGB(7, 5)
	for i := range rgb.Pix {
		rgb.Pix[i] = byte(i * 37)
	}
	got := toYCbCr(rgb)
	for y := range 5 {
		for x := range 7 {
			p := rgb.Pix[3*(y*7+x):]
			if want, _, _ := color.RGBToYCbCr(p[0], p[1], p[2]); got.Y[got.YOffset(x, y)] != want {
				t.Errorf("luma at %d,%d is %d, want %d", x, y, got.Y[got.YOffset(x, y)], want)
			}
		}
	}
}

// counting is a source that counts how often it is read.
type counting struct {
	data    []byte
	current bool
	reads   atomic.Int64
	err     error
}

func (c *counting) read(context.Context) ([]byte, bool, error) {
	c.reads.Add(1)
	return c.data, c.current, c.err
}

func hashOf(data []byte) []byte {
	sum := sha256.Sum256(data)
	return sum[:]
}

func open(t *testing.T, dir string, o Options) *Cache {
	t.Helper()
	c, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCacheMakesOnce(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, Options{})
	src := &counting{data: photo(t, 800, 600, false), current: true}
	hash := hashOf(src.data)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if data, current, err := c.Get(t.Context(), hash, 256, src.read); err != nil || !current || len(data) == 0 {
				t.Errorf("%d bytes, current %v, %v", len(data), current, err)
			}
		})
	}
	all.Wait()
	if n := src.reads.Load(); n != 1 {
		t.Errorf("the file was read %d times", n)
	}
	again := open(t, dir, Options{}) // by another process
	if _, _, err := again.Get(t.Context(), hash, 256, src.read); err != nil || src.reads.Load() != 1 {
		t.Errorf("read %d times, %v", src.reads.Load(), err)
	}
	if s := again.Stats(); s.Files != 1 || s.Hits == 0 || s.Made != 0 {
		t.Errorf("stats %+v", s)
	}
	if made, err := again.Ensure(t.Context(), hash, []int{256, 512}, src.read); !made || err != nil || src.reads.Load() != 2 {
		t.Errorf("ensure: %v, %v", made, err)
	}
	if made, err := again.Ensure(t.Context(), hash, []int{256, 512}, src.read); made || err != nil {
		t.Errorf("ensure again: %v, %v", made, err)
	}
}

// TestDamagedFilesAreMadeAnew cuts, changes and empties what is kept.
func TestDamagedFilesAreMadeAnew(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"cut":     func(b []byte) []byte { return b[:len(b)/2] },
		"changed": func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"empty":   func([]byte) []byte { return nil },
		"foreign": func([]byte) []byte { return []byte("not ours at all") },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c := open(t, dir, Options{})
			src := &counting{data: photo(t, 300, 200, false), current: true}
			hash := hashOf(src.data)
			want, _, err := c.Get(t.Context(), hash, 256, src.read)
			if err != nil {
				t.Fatal(err)
			}
			path := c.path(nameOf(hash, 256))
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(data), 0o600); err != nil {
				t.Fatal(err)
			}
			got, _, err := c.Get(t.Context(), hash, 256, src.read)
			if err != nil || !bytes.Equal(got, want) || src.reads.Load() != 2 {
				t.Errorf("%d bytes, want %d; read %d times; %v", len(got), len(want), src.reads.Load(), err)
			}
		})
	}
}

// TestCacheIsBounded removes what was used longest ago.
func TestCacheIsBounded(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, Options{MaxBytes: 40_000})
	var hashes [][]byte
	for i := range 12 {
		src := &counting{data: photo(t, 300+i, 200, true), current: true}
		hashes = append(hashes, hashOf(src.data))
		if _, _, err := c.Get(t.Context(), hashes[i], 256, src.read); err != nil {
			t.Fatal(err)
		}
		unread := &counting{err: errors.New("it should be there")}
		if _, _, err := c.Get(t.Context(), hashes[0], 256, unread.read); err != nil {
			t.Fatalf("the one that is always used went after %d others: %v", i, err)
		}
	}
	s := c.Stats()
	if s.Removed == 0 || s.Bytes > 40_000 {
		t.Errorf("stats %+v", s)
	}
	var bytes, files int64
	filepath.WalkDir(dir, func(_ string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			info, _ := e.Info()
			bytes, files = bytes+info.Size(), files+1
		}
		return err
	})
	if bytes != s.Bytes || files != s.Files {
		t.Errorf("on disk %d files of %d bytes, counted %+v", files, bytes, s)
	}
	if small := open(t, dir, Options{MaxBytes: 10_000}); small.Stats().Bytes > 10_000 {
		t.Errorf("opened with a smaller bound: %+v", small.Stats())
	}
}

func TestWhatChangedIsNotKept(t *testing.T) {
	c := open(t, t.TempDir(), Options{})
	src := &counting{data: photo(t, 300, 200, false)}
	for range 2 {
		if _, current, err := c.Get(t.Context(), hashOf(src.data), 256, src.read); current || err != nil {
			t.Errorf("current %v, %v", current, err)
		}
	}
	if src.reads.Load() != 2 || c.Stats().Files != 0 {
		t.Errorf("read %d times, %+v", src.reads.Load(), c.Stats())
	}
	if _, _, err := c.Get(t.Context(), hashOf(src.data), 300, src.read); !errors.Is(err, ErrSide) {
		t.Errorf("another side: %v", err)
	}
	gone := &counting{err: os.ErrNotExist}
	if _, _, err := c.Get(t.Context(), make([]byte, 32), 256, gone.read); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	var none *Cache
	if data, _, err := none.Get(t.Context(), hashOf(src.data), 256, src.read); err != nil || len(data) == 0 {
		t.Errorf("without a cache: %v", err)
	}
}

// TestWhoLeavesStopsNobody cancels the one who asked first.
func TestWhoLeavesStopsNobody(t *testing.T) {
	c := open(t, t.TempDir(), Options{})
	data := photo(t, 300, 200, false)
	begun, goOn := make(chan struct{}), make(chan struct{})
	slow := func(context.Context) ([]byte, bool, error) {
		close(begun)
		<-goOn
		return data, true, nil
	}
	ctx, leave := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, _, err := c.Get(ctx, hashOf(data), 256, slow)
		first <- err
	}()
	<-begun
	leave()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	close(goOn)
	if _, _, err := c.Get(t.Context(), hashOf(data), 256, slow); err != nil {
		t.Errorf("who stayed got %v", err)
	}
}

func TestSideFor(t *testing.T) {
	for pixels, want := range map[int]int{1: 256, 256: 256, 257: 512, 2000: 2048, 9000: 2048} {
		if got := SideFor(pixels); got != want {
			t.Errorf("SideFor(%d) = %d, want %d", pixels, got, want)
		}
	}
}

// BenchmarkMake is a JPEG of 12 megapixels on one core.
func BenchmarkMake(b *testing.B) {
	data := photo(b, 4000, 3000, false)
	for name, sides := range map[string][]int{"256": {256}, "512": {512}, "256+512": {256, 512}, "2048": {2048}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Make(b.Context(), data, sides, imaging.Limits{}, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "thumbnails/s")
		})
	}
}
