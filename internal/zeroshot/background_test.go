package zeroshot

import (
	"slices"
	"testing"

	"github.com/sightline/sightline/internal/vec"
)

// A label's own synonym is left out of the background prompts and nothing else, also with an encoder
// for which all texts look much alike.
func TestSameMeaningInANarrowCone(t *testing.T) {
	const prompts = 40
	for _, common := range []float32{0, 1, 3, 10} {
		rows := make([][]float32, prompts)
		for i := range rows {
			rows[i] = make([]float32, prompts+1)
			rows[i][i], rows[i][prompts] = 1, common
		}
		label := slices.Clone(rows[3]) // as prompt 3, but for a little of prompt 4
		label[4] = 0.3
		m, err := vec.FromRows(append([][]float32{label}, rows...)...)
		if err != nil {
			t.Fatal(err)
		}
		for i := range m.Rows {
			if err := vec.Normalize(m.Row(i)); err != nil {
				t.Fatal(err)
			}
		}
		c := &Classifier{matrix: m, labels: 1, groupOf: []int{-1}, calibration: BackgroundSoftmax{Scale: 20, Gain: 1}, engine: vec.NewParallel(1)}
		if err := c.compareWithBackground(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(c.overlap[0], []int{3}) {
			t.Errorf("common part %v: prompts %v mean the same", common, c.overlap[0])
		}
	}
}
