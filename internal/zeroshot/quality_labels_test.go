package zeroshot_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/zeroshot"
)

// measureHubness measures the direction from labels to pictures: of the best
// pictures of each label, as many as it is true of, how many are right, and how
// unevenly pictures come up. The correction must make the second better and the first not
// worse by more than the few photos of narrow labels can tell.
func measureHubness(t *testing.T, s *photoSet, cache *zeroshot.Cache) {
	spec := s.encoder.Spec()
	st, err := local.Open(t.Context(), local.Options{
		Dir: t.TempDir(), Collection: "photos", Mode: store.Create,
		Model: store.Model{Fingerprint: spec.Fingerprint, Name: spec.Name, Precision: spec.Precision, Pixels: string(spec.Preprocess.Mode), Dim: spec.Dim},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	records := make([]store.Record, len(s.photos))
	place := make(map[string]int)
	for i, p := range s.photos {
		records[i] = store.Record{ID: store.ID("photos", p.file), Path: "/" + p.file, Root: "/", Format: "png", Vector: s.vectors.Row(i)}
		place[records[i].ID] = i
	}
	if err := st.Upsert(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]task{"wide": s.categories(t), "narrow": s.things(t)} {
		c, err := zeroshot.Prepare(t.Context(), s.encoder, k.list, zeroshot.Options{Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		var precision, skewness [2]float64
		for i, correct := range []bool{false, true} {
			h, err := tagging.MeasureHubness(t.Context(), st, c, tagging.WalkOptions{Top: 10, CorrectHubness: correct})
			if err != nil {
				t.Fatal(err)
			}
			skewness[i] = h.Skewness
			precision[i] = rPrecision(t, c, st, k, place, correct)
		}
		t.Logf("%s labels: precision %.3f, corrected %.3f; skewness %.2f, corrected %.2f", name, precision[0], precision[1], skewness[0], skewness[1])
		if precision[1] < precision[0]-0.03 || skewness[1] >= skewness[0] || math.IsNaN(precision[1]) {
			t.Errorf("%s labels: the correction makes it worse", name)
		}
	}
}

// rPrecision is the share of right ones among the first n pictures of a label, where
// n is the number of its right ones, on average over the labels that have any.
func rPrecision(t *testing.T, c *zeroshot.Classifier, st store.Store, k task, place map[string]int, correct bool) float64 {
	t.Helper()
	right := make(map[string]bool)
	positives := make([]int, len(k.list.Labels))
	for i, labels := range k.truth {
		for _, l := range labels {
			positives[l]++
			right[fmt.Sprint(l, " ", i)] = true
		}
	}
	var sum, n float64
	for l, count := range positives {
		if count == 0 {
			continue
		}
		for r, err := range tagging.TagLabels(t.Context(), st, c, tagging.WalkOptions{Top: count, CorrectHubness: correct}) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Label != l {
				continue
			}
			hits := 0
			for _, h := range r.Hits {
				if right[fmt.Sprint(l, " ", place[h.Record.ID])] {
					hits++
				}
			}
			sum += float64(hits) / float64(count)
			break
		}
		n++
	}
	return sum / n
}
