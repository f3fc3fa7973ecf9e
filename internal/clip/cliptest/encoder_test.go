package cliptest_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/vec"
)

var _ clip.Encoder = (*cliptest.Encoder)(nil)

// fill paints slot i of b in one colour, with a dot of white at place mark.
func fill(b *clip.Batch, p clip.Preprocess, i int, rgb [3]float32, mark int) {
	slot := b.Slot(i)
	plane := len(slot) / 3
	for c := range 3 {
		for k := range plane {
			slot[c*plane+k] = (rgb[c] - p.Mean[c]) / p.Std[c]
		}
		slot[c*plane+mark] = (1 - p.Mean[c]) / p.Std[c]
	}
}

func dot(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func TestColoursFindTheirNames(t *testing.T) {
	for _, dim := range []int{4, 8, 64, 512} {
		e := cliptest.New(dim)
		b := clip.NewBatch(6, e.Spec().Preprocess)
		paint := [][3]float32{{0.9, 0.1, 0.1}, {0.1, 0.8, 0}, {0, 0, 1}}
		for i := range 6 {
			fill(b, e.Spec().Preprocess, i, paint[i/2], i)
		}
		b.SetLen(6)
		images, err := e.EncodeImages(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		texts, err := e.EncodeTexts(t.Context(), []string{"A red car", "green,grass", "the BLUE sea"})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 6 {
			for j := range 3 {
				score := dot(images.Row(i), texts.Row(j))
				if near := score > 0.8; near != (i/2 == j) {
					t.Errorf("dim %d: picture %d and text %d have cosine %.3f", dim, i, j, score)
				}
			}
		}
		if d := dot(images.Row(0), images.Row(1)); d > 0.99999 {
			t.Errorf("dim %d: two different red pictures have cosine %v", dim, d)
		}
		for _, m := range []vec.Matrix{images, texts} {
			for i := range m.Rows {
				if n := dot(m.Row(i), m.Row(i)); math.Abs(n-1) > 1e-5 {
					t.Errorf("dim %d: row %d has squared norm %v", dim, i, n)
				}
			}
		}
		again, err := e.EncodeImages(t.Context(), b)
		if err != nil || dot(again.Row(5), images.Row(5)) < 0.999999 {
			t.Errorf("dim %d: not deterministic (%v)", dim, err)
		}
		if e.Images() != 12 || e.Texts() != 3 {
			t.Errorf("dim %d: counted %d pictures and %d texts", dim, e.Images(), e.Texts())
		}
	}
}

func TestHooks(t *testing.T) {
	boom := errors.New("boom")
	e := cliptest.New(16).WithSpec(func(s *clip.Spec) { s.Fingerprint = "other" })
	if e.Spec().Fingerprint != "other" {
		t.Errorf("fingerprint %q", e.Spec().Fingerprint)
	}
	e.OnTexts = func(_ context.Context, call int, _ []string) error {
		if call == 1 {
			return boom
		}
		return nil
	}
	for call, want := range []error{nil, boom, nil} {
		if _, err := e.EncodeTexts(t.Context(), []string{"x"}); !errors.Is(err, want) {
			t.Errorf("call %d: %v, want %v", call, err, want)
		}
	}

	e.Delay = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := e.EncodeTexts(ctx, []string{"x"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("delayed call: %v", err)
	}

	e.Delay = 0
	for range 2 {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.EncodeTexts(t.Context(), []string{"x"}); !errors.Is(err, cliptest.ErrClosed) || !e.Closed() {
		t.Errorf("after Close: %v", err)
	}
}
