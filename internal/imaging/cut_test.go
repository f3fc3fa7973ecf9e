package imaging

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCutPictures: of files that lack their end, pictures are shown that are there for the
// most part, with what the file has as it is, and marked; others are damaged.
func TestCutPictures(t *testing.T) {
	for _, name := range []string{"lossy.webp", "lossless.webp", "still.avif", "still.heic"} {
		t.Run(name, func(t *testing.T) {
			whole, err := os.ReadFile(filepath.Join("testdata", "cut", name))
			if err != nil {
				t.Fatal(err)
			}
			want, info, err := Decode(whole, Options{})
			if err != nil || info.Damage != "" {
				t.Fatalf("%q, %v", info.Damage, err)
			}
			for _, missing := range []int{3, len(whole) / 20, len(whole) / 10} {
				got, info, err := Decode(whole[:len(whole)-missing], Options{})
				if err != nil || !strings.Contains(info.Damage, "the file is cut off: ") {
					t.Errorf("without %d of %d bytes: %q, %v", missing, len(whole), info.Damage, err)
					continue
				}
				// Of what is not grey, all but what lies at the edge is the picture's.
				lost, wrong := 0, 0
				for i := 0; i < len(got.Pix); i += 3 {
					p := got.Pix[i : i+3]
					switch {
					case bytes.Equal(p, want.Pix[i:i+3]):
					case bytes.Equal(p, []byte{128, 128, 128}):
						lost++
					default:
						wrong++
					}
				}
				if n := got.Width * got.Height; lost > n/mayLose || wrong > n/50 || missing > len(whole)/11 && lost == 0 {
					t.Errorf("without %d bytes: of %d pixels %d are lost and %d wrong", missing, n, lost, wrong)
				}
			}
			for _, keep := range []int{len(whole) / 2, len(whole) * 3 / 4} {
				if img, _, err := Decode(whole[:keep], Options{}); img != nil || !errors.Is(err, ErrCorrupt) {
					t.Errorf("with %d of %d bytes: %v, %v", keep, len(whole), img != nil, err)
				}
			}
		})
	}
}
