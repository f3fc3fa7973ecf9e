package duplicates_test

import (
	"bytes"
	"crypto/sha256"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/sightline/sightline/internal/query/duplicates"
)

// The file of a small cache is one, and those of a large one are short: nothing is lost
// where they are split.
func TestCacheGrows(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "looks")
	c := duplicates.OpenCache(dir)
	l := duplicates.LookOf(ramp(200, 100, true, 0))
	const pictures = 3000
	for i := range pictures {
		hash := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		if err := c.Put(hash[:], &l); err != nil {
			t.Fatal(err)
		}
		if i != 60 {
			continue
		}
		if names, err := filepath.Glob(filepath.Join(dir, "*")); len(names) != 1 || err != nil {
			t.Fatalf("%d pictures: %q, %v", i+1, names, err)
		}
	}
	for i := range pictures {
		hash := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		if got, ok := c.Get(hash[:]); !ok || duplicates.Distance(got, &l) != 0 {
			t.Errorf("picture %d is lost", i)
		}
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if len(names) < 200 || err != nil {
		t.Errorf("%d files, %v: not split twice", len(names), err)
	}
	for _, name := range names {
		if st, err := os.Stat(name); err != nil || st.Size() > 65*3200 {
			t.Errorf("%s has %d bytes, %v", name, st.Size(), err)
		}
	}
}

func TestCache(t *testing.T) {
	dir := t.TempDir()
	c := duplicates.OpenCache(filepath.Join(dir, "looks"))
	hash := func(s string) []byte { sum := sha256.Sum256([]byte(s)); return sum[:] }
	if _, ok := c.Get(hash("a")); ok {
		t.Error("an empty cache has something")
	}
	want := make(map[string]duplicates.Look)
	for i, name := range []string{"a", "b", "c", "plain"} {
		l := duplicates.LookOf(ramp(200-i, 100+i, i%2 == 1, 3*i))
		if name == "plain" {
			l = duplicates.LookOf(image.NewGray(image.Rect(0, 0, 9, 9)))
		}
		l.Moving = i == 1
		want[name] = l
		if err := c.Put(hash(name), &l); err != nil {
			t.Fatal(err)
		}
	}
	again := duplicates.OpenCache(filepath.Join(dir, "looks"))
	for name, l := range want {
		got, ok := again.Get(hash(name))
		if !ok || duplicates.Distance(got, &l) != 0 || got.Moving != l.Moving || got.Colour != l.Colour {
			t.Errorf("%s: %v", name, ok)
			continue
		}
		if n := duplicates.Nearness(got, &l); name != "plain" && n < 0.999 || name == "plain" && n != 0 {
			t.Errorf("%s: nearness %v to itself", name, n)
		}
	}
	// Damage is what is not there, and is mended.
	files, err := filepath.Glob(filepath.Join(dir, "looks", "*.looks"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		record := len(data) / len(want)
		for at := range len(want) {
			data[at*record+record/2] ^= 0xff
		}
		if err := os.WriteFile(f, append(data, "torn"...), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l := want["a"]
	if _, ok := c.Get(hash("a")); ok {
		t.Error("a damaged record was read")
	}
	if err := c.Put(hash("a"), &l); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Get(hash("a")); !ok {
		t.Error("a damaged record is not mended")
	}
	if none := duplicates.OpenCache(filepath.Join(dir, "looks", filepath.Base(files[0]))); none.Put(hash("a"), &l) == nil {
		t.Error("kept in a file instead of a folder")
	}
	var none *duplicates.Cache
	if _, ok := none.Get(hash("a")); ok || none.Put(hash("a"), &l) != nil || c.Put(nil, &l) != nil {
		t.Error("no cache, or no content")
	}
}

func TestColour(t *testing.T) {
	if l := duplicates.LookOf(ramp(50, 50, false, 0)); l.Colour {
		t.Error("a grey picture is in colour")
	}
	m := image.NewNRGBA(image.Rect(0, 0, 40, 40))
	for i := range 40 {
		for j := range 40 {
			m.Set(i, j, color.NRGBA{uint8(5 * i), 100, 30, 255})
		}
	}
	if l := duplicates.LookOf(m); !l.Colour {
		t.Error("a picture in colour is grey")
	}
}

func TestIsMoving(t *testing.T) {
	frame := image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.Black, color.White})
	animation := func(n int) []byte {
		g := &gif.GIF{}
		for range n {
			g.Image, g.Delay = append(g.Image, frame), append(g.Delay, 5)
		}
		var b bytes.Buffer
		if err := gif.EncodeAll(&b, g); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	var still bytes.Buffer
	if err := png.Encode(&still, frame); err != nil {
		t.Fatal(err)
	}
	after := 8 + 25 // the signature and IHDR
	apng := append(append(bytes.Clone(still.Bytes()[:after]), "\x00\x00\x00\x08acTL\x00\x00\x00\x02\x00\x00\x00\x00abcd"...), still.Bytes()[after:]...)
	webp := func(flags byte) []byte {
		return append([]byte("RIFF\x40\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00"), append([]byte{flags}, make([]byte, 40)...)...)
	}
	for name, c := range map[string]struct {
		data []byte
		want bool
	}{
		"gif of one": {animation(1), false}, "gif of three": {animation(3), true}, "gif cut": {animation(3)[:40], false},
		"png": {still.Bytes(), false}, "apng": {apng, true}, "webp": {webp(0x10), false}, "moving webp": {webp(0x12), true},
		"avif":        {[]byte("\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1miaf"), false},
		"moving avif": {[]byte("\x00\x00\x00\x18ftypavis\x00\x00\x00\x00mif1miaf"), true},
		"nothing":     {nil, false}, "text": {[]byte("GIF8"), false},
	} {
		if got := duplicates.IsMoving(bytes.NewReader(c.data)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzIsMoving(f *testing.F) {
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\x2c"))
	f.Add([]byte("\x89PNG\r\n\x1a\n\xff\xff\xff\xffxxxx"))
	f.Add([]byte("\xff\xff\xff\xffftypxxxx"))
	f.Fuzz(func(_ *testing.T, data []byte) { duplicates.IsMoving(bytes.NewReader(data)) })
}
