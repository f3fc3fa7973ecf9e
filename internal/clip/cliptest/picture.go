package cliptest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sightline/sightline/internal/vec"
)

// Picture is the normalised embedding of a picture that lies between two colours, as the
// fake's texts name them, and is a little like nothing else: dim values.
func Picture(tb testing.TB, rng *rand.Rand, dim int) []float32 {
	tb.Helper()
	colours := []string{"red", "green", "blue", "white", "black", "yellow"}
	m, err := New(dim).EncodeTexts(tb.Context(), []string{
		colours[rng.IntN(len(colours))], colours[rng.IntN(len(colours))], fmt.Sprint(rng.Uint64()),
	})
	if err != nil {
		tb.Fatal(err)
	}
	v := make([]float32, dim)
	for i := range v {
		v[i] = m.Row(0)[i] + rng.Float32()*m.Row(1)[i] + 0.3*m.Row(2)[i]
	}
	if err := vec.Normalize(v); err != nil {
		tb.Fatal(err)
	}
	return v
}
