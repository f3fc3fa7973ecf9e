package tagging

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Hubness says how unevenly pictures come up for labels.
type Hubness struct {
	Pictures int64 `json:"pictures"`
	Labels   int   `json:"labels"`
	Top      int   `json:"top"` // pictures that were looked at for each label
	// Skewness is that of the number of labels that a picture comes up for, the usual
	// measure of hubness (Radovanovic et al. 2010): near 0 where all come up alike, above 1
	// where a few hubs take many places.
	Skewness float64 `json:"skewness"`
	Hubs     []Hub   `json:"hubs"` // the pictures that come up most often
}

// Hub is a picture that comes up for many labels.
type Hub struct {
	ID     string `json:"id"`
	Path   string `json:"path"`
	Labels int    `json:"labels"` // how many it comes up for
}

// hubsShown is how many hubs a report names.
const hubsShown = 20

// MeasureHubness looks at the best o.Top pictures of each label, probable or not.
func MeasureHubness(ctx context.Context, st store.Store, c *zeroshot.Classifier, o WalkOptions) (Hubness, error) {
	h := Hubness{Labels: c.Labels().Rows, Top: o.Top, Hubs: []Hub{}}
	o.MinProbability = 0
	found := make(map[string]*Hub)
	for r, err := range TagLabels(ctx, st, c, o) {
		if err != nil {
			return h, err
		}
		for _, hit := range r.Hits {
			hub, ok := found[hit.Record.ID]
			if !ok {
				hub = &Hub{ID: hit.Record.ID, Path: hit.Record.Path}
				found[hit.Record.ID] = hub
			}
			hub.Labels++
		}
	}
	var err error
	if h.Pictures, err = st.Count(ctx, nil); err != nil {
		return h, err
	}
	counts := make([]int, 0, len(found))
	for _, hub := range found {
		counts = append(counts, hub.Labels)
		if hub.Labels > 1 {
			h.Hubs = append(h.Hubs, *hub)
		}
	}
	h.Skewness = skewness(counts, h.Pictures)
	slices.SortFunc(h.Hubs, func(a, b Hub) int {
		return cmp.Or(cmp.Compare(b.Labels, a.Labels), cmp.Compare(a.ID, b.ID))
	})
	h.Hubs = h.Hubs[:min(len(h.Hubs), hubsShown)]
	return h, nil
}

// skewness is the third standardised moment of n numbers: those in counts, and zeros.
func skewness(counts []int, n int64) float64 {
	if n < 1 {
		return 0
	}
	var sum float64
	for _, x := range counts {
		sum += float64(x)
	}
	mean := sum / float64(n)
	zeros := float64(n) - float64(len(counts))
	second, third := zeros*mean*mean, -zeros*mean*mean*mean
	for _, x := range counts {
		d := float64(x) - mean
		second += d * d
		third += d * d * d
	}
	if second == 0 {
		return 0
	}
	return third / float64(n) / math.Pow(second/float64(n), 1.5)
}
