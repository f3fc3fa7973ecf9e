package tagging

import (
	"context"
	"fmt"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/zeroshot"
)

const (
	// hubShare is the share of all pictures from which a label says little.
	hubShare = 0.5
	// hubPictures is how many pictures an index needs before shares mean something.
	hubPictures = 20
)

// Lint says what may not work well about the labels of a classifier: pairs that it hardly
// tells apart and, in an index, labels that nothing or half of everything gets from a
// probability of minimum on. st is nil where there is no index. Nothing is written.
func Lint(ctx context.Context, st store.Store, c *zeroshot.Classifier, minimum float32) ([]label.Finding, error) {
	findings, err := c.LintMeanings(ctx)
	if err != nil || st == nil {
		return findings, err
	}
	more, err := lintIndex(ctx, st, c, minimum)
	return append(findings, more...), err
}

// lintIndex tags an index, without writing anything, and finds labels that nothing
// or half of everything gets.
func lintIndex(ctx context.Context, st store.Store, c *zeroshot.Classifier, minimum float32) ([]label.Finding, error) {
	labels := c.List().Labels
	given := make(map[string]int, len(labels))
	pictures := 0
	for r, err := range TagImages(ctx, st, c, WalkOptions{Top: len(labels), MinProbability: minimum, AnyOrder: true}) {
		if err != nil {
			return nil, err
		}
		pictures++
		for _, tag := range r.Tags {
			given[tag.Label]++
		}
	}
	if pictures == 0 {
		return nil, nil
	}
	var out []label.Finding
	for i := range labels {
		name := labels[i].Name
		share := float64(given[name]) / float64(pictures)
		switch {
		case given[name] == 0:
			out = append(out, label.Finding{Problem: label.ProblemNothing, Label: name,
				Message: fmt.Sprintf("none of %d pictures gets it", pictures)})
		case share >= hubShare && pictures >= hubPictures:
			out = append(out, label.Finding{Problem: label.ProblemHub, Label: name, Value: share,
				Message: fmt.Sprintf("%d of %d pictures get it: it says little, or a narrower word is meant", given[name], pictures)})
		}
	}
	return out, nil
}
