package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func readHEIF(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "heif", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestHEIFLooksLikeTheScene decodes what scripts/reference/heif.py encoded: one
// scene in every depth, chroma layout, matrix, range and brand. What went in must
// come out, within what the encoders lose.
func TestHEIFLooksLikeTheScene(t *testing.T) {
	var list []struct{ File, Want string }
	if err := json.Unmarshal(readHEIF(t, "list.json"), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) < 50 {
		t.Fatalf("only %d files", len(list))
	}
	for _, c := range list {
		t.Run(c.File, func(t *testing.T) {
			got, _, err := Decode(readHEIF(t, c.File), Options{})
			if err != nil {
				t.Fatal(err)
			}
			want, _, err := Decode(readHEIF(t, c.Want+".png"), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got.Width != want.Width || got.Height != want.Height {
				t.Fatalf("%dx%d, want %dx%d", got.Width, got.Height, want.Width, want.Height)
			}
			if d := meanDifference(got, want); d > 2 {
				t.Errorf("differs by %.2f levels on average", d)
			}
		})
	}
}

// quarters are the colours in the middle of the four quarters of a picture.
func quarters(p *RGB) (q [4][3]byte) {
	for i := range q {
		x, y := p.Width/4+i%2*p.Width/2, p.Height/4+i/2*p.Height/2
		q[i] = [3]byte(p.Pix[3*(y*p.Width+x):])
	}
	return q
}

func TestHEIFCases(t *testing.T) {
	tests := []struct {
		file          string
		width, height int
		quarters      string // of a picture that is right, in hex
	}{
		{"case-heic-bt709.heic", 160, 120, "dc2827 29b43b 283dd2 e6d233"},
		{"case-heic-alpha.heic", 320, 240, "f6c9c9 5dc66c c9cef3 ecdd65"},
		{"case-avif-premultiplied.avif", 320, 240, "f6c9c9 5dc66c c9cef3 ecdd65"},
		{"case-heic-sequence.heics", 160, 120, "dc2829 27b23b 283cd0 e6d233"},
		{"case-heic-exif_orientation_only.heic", 768, 1024, ""},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			got, info, err := Decode(readHEIF(t, tt.file), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got.Width != tt.width || got.Height != tt.height || info.Width != tt.width || info.Height != tt.height {
				t.Errorf("%dx%d, Info says %dx%d, want %dx%d", got.Width, got.Height, info.Width, info.Height, tt.width, tt.height)
			}
			for i, c := range strings.Fields(tt.quarters) {
				want, err := hex.DecodeString(c)
				if err != nil {
					t.Fatal(err)
				}
				for k, v := range quarters(got)[i] {
					if max(int(v)-int(want[k]), int(want[k])-int(v)) > 6 {
						t.Errorf("quarter %d is %x, want %s", i, quarters(got)[i], c)
						break
					}
				}
			}
		})
	}
}

// TestHEIFOrientationIsAppliedOnce reads a file that has boxes and an EXIF
// orientation of the same meaning, the same file without the boxes, and a phone's.
func TestHEIFOrientationIsAppliedOnce(t *testing.T) {
	both := readSource(t, "orientation6.heic")
	upright, _, err := Decode(both, Options{})
	if err != nil {
		t.Fatal(err)
	}
	stored, info, err := Decode(both, Options{IgnoreOrientation: true})
	if err != nil {
		t.Fatal(err)
	}
	if info.Orientation != 6 || stored.Width != upright.Height {
		t.Fatalf("orientation %d, stored %dx%d, upright %dx%d", info.Orientation, stored.Width, stored.Height, upright.Width, upright.Height)
	}
	if !slices.Equal(orient(stored, 6).Pix, upright.Pix) {
		t.Error("decoding into place and turning afterwards differ")
	}
	// Without the boxes, the EXIF orientation of the same file counts.
	without := bytes.ReplaceAll(both, []byte("irot"), []byte("free"))
	got, info, err := Decode(without, Options{})
	if err != nil || info.Orientation != 6 || !slices.Equal(got.Pix, upright.Pix) {
		t.Errorf("without boxes: orientation %d, %v", info.Orientation, err)
	}
	exif := readHEIF(t, "case-heic-exif_orientation_only.heic")
	if _, info, err := Decode(exif, Options{}); err != nil || info.Orientation != 6 {
		t.Errorf("EXIF alone: orientation %d, %v", info.Orientation, err)
	}
}

// TestLyingHEIF has a small size in the boxes and a large picture inside. The codec
// must stop before it takes the memory.
func TestLyingHEIF(t *testing.T) {
	for _, name := range []string{"clap.heic", "dated.heic", "alpha.avif", "dated.avif"} {
		data := slices.Clone(readSource(t, name))
		for at := 0; ; {
			i := bytes.Index(data[at:], []byte("ispe"))
			if i < 0 {
				break
			}
			at += i + 4
			binary.BigEndian.PutUint32(data[at+4:], 2)
			binary.BigEndian.PutUint32(data[at+8:], 2)
		}
		data = bytes.ReplaceAll(data, []byte("clap"), []byte("free"))
		info, err := ReadInfo(data, Limits{MaxPixels: 4})
		if err != nil || info.Width*info.Height != 4 {
			t.Fatalf("%s: %v, %v", name, info, err)
		}
		img, _, err := Decode(data, Options{Limits: Limits{MaxPixels: 4}})
		if err == nil && len(img.Pix) != 12 {
			t.Errorf("%s: %dx%d pixels", name, img.Width, img.Height)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q has more than one line", name, err)
		}
	}
}

// TestDamagedHEIFIsOneLine flips bytes all over the coded pictures: whatever becomes
// of them, a reason is a line, and nothing takes long.
func TestDamagedHEIFIsOneLine(t *testing.T) {
	for _, name := range []string{"grey10.heic", "colour8-420.heic", "colour10-444.avif", "alpha.avif", "sequence.avif"} {
		whole := readHEIF(t, name)
		for i := range 40 {
			data := slices.Clone(whole)
			for at := 20 + i*7; at < len(data); at += 97 + 13*i {
				data[at] ^= byte(1 << (i % 8))
			}
			begin := time.Now()
			_, _, err := Decode(data, Options{Limits: Limits{MaxPixels: 1 << 20}})
			if err != nil && strings.ContainsAny(err.Error(), "\n") {
				t.Errorf("%s, %d: %q has more than one line", name, i, err)
			}
			if d := time.Since(begin); d > 20*time.Second {
				t.Errorf("%s, %d: took %v", name, i, d)
			}
		}
	}
}

// TestDamagedHEICIsMarked overwrites the coded data from some place on. A picture that
// comes all the same has a mark.
func TestDamagedHEICIsMarked(t *testing.T) {
	whole := readHEIF(t, "case-heic-exif_orientation_only.heic")
	sound, info, err := Decode(whole, Options{})
	if err != nil || info.Damage != "" {
		t.Fatalf("sound: %q, %v", info.Damage, err)
	}
	at := bytes.Index(whole, []byte("mdat")) + 4
	marked := 0
	for n := 2; n <= 16; n++ {
		data := slices.Clone(whole)
		for i := at + (len(data)-at)*(n-1)/n; i < len(data); i++ {
			data[i] = byte(i * 131)
		}
		got, info, err := Decode(data, Options{})
		switch {
		case err != nil:
			if !errors.Is(err, ErrCorrupt) {
				t.Errorf("the last 1/%d: %v", n, err)
			}
		case info.Damage != "":
			marked++
		case meanDifference(got, sound) > 2:
			t.Errorf("the last 1/%d is made up, without a word", n)
		}
	}
	t.Logf("%d of 15 marked", marked)
}

func TestDecodeStopsWithItsContext(t *testing.T) {
	gone := errors.New("the caller is gone")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(gone)
	for _, name := range []string{"colour8-420.heic", "colour8-420.avif"} {
		if _, _, err := DecodeContext(ctx, readHEIF(t, name), Options{}); !errors.Is(err, gone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHEIFConcurrently decodes with many instances of the codecs at once.
func TestHEIFConcurrently(t *testing.T) {
	var group sync.WaitGroup
	for _, name := range []string{"colour8-420.heic", "colour10-420.avif", "alpha8.heic", "alpha.avif"} {
		data := readHEIF(t, name)
		want, _, err := Decode(data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			group.Go(func() {
				got, _, err := Decode(data, Options{})
				if err != nil || !bytes.Equal(got.Pix, want.Pix) {
					t.Errorf("%s: other pixels, %v", name, err)
				}
			})
		}
	}
	group.Wait()
}

func TestMemoryLimit(t *testing.T) {
	for _, name := range []string{"colour8-420.heic", "colour8-420.avif", "alpha.avif"} {
		data := readHEIF(t, name)
		info, err := ReadInfo(data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		need := info.DecodeBytes(Options{})
		if _, _, err := Decode(data, Options{Limits: Limits{MaxMemory: need}}); err != nil {
			t.Errorf("%s with exactly enough memory: %v", name, err)
		}
		if _, _, err := Decode(data, Options{Limits: Limits{MaxMemory: need - 1}}); !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "memory") {
			t.Errorf("%s with a byte too little: %v", name, err)
		}
	}
}

// TestJPEGInHEIF wraps a JPEG as the item of a HEIF file.
func TestJPEGInHEIF(t *testing.T) {
	jpeg := readSource(t, "420.jpg")
	h, err := jpegHeader(jpeg)
	if err != nil {
		t.Fatal(err)
	}
	box := func(name string, parts ...[]byte) []byte {
		body := slices.Concat(parts...)
		out := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
		return append(append(out, name...), body...)
	}
	u32 := func(v int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(v)) }
	file := func(width int) []byte {
		zeros := make([]byte, 4)
		ftyp := box("ftyp", []byte("mif1\x00\x00\x00\x00mif1jpeg"))
		build := func(offset int) []byte {
			return box("meta", zeros,
				box("hdlr", zeros, zeros, []byte("pict"), make([]byte, 13)),
				box("pitm", zeros, []byte{0, 1}),
				box("iinf", zeros, []byte{0, 1}, box("infe", []byte("\x02\x00\x00\x00\x00\x01\x00\x00jpeg\x00"))),
				box("iloc", zeros, []byte{0x44, 0, 0, 1, 0, 1, 0, 0, 0, 1}, u32(offset), u32(len(jpeg))),
				box("iprp", box("ipco", box("ispe", zeros, u32(width), u32(h.height))),
					box("ipma", zeros, u32(1), []byte{0, 1, 1, 1})))
		}
		start := len(ftyp) + len(build(0)) + 8
		return slices.Concat(ftyp, build(start), box("mdat", jpeg))
	}
	got, info, err := Decode(file(h.width), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := Decode(jpeg, Options{IgnoreOrientation: true})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Pix, want.Pix) || info.Format != FormatHEIC {
		t.Errorf("other pixels, format %s", info.Format)
	}
	if _, _, err := Decode(file(h.width-1), Options{}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("another size in the boxes: %v", err)
	}
}
