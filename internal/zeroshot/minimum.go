package zeroshot

import "github.com/sightline/sightline/internal/label"

// DefaultMinProbability is the least probability of a tag of a short list, where neither
// the run nor the label sets one. See the quality golden for what it was chosen by.
const DefaultMinProbability = 0.3

// Each label of a list is one more chance of a wrong tag, and nobody misses what a long
// list has beside it. So the least odds grow with the number of labels from shortList on,
// up to mostOdds times those of DefaultMinProbability, which is a probability of 0.40.
// Both numbers were chosen on the demo photos (tuxpaint): it is the least probability, in
// steps of 0.01, from which at most 30 of a hundred tags are wrong of 998 names. More costs
// right tags faster than it saves wrong ones. docs/quality.md has the other sets.
const shortList, mostOdds = 50, 14.0 / 9

// DefaultMinimum is the least probability of a tag where neither the run nor the label sets
// one: DefaultMinProbability for short lists, and more for long ones. Labels of exclusive
// groups do not count, since a picture gets one of a group at most.
func DefaultMinimum(list *label.List) float32 {
	open := 0
	for i := range list.Labels {
		if list.Labels[i].Group == "" {
			open++
		}
	}
	times := max(1, min(mostOdds, float64(open)/shortList))
	odds := times * DefaultMinProbability / (1 - DefaultMinProbability)
	return float32(odds / (1 + odds))
}
