package clip

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/sightline/sightline/internal/imaging"
)

// preprocessGoldens is testdata/preprocess.json, which scripts/reference/pixels.py
// makes with Pillow and numpy.
type preprocessGoldens struct {
	Preprocessors map[string]struct {
		Fit    Fit            `json:"fit"`
		Size   [2]int         `json:"size"`
		Crop   [2]int         `json:"crop"`
		Filter imaging.Filter `json:"filter"`
		Mean   [3]float32     `json:"mean"`
		Std    [3]float32     `json:"std"`
	} `json:"preprocessors"`
	Cases []struct {
		File       string `json:"file"`
		Preprocess string `json:"preprocess"`
		SHA256     string `json:"sha256"`
	} `json:"cases"`
}

func clipPreprocess() Preprocess {
	return Preprocess{
		Size: Size{224, 224}, Crop: Size{224, 224}, Fit: FitCrop, Filter: imaging.Bicubic,
		Mean: [3]float32{0.48145466, 0.4578275, 0.40821073},
		Std:  [3]float32{0.26862954, 0.26130258, 0.27577711},
		Mode: imaging.Fast,
	}
}

// noise is a picture that no two orders of arithmetic would agree on by chance.
func noise(width, height int) *imaging.RGB {
	img := imaging.NewRGB(width, height)
	state := uint32(1)
	for i := range img.Pix {
		state = state*1664525 + 1013904223
		img.Pix[i] = byte(state >> 24)
	}
	return img
}

func TestPreparerMatchesReference(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "preprocess.json"))
	if err != nil {
		t.Fatal(err)
	}
	var g preprocessGoldens
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	// One Preparer for all pictures of a kind: what one leaves behind must not
	// show in the next.
	preparers := map[string]*Preparer{}
	for name, p := range g.Preprocessors {
		preparers[name] = NewPreparer(Preprocess{
			Fit: p.Fit, Size: Size{p.Size[0], p.Size[1]}, Crop: Size{p.Crop[0], p.Crop[1]},
			Filter: p.Filter, Mean: p.Mean, Std: p.Std,
		})
	}
	for _, c := range g.Cases {
		t.Run(c.File+"/"+c.Preprocess, func(t *testing.T) {
			if filepath.Ext(c.File) == ".jpg" && imaging.JPEGDecoder != "libjpeg-turbo" {
				t.Skip("the goldens hold for libjpeg-turbo's pixels; this build decodes with", imaging.JPEGDecoder)
			}
			file, err := os.ReadFile(filepath.Join("..", "imaging", "testdata", "src", c.File))
			if err != nil {
				t.Fatal(err)
			}
			img, _, err := imaging.Decode(file, imaging.Options{})
			if err != nil {
				t.Fatal(err)
			}
			pr := preparers[c.Preprocess]
			b := NewBatch(2, pr.p)
			if err := pr.Into(img, b.Slot(1)); err != nil {
				t.Fatal(err)
			}
			var raw bytes.Buffer
			if err := binary.Write(&raw, binary.LittleEndian, b.Slot(1)); err != nil {
				t.Fatal(err)
			}
			if s := sha256.Sum256(raw.Bytes()); hex.EncodeToString(s[:]) != c.SHA256 {
				t.Error("tensor is not the reference's")
			}
			for i, v := range b.Slot(0) {
				if v != 0 {
					t.Fatalf("value %d of the neighbouring slot was written", i)
				}
			}
		})
	}
}

func TestPreparerRefusesWhatDoesNotFit(t *testing.T) {
	img := noise(30, 20)
	slot := make([]float32, 3*224*224)
	tests := []struct {
		name string
		edit func(*Preprocess)
		img  *imaging.RGB
		dst  []float32
	}{
		{"short slot", func(*Preprocess) {}, img, slot[1:]},
		{"empty picture", func(*Preprocess) {}, &imaging.RGB{}, slot},
		{"pixels missing", func(*Preprocess) {}, &imaging.RGB{Pix: make([]byte, 5), Width: 2, Height: 1}, slot},
		{"no size", func(p *Preprocess) { p.Size = Size{} }, img, slot},
		{"unknown fit", func(p *Preprocess) { p.Fit = "stretch" }, img, slot},
		{"unknown filter", func(p *Preprocess) { p.Filter = "nearest" }, img, slot},
		{"squash and crop", func(p *Preprocess) { p.Fit, p.Size.Width = FitSquash, 256 }, img, slot},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := clipPreprocess()
			tt.edit(&p)
			if err := p.Into(tt.img, tt.dst); err == nil {
				t.Error("accepted")
			}
		})
	}
}

// An aspect ratio of a thousand asks for a resized picture of 224 by 224,000 of
// which only the middle is computed.
func TestPreparerTakesExtremeAspects(t *testing.T) {
	pr := NewPreparer(clipPreprocess())
	dst := make([]float32, 3*224*224)
	for _, size := range [][2]int{{1, 30000}, {30000, 1}, {2, 2}} {
		if err := pr.Into(noise(size[0], size[1]), dst); err != nil {
			t.Errorf("%v: %v", size, err)
		}
	}
}

func TestPreparerDoesNotAllocate(t *testing.T) {
	pr, img := NewPreparer(clipPreprocess()), noise(640, 480)
	dst := make([]float32, 3*224*224)
	if n := testing.AllocsPerRun(5, func() {
		if err := pr.Into(img, dst); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a picture", n)
	}
}

// Rows of every remainder, since they are written four pixels at a time.
func TestPreparerNormalisesEverySample(t *testing.T) {
	for width := 1; width < 13; width++ {
		p := clipPreprocess()
		p.Fit, p.Size, p.Crop = FitSquash, Size{width, 7}, Size{width, 7} // nothing to resize
		img, dst := noise(width, 7), make([]float32, 3*width*7)
		if err := p.Into(img, dst); err != nil {
			t.Fatal(err)
		}
		for i, v := range img.Pix {
			c := i % 3
			if got, want := dst[c*width*7+i/3], normalise(int(v), p.Mean[c], p.Std[c]); got != want {
				t.Fatalf("width %d: pixel %d of channel %d is %v, want %v", width, i/3, c, got, want)
			}
		}
	}
}

func TestShortSide(t *testing.T) {
	p := clipPreprocess()
	if got := p.ShortSide(); got != 224 {
		t.Errorf("crop: %d", got)
	}
	p.Fit, p.Size = FitSquash, Size{200, 300}
	if got := p.ShortSide(); got != 300 {
		t.Errorf("squash: %d", got)
	}
}

func BenchmarkPreparer(b *testing.B) {
	for _, size := range []struct {
		name          string
		width, height int
	}{{"640x480", 640, 480}, {"4000x3000", 4000, 3000}} {
		b.Run(size.name, func(b *testing.B) {
			pr, img := NewPreparer(clipPreprocess()), noise(size.width, size.height)
			dst := make([]float32, 3*224*224)
			for b.Loop() {
				if err := pr.Into(img, dst); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
