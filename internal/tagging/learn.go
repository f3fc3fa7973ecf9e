package tagging

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging/corrections"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Learned is a classifier that heeds what people corrected.
type Learned struct {
	*zeroshot.Classifier
	// Verdicts are what was said of single pictures, which no probability overrules.
	Verdicts *Verdicts
	// Labels are those of the list of which something was said, in list order.
	Labels []LearnedLabel
}

// Of returns what was learned of a label, nil for nothing.
func (l *Learned) Of(label int) *LearnedLabel {
	for i := range l.Labels {
		if l.Labels[i].Label == label {
			return &l.Labels[i]
		}
	}
	return nil
}

// Threshold is the least probability for a label, where minimum is that of labels without
// one.
func (l *Learned) Threshold(label int, minimum float32) float32 {
	return cmp.Or(l.List().Labels[label].Threshold, minimum)
}

// LearnedLabel is what corrections do to a label.
type LearnedLabel struct {
	Label              int // place in the list
	Approved, Rejected int // pictures that a person was asked about
	// Used is how many of them were learned from: the others are no longer in the index, or
	// the label belongs to an exclusive group, whose labels have no log odds of their own.
	Used int
	Fit  corrections.Fit
	// Before and After are the least probability for the label: as the list has it, or the
	// run, and as it is now. After is what the probability without the corrections has to
	// be on a typical picture of those that were learned from.
	Before, After float32
	// StaleThreshold says that a threshold was set for another model, which means nothing here.
	StaleThreshold bool
}

// Verdicts are what people said of pictures: which labels they have, whatever is probable,
// and which they have not. A nil *Verdicts says nothing.
type Verdicts struct {
	of     map[string]map[int]bool // by corrections.KeyOf; true for approved
	labels map[int]*corrections.Label
	digest string
}

// Of returns the labels of the list that were approved (true) and rejected (false) on a
// picture. It must not be written to.
func (v *Verdicts) Of(r *store.Record) map[int]bool {
	if v == nil || len(v.of) == 0 {
		return nil
	}
	return v.of[corrections.KeyOf(r)]
}

// Digest names all that was said; "" for nothing. A run whose digest is another one looks
// at all pictures again.
func (v *Verdicts) Digest() string {
	if v == nil {
		return ""
	}
	return v.digest
}

// Learn takes the corrections of a list's labels to a classifier. minimum is the least
// probability of labels without a threshold. Without corrections the classifier stays what
// it is, and Verdicts is nil.
func Learn(ctx context.Context, st store.Scanner, c *zeroshot.Classifier, book *corrections.Book, minimum float32) (*Learned, error) {
	said, err := book.Labels(ctx)
	if err != nil {
		return nil, err
	}
	byName := make(map[string]*corrections.Label, len(said))
	for i := range said {
		byName[label.Fold(said[i].Name)] = &said[i]
	}
	out := &Learned{Classifier: c}
	v := &Verdicts{of: make(map[string]map[int]bool), labels: make(map[int]*corrections.Label)}
	var adjustments []zeroshot.Adjustment
	digest := sha256.New()
	for l := range c.List().Labels {
		k := byName[label.Fold(c.List().Labels[l].Name)]
		if k == nil {
			continue
		}
		learned, a, err := learnLabel(ctx, st, c, l, k, minimum)
		if err != nil {
			return nil, err
		}
		out.Labels, adjustments = append(out.Labels, learned), append(adjustments, a)
		v.labels[l] = k
		for i := range k.Corrections {
			x := &k.Corrections[i]
			if v.of[x.Key()] == nil {
				v.of[x.Key()] = make(map[int]bool)
			}
			v.of[x.Key()][l] = x.Verdict == corrections.Approved
		}
		data, err := json.Marshal(k)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(digest, "%d:%d:", l, len(data))
		digest.Write(data)
	}
	if len(out.Labels) == 0 {
		return out, nil
	}
	if out.Classifier, err = c.Adjusted(adjustments); err != nil {
		return nil, err
	}
	v.digest = hex.EncodeToString(digest.Sum(nil))[:24]
	out.Verdicts = v
	return out, nil
}

// learnLabel fits one label.
func learnLabel(ctx context.Context, st store.Scanner, c *zeroshot.Classifier, l int, said *corrections.Label, minimum float32) (LearnedLabel, zeroshot.Adjustment, error) {
	out := LearnedLabel{Label: l, Before: minimum}
	if t := c.List().Labels[l].Threshold; t > 0 {
		out.Before = t
	}
	out.Approved, out.Rejected = said.Count()
	a := zeroshot.Adjustment{Label: l}
	if t := said.Threshold; t != nil {
		if out.StaleThreshold = t.Model != c.Provenance().Model; !out.StaleThreshold {
			a.Threshold = t.Probability
		}
	}
	out.After = cmp.Or(a.Threshold, out.Before)
	if !c.IsOpen(l) {
		return out, a, nil
	}
	examples, err := Examples(ctx, st, c, l, said)
	if err != nil || len(examples) == 0 {
		return out, a, err
	}
	out.Used = len(examples)
	out.Fit = corrections.Learn(examples, corrections.DefaultPrior)
	a.Offset, a.Direction = out.Fit.Offset, out.Fit.Direction
	var moved float64
	for _, e := range examples {
		moved += (out.Fit.Apply(e.LogOdds, e.Vector) - e.LogOdds) / float64(len(examples))
	}
	out.After = shifted(out.After, -moved)
	return out, a, nil
}

// shifted is a probability whose log odds are moved.
func shifted(p float32, by float64) float32 {
	p = max(1e-6, min(1-1e-6, p))
	return float32(1 / (1 + math.Exp(-(math.Log(float64(p)/(1-float64(p))) + by))))
}

// Examples reads the embeddings of the pictures that were corrected: by their id, or by
// their content where they were moved. A picture whose content is another one now teaches
// nothing.
func Examples(ctx context.Context, st store.Scanner, c *zeroshot.Classifier, l int, said *corrections.Label) ([]corrections.Example, error) {
	ids := make([]string, len(said.Corrections))
	for i := range said.Corrections {
		ids[i] = said.Corrections[i].Picture
	}
	found := make(map[string][]float32)
	for chunk := range slices.Chunk(ids, fetchVectors) {
		records, err := st.Get(ctx, chunk)
		if err != nil {
			return nil, fmt.Errorf("reading the pictures that were corrected: %w", err)
		}
		for i := range records {
			if records[i].Vector != nil {
				found[corrections.KeyOf(&records[i])] = records[i].Vector
			}
		}
	}
	var examples []corrections.Example
	var rows [][]float32
	for i := range said.Corrections {
		x := &said.Corrections[i]
		v := found[x.Key()]
		if v == nil {
			moved, err := corrections.Pictures(ctx, st, x)
			if err != nil {
				return nil, fmt.Errorf("looking for a picture that was corrected: %w", err)
			}
			if len(moved) > 0 {
				v = moved[0].Vector
			}
		}
		if v == nil {
			continue
		}
		examples = append(examples, corrections.Example{Vector: v, Approved: x.Verdict == corrections.Approved, Asked: x.Asked})
		rows = append(rows, v)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	m, err := vec.FromRows(rows...)
	if err != nil {
		return nil, err
	}
	odds, err := c.LogOdds(ctx, l, m)
	if err != nil {
		return nil, err
	}
	for i := range examples {
		examples[i].LogOdds = odds[i]
	}
	return examples, nil
}

// approved returns the records of the pictures on which a label was approved, copies too.
func (v *Verdicts) approved(ctx context.Context, st store.Scanner, l int) ([]store.Record, error) {
	if v == nil || v.labels[l] == nil {
		return nil, nil
	}
	var out []store.Record
	for i := range v.labels[l].Corrections {
		x := &v.labels[l].Corrections[i]
		if x.Verdict != corrections.Approved {
			continue
		}
		records, err := corrections.Pictures(ctx, st, x)
		if err != nil {
			return nil, fmt.Errorf("reading a picture that was approved: %w", err)
		}
		for _, r := range records {
			r.Vector = nil
			out = append(out, r)
		}
	}
	return out, nil
}

// heed gives a picture the labels that were approved, takes those that were rejected, and
// of the others the most probable. scores are of every label, the most probable first.
func (w *walk) heed(scores []zeroshot.Score, said map[int]bool) []zeroshot.Score {
	var out []zeroshot.Score
	taken := make(map[string]bool) // exclusive groups, of which a picture gets one label
	for _, s := range scores {
		if said[s.Label] {
			s.Probability = 1
			out = append(out, s)
			taken[w.list()[s.Label].Group] = true
		}
	}
	for _, s := range scores {
		group := w.list()[s.Label].Group
		if _, known := said[s.Label]; known || len(out) >= w.Top || group != "" && taken[group] {
			continue
		}
		minimum := cmp.Or(w.list()[s.Label].Threshold, w.MinProbability)
		if s.Probability < minimum {
			continue
		}
		taken[group] = true
		out = append(out, s)
	}
	return out[:min(len(out), w.Top)]
}
