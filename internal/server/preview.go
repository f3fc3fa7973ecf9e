package server

import (
	"cmp"
	"context"
	"slices"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/zeroshot"
)

// previewThresholds is what a run would write with the thresholds that are tried, beside
// what it would write without them.
func previewThresholds(ctx context.Context, x *Index, learned *tagging.Learned, o tagging.Options, r RunRequest) (RunAnswer, error) {
	most := cmp.Or(r.Examples, 12)
	if len(r.Thresholds) == 0 {
		return preview(ctx, x, learned, learned.Classifier, o, most)
	}
	tried, err := tryThresholds(learned, o.MinProbability, r.Thresholds)
	if err != nil {
		return RunAnswer{}, err
	}
	before, err := preview(ctx, x, learned, learned.Classifier, o, 1)
	if err != nil {
		return RunAnswer{}, err
	}
	after, err := preview(ctx, x, learned, tried, o, most)
	if err != nil {
		return RunAnswer{}, err
	}
	for i := range after.Labels { // both are in the order of the list
		after.Labels[i].Before = &before.Labels[i].Pictures
	}
	return after, nil
}

const histogramSteps = 20

// previewSink collects the best pictures of each label.
type previewSink struct {
	most   int
	labels map[string]*LabelPreview
	bars   []int64
}

// preview is what a run would write.
func preview(ctx context.Context, x *Index, learned *tagging.Learned, c *zeroshot.Classifier, o tagging.Options, most int) (RunAnswer, error) {
	sink := &previewSink{most: most, labels: make(map[string]*LabelPreview), bars: make([]int64, histogramSteps)}
	sum, err := tagging.New(x.Store, x.Runs, silent{}).Preview(ctx, c, o, sink)
	if err != nil {
		return RunAnswer{}, err
	}
	a := RunAnswer{
		ID: sum.Run.ID, DryRun: true, Tagged: sum.Run.Tagged, Tags: sum.Run.Tags, Lengths: sink.bars, Labels: []LabelPreview{},
		MinProbability: o.MinProbability, Learned: learnedOf(learned),
	}
	for _, l := range c.List().Labels {
		p := sink.labels[l.Name]
		if p == nil {
			p = &LabelPreview{Label: l.Name, Best: []LabelMatch{}}
		}
		p.Threshold, p.Own = cmp.Or(l.Threshold, o.MinProbability), l.Threshold > 0
		a.Labels = append(a.Labels, *p)
	}
	return a, nil
}

// Add implements tagging.Sink.
func (p *previewSink) Add(_ context.Context, r *store.Record, tags []store.Tag) error {
	for _, t := range tags {
		l := p.labels[t.Label]
		if l == nil {
			l = &LabelPreview{Label: t.Label, Best: []LabelMatch{}}
			p.labels[t.Label] = l
		}
		l.Pictures++
		p.bars[min(histogramSteps-1, max(0, int(t.Probability*histogramSteps)))]++
		at, _ := slices.BinarySearchFunc(l.Best, t.Probability, func(m LabelMatch, p float32) int { return cmp.Compare(p, m.Probability) })
		if at >= p.most {
			continue
		}
		rec := *r
		rec.Vector = nil
		l.Best = slices.Insert(l.Best, at, LabelMatch{Hit: hitOfRecord(&rec), Probability: t.Probability, Cosine: t.Score})
		l.Best = l.Best[:min(len(l.Best), p.most)]
	}
	return nil
}

// Finish implements tagging.Sink.
func (p *previewSink) Finish(context.Context, *tagging.Run) error { return nil }

// Abandon implements tagging.Sink.
func (p *previewSink) Abandon() error { return nil }

// silent is an observer of work whose progress nobody sees.
type silent struct{}

// Planned implements tagging.Observer.
func (silent) Planned(int) {}

// Tagged implements tagging.Observer.
func (silent) Tagged(int) {}

// Failed implements tagging.Observer.
func (silent) Failed(string, string) {}
