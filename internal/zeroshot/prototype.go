package zeroshot

import (
	"fmt"
	"strconv"

	"github.com/sightline/sightline/internal/vec"
)

// Prototype is what a label is compared by that is made of pictures and not of words: an
// embedding, and the straight line that makes log odds of its cosine with a picture.
type Prototype struct {
	Vector       []float32 // unit, by the same model
	Gain, Offset float64   // log odds = Gain*cosine + Offset; Gain is above 0
}

// logOdds are those of a picture with a cosine.
func (p Prototype) logOdds(cosine float32) float64 { return p.Gain*float64(cosine) + p.Offset }

// usePrototypes puts prototypes in the place of the labels' texts. It comes after the
// labels were embedded, and before they are compared with anything.
func (c *Classifier) usePrototypes(prototypes map[int]Prototype) error {
	if len(prototypes) == 0 {
		return nil
	}
	c.own = make([]*Prototype, c.labels)
	parts := []string{c.provenance.Labels}
	for l := range c.labels {
		p, ok := prototypes[l]
		if !ok {
			continue
		}
		if len(p.Vector) != c.matrix.Cols || !vec.IsUnit(p.Vector) || !(p.Gain > 0) {
			return fmt.Errorf("the prototype of %q does not fit the model", c.list.Labels[l].Name)
		}
		if c.list.Labels[l].Group != "" {
			return fmt.Errorf("%q is made of pictures and cannot belong to a group: its probability is no share", c.list.Labels[l].Name)
		}
		copy(c.matrix.Row(l), p.Vector)
		c.own[l] = &p
		parts = append(parts, strconv.Itoa(l), fmt.Sprint(p))
	}
	c.provenance.Labels = digest(parts...)
	return nil
}

// isOwn reports whether a label is made of pictures.
func (c *Classifier) isOwn(label int) bool { return c.own != nil && c.own[label] != nil }
