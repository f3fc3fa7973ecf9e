package zeroshot

import (
	"context"
	_ "embed" // the list of words with several senses is a file
	"fmt"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

//go:embed data/senses.txt
var senseFile string

// Problem is the kind of a Finding.
type Problem string

// The kinds of findings. The first two make a list unusable, the others are advice.
const (
	ProblemInvalid   Problem = "invalid"   // a label that no list may hold
	ProblemDuplicate Problem = "duplicate" // two labels with one name
	ProblemAlias     Problem = "alias"     // a label's name is another one's alias, or its plural
	ProblemSynonym   Problem = "synonym"   // two labels that mean nearly the same to the model
	ProblemSenses    Problem = "senses"    // a word that photos show in several senses
	ProblemNothing   Problem = "nothing"   // a label that no picture of the index gets
	ProblemHub       Problem = "hub"       // a label that a large share of the index gets
)

// Finding is something that lint has to say about a label.
type Finding struct {
	Problem Problem `json:"problem"`
	Label   string  `json:"label"`
	Other   string  `json:"other,omitempty"` // the other label of a pair
	Value   float64 `json:"value,omitempty"` // a cosine, or a share of the pictures
	Message string  `json:"message"`
}

// Unusable says whether the list cannot be used as it is.
func (f Finding) Unusable() bool {
	return f.Problem == ProblemInvalid || f.Problem == ProblemDuplicate
}

const (
	// nearSynonym is the nearness of two labels from which they compete for the same
	// pictures. With the starter model it is a cosine of 0.85: sea and ocean or couch and
	// sofa have 0.89, dog and puppy 0.85; lion and tiger or fruit and vegetable less than 0.75.
	nearSynonym = 0.73
	// hubShare is the share of all pictures from which a label says little.
	hubShare = 0.5
	// hubPictures is how many pictures an index needs before shares mean something.
	hubPictures = 20
)

// LintNames looks at the labels themselves, without a model. labels need not be
// valid: all that is wrong with them is found, not only the first thing.
func LintNames(labels []Label) []Finding {
	var out []Finding
	names := make(map[string]string, len(labels))
	for i := range labels {
		l := &labels[i]
		if err := l.check(); err != nil {
			out = append(out, Finding{Problem: ProblemInvalid, Label: shorten(l.Name), Message: err.Error()})
			continue
		}
		key := store.FoldLabel(l.Name)
		if first, ok := names[key]; ok {
			out = append(out, Finding{Problem: ProblemDuplicate, Label: l.Name, Other: first, Message: "it is in the list already"})
			continue
		}
		names[key] = l.Name
	}
	senses := senseWords()
	for i := range labels {
		l := &labels[i]
		for _, alias := range l.Aliases {
			if other, ok := names[store.FoldLabel(alias)]; ok && store.FoldLabel(other) != store.FoldLabel(l.Name) {
				out = append(out, Finding{Problem: ProblemAlias, Label: l.Name, Other: other, Message: "its alias is a label by itself"})
			}
		}
		key := store.FoldLabel(l.Name)
		for _, plural := range []string{key + "s", key + "es"} {
			if other, ok := names[plural]; ok {
				out = append(out, Finding{Problem: ProblemAlias, Label: l.Name, Other: other, Message: "the other is its plural"})
			}
		}
		if s, ok := senses[key]; ok && len(l.Prompts) == 0 {
			out = append(out, Finding{Problem: ProblemSenses, Label: l.Name,
				Message: "it can mean several things (" + s + "): give it prompts that say which"})
		}
	}
	return out
}

// senseWords maps folded words to their senses.
func senseWords() map[string]string {
	out := make(map[string]string)
	for _, line := range lines(senseFile) {
		word, senses, _ := strings.Cut(line, ":")
		out[store.FoldLabel(word)] = strings.TrimSpace(senses)
	}
	return out
}

// LintMeanings finds pairs of labels that mean nearly the same to the model, the
// nearest first. A label and its own parent are no pair.
func (c *Classifier) LintMeanings(ctx context.Context) ([]Finding, error) {
	var out []Finding
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
				out = append(out, Finding{Problem: ProblemSynonym, Label: one, Other: two, Value: float64(cosine),
					Message: "the model hardly tells them apart: make one an alias of the other, or give them prompts"})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
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

// LintIndex tags an index, without writing anything, and finds labels that nothing
// or half of everything gets.
func (c *Classifier) LintIndex(ctx context.Context, st store.Store, minimum float32) ([]Finding, error) {
	given := make(map[string]int, c.labels)
	pictures := 0
	for r, err := range c.TagImages(ctx, st, TagOptions{Top: c.labels, MinProbability: minimum}) {
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
	var out []Finding
	for i := range c.list.Labels {
		name := c.list.Labels[i].Name
		share := float64(given[name]) / float64(pictures)
		switch {
		case given[name] == 0:
			out = append(out, Finding{Problem: ProblemNothing, Label: name,
				Message: fmt.Sprintf("none of %d pictures gets it", pictures)})
		case share >= hubShare && pictures >= hubPictures:
			out = append(out, Finding{Problem: ProblemHub, Label: name, Value: share,
				Message: fmt.Sprintf("%d of %d pictures get it: it says little, or a narrower word is meant", given[name], pictures)})
		}
	}
	return out, nil
}
