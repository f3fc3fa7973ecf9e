package agreement_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/measure/agreement"
	"github.com/sightline/sightline/internal/vec"
)

// pictures makes n pictures of different colours, and one file that is none.
func pictures(t *testing.T, n int) []string {
	t.Helper()
	dir := t.TempDir()
	files := []string{filepath.Join(dir, "none.png")}
	if err := os.WriteFile(files[0], []byte("no picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		img := image.NewNRGBA(image.Rect(0, 0, 24, 24))
		for p := 0; p < len(img.Pix); p += 4 {
			copy(img.Pix[p:], []byte{byte(i * 37), byte(255 - i*21), byte(i * 11), 255})
		}
		img.Set(i, i, color.White)
		file := filepath.Join(dir, fmt.Sprint(i, ".png"))
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(png.Encode(f, img), f.Close()); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// skewed moves every embedding towards a fixed direction, and those of pictures the
// more the larger their batch is.
type skewed struct{ clip.Encoder }

func (s skewed) EncodeImages(ctx context.Context, b *clip.Batch) (vec.Matrix, error) {
	m, err := s.Encoder.EncodeImages(ctx, b)
	return skew(m, 0.1*float32(b.Len())), err
}

func (s skewed) EncodeTexts(ctx context.Context, texts []string) (vec.Matrix, error) {
	m, err := s.Encoder.EncodeTexts(ctx, texts)
	return skew(m, 0.2), err
}

func skew(m vec.Matrix, by float32) vec.Matrix {
	for i := range m.Rows {
		m.Row(i)[0] += by
		if err := vec.Normalize(m.Row(i)); err != nil {
			panic(err)
		}
	}
	return m
}

func TestCompare(t *testing.T) {
	in := agreement.Input{Pictures: pictures(t, 11), Texts: []string{"red", "green", "blue"}, K: 4, Batch: 4, Log: slog.New(slog.DiscardHandler)}
	enc := cliptest.New(32)
	same, err := agreement.Compare(t.Context(), enc, enc, in)
	if err != nil {
		t.Fatal(err)
	}
	if same.Pictures != 11 || same.Texts != 3 || same.K != 4 {
		t.Errorf("compared on %+v", same)
	}
	for name, v := range map[string]float64{
		"cosine min": same.CosineMin, "cosine mean": same.CosineMean, "text min": same.TextCosineMin,
		"batch": same.BatchCosineMin, "agreement": same.Agreement, "first": same.First,
	} {
		if v < 0.99999 || v > 1 {
			t.Errorf("%s of a model with itself is %v", name, v)
		}
	}
	other, err := agreement.Compare(t.Context(), skewed{enc}, enc, in)
	if err != nil {
		t.Fatal(err)
	}
	if other.CosineMin >= other.CosineMean || other.CosineMean > 0.999 || other.TextCosineMean > 0.999 || other.BatchCosineMin > 0.999 {
		t.Errorf("a skewed model: %+v", other)
	}
}

func TestCompareNothing(t *testing.T) {
	enc := cliptest.New(8)
	in := agreement.Input{Pictures: pictures(t, 0), K: 1, Batch: 2, Log: slog.New(slog.DiscardHandler)}
	if _, err := agreement.Compare(t.Context(), enc, enc, in); !errors.Is(err, agreement.ErrNothing) {
		t.Errorf("error %v", err)
	}
}
