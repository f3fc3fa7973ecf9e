package zeroshot

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/vec/sq8"
)

// Options says how a list is made ready. Zero fields mean the defaults.
type Options struct {
	Templates   []string          // prompt templates with {}; nil for DefaultTemplates()
	Calibration Calibration       // nil for the model's default, see NewCalibration
	Background  []string          // prompts that stand for "none of these"; nil for BackgroundPrompts()
	Engine      vec.Engine        // nil for one on all cores
	Codes       sq8.Engine        // for many labels, nil for none: a first pass over 8-bit codes
	Prototypes  map[int]Prototype // of labels, by their place in the list, that are made of pictures
	Cache       *Cache            // of text embeddings; nil keeps none
	Observer    Observer          // of the texts that no cache has; nil for nobody
	Log         *slog.Logger
}

// Observer learns how embedding of texts goes. A list with synonyms and many templates is
// thousands of them.
type Observer interface {
	Planned(n int)  // n more texts must be embedded
	Embedded(n int) // n more are
}

// unobserved is the Observer of nobody.
type unobserved struct{}

func (unobserved) Planned(int)  {}
func (unobserved) Embedded(int) {}

// Provenance says where the tags of a run come from: equal provenance and equal
// pictures give equal tags.
type Provenance struct {
	Model       string `json:"model"`       // fingerprint of the model
	Labels      string `json:"labels"`      // fingerprint of the label list
	Templates   string `json:"templates"`   // fingerprint of the templates and the background prompts
	Calibration string `json:"calibration"` // the method and its numbers
}

// Classifier is a label list made ready for one model. It does not change and is
// safe for concurrent use.
type Classifier struct {
	list        *label.List
	model       string
	templates   []string
	provenance  Provenance
	calibration Calibration
	engine      vec.Engine
	scale       float64 // of the softmax inside exclusive groups

	// matrix holds the labels and, after them, the background prompts: one unit row each.
	matrix vec.Matrix
	labels int // rows of matrix that are labels

	open    []int   // labels that are judged by themselves
	groups  [][]int // labels of each exclusive group
	groupOf []int   // for each label, its place in groups, -1 for an open one
	overlap [][]int // for each label, the background prompts that mean the same
	usual   float32 // cosine of two background prompts, on average
	// shifts is added to the labels' cosines before they are ranked and judged, 0 for
	// the labels of groups.
	shifts []float32
	prior  float64 // log odds of an open label for being in this list, see listPrior
	coarse *coarse // nil where labels are compared in float32
	// unit holds the labels' rows of length 1 where those of matrix are not: see Adjusted.
	unit vec.Matrix
	own  []*Prototype // for each label, what it is made of if not of texts; nil for no label
}

// Prepare embeds the prompts of a list and the background prompts, or takes them from the
// cache.
func Prepare(ctx context.Context, enc clip.Encoder, list *label.List, o Options) (*Classifier, error) {
	spec := enc.Spec()
	if o.Templates == nil {
		o.Templates = DefaultTemplates()
	}
	if err := checkTemplates(o.Templates); err != nil {
		return nil, err
	}
	if o.Calibration == nil {
		var err error
		if o.Calibration, err = NewCalibration("", spec); err != nil {
			return nil, err
		}
	}
	if o.Background == nil {
		o.Background = BackgroundPrompts()
	}
	if o.Engine == nil {
		o.Engine = vec.NewParallel(0)
	}
	if o.Observer == nil {
		o.Observer = unobserved{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Classifier{
		list: list, model: spec.Name + " " + spec.Precision, templates: o.Templates, calibration: o.Calibration, engine: o.Engine, scale: spec.LogitScale, labels: len(list.Labels),
		provenance: Provenance{
			Model: spec.Fingerprint, Labels: list.Fingerprint(),
			Templates:   digest(digest(o.Templates...), digest(o.Background...)),
			Calibration: fmt.Sprintf("%s%v", o.Calibration.Name(), o.Calibration),
		},
	}
	texts := make([][]string, 0, len(list.Labels)+len(o.Background))
	for i := range list.Labels {
		texts = append(texts, promptsOf(&list.Labels[i], o.Templates))
	}
	labels, err := embedAll(ctx, enc, texts, o)
	if err != nil {
		return nil, fmt.Errorf("embedding %d labels: %w", len(list.Labels), err)
	}
	texts = texts[:0]
	for _, concept := range o.Background {
		texts = append(texts, []string{backgroundPrefix + concept})
	}
	background, err := embedAll(ctx, enc, texts, o)
	if err != nil {
		return nil, fmt.Errorf("embedding the background prompts: %w", err)
	}
	c.matrix = vec.Matrix{Data: slices.Concat(labels.Data, background.Data), Rows: labels.Rows + background.Rows, Cols: spec.Dim}
	if err := c.usePrototypes(o.Prototypes); err != nil {
		return nil, err
	}
	c.arrange()
	if err := c.compareWithBackground(ctx); err != nil {
		return nil, fmt.Errorf("comparing the labels with the background prompts: %w", err)
	}
	c.coarse = c.newCoarse(o.Codes)
	return c, nil
}

// backgroundPrefix goes before a background prompt, which brings its own article.
const backgroundPrefix = "a photo of "

// List returns the labels.
func (c *Classifier) List() *label.List { return c.list }

// Model returns what people know the model by: its name and precision.
func (c *Classifier) Model() string { return c.model }

// Templates returns the prompt templates that labels without prompts of their own were put
// into. They must not be written to.
func (c *Classifier) Templates() []string { return c.templates }

// Provenance returns where tags of this classifier come from.
func (c *Classifier) Provenance() Provenance { return c.provenance }

// Labels returns the embeddings of the labels, one unit row each. It must not be
// written to.
func (c *Classifier) Labels() vec.Matrix {
	if c.unit.Rows > 0 {
		return c.unit
	}
	return c.matrix.Slice(0, c.labels)
}

// background returns the embeddings of the background prompts.
func (c *Classifier) background() vec.Matrix { return c.matrix.Slice(c.labels, c.matrix.Rows) }

// arrange sorts the labels into open ones and groups.
func (c *Classifier) arrange() {
	at := make(map[string]int)
	c.groupOf = make([]int, c.labels)
	for i := range c.list.Labels {
		name := c.list.Labels[i].Group
		if name == "" {
			c.groupOf[i] = -1
			if !c.isOwn(i) {
				c.open = append(c.open, i)
			}
			continue
		}
		g, ok := at[name]
		if !ok {
			g = len(c.groups)
			at[name] = g
			c.groups = append(c.groups, nil)
		}
		c.groupOf[i] = g
		c.groups[g] = append(c.groups[g], i)
	}
}
