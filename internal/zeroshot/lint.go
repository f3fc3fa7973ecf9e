package zeroshot

import (
	"context"
	"fmt"
	"slices"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/vec"
)

// nearSynonym is the nearness of two labels from which they compete for the same
// pictures. With the starter model it is a cosine of 0.85: sea and ocean or couch and
// sofa have 0.89, dog and puppy 0.85; lion and tiger or fruit and vegetable less than 0.75.
const nearSynonym = 0.73

// LintMeanings finds pairs of labels that mean nearly the same to the model, the
// nearest first. A label and its own parent are no pair.
func (c *Classifier) LintMeanings(ctx context.Context) ([]label.Finding, error) {
	var out []label.Finding
	ancestors := c.list.Ancestors()
	labels := c.Labels()
	block := max(1, min(1024, blockScores/max(1, c.labels)))
	for from := 0; from < c.labels; from += block {
		part := labels.Slice(from, min(from+block, c.labels))
		cosines := vec.NewMatrix(part.Rows, c.labels)
		if err := c.engine.Score(ctx, labels, part, cosines); err != nil {
			return nil, fmt.Errorf("comparing the labels with each other: %w", err)
		}
		for i := range part.Rows {
			a := from + i
			for b, cosine := range cosines.Row(i)[:a] {
				if c.nearness(cosine) < nearSynonym {
					continue
				}
				one, two := c.list.Labels[b].Name, c.list.Labels[a].Name
				if slices.Contains(ancestors[a], one) || slices.Contains(ancestors[b], two) {
					continue
				}
				out = append(out, label.Finding{Problem: label.ProblemSynonym, Label: one, Other: two, Value: float64(cosine),
					Message: "the model hardly tells them apart: make one an alias of the other, or give them prompts"})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b label.Finding) int {
		switch {
		case a.Value > b.Value:
			return -1
		case a.Value < b.Value:
			return 1
		}
		return 0
	})
	return out, nil
}
