package clip

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
)

// NotesFile is the optional file with which we add to the hub's layout.
const NotesFile = "sightline.json"

// BundleNotes is the content of sightline.json: what a model's own files can't
// say. Every field may be left out; a field of another name is an error.
type BundleNotes struct {
	Name       string   `json:"name,omitempty"`        // shown where the user gave none
	Notice     string   `json:"notice,omitempty"`      // a sentence for users; see Spec.Notice
	License    string   `json:"license,omitempty"`     // SPDX expression
	Source     string   `json:"source,omitempty"`      // where the bundle comes from
	Revision   string   `json:"revision,omitempty"`    // of the source
	LogitScale *float64 `json:"logit_scale,omitempty"` // exp(logit_scale) at the end of training
	LogitBias  *float64 `json:"logit_bias,omitempty"`
	// Calibration is what was measured of the model; see Spec.Calibration.
	Calibration Calibration `json:"calibration,omitzero"`
}

// Where training leaves the two numbers that turn a cosine into a probability.
const (
	// CLIP clips its scale at 100 during training, and the published models end
	// there (Radford et al. 2021, section 2.5).
	clipLogitScale = 100
	// Each of SigLIP's published models has its own pair. The scale is that of
	// SoViT-400M/14 at 384 pixels (open_clip issue 746), the bias a round figure for
	// it: neither changes a ranking, but don't set a threshold by them.
	siglipLogitScale = 112.33
	siglipLogitBias  = -16.5
)

// readNotes reads sightline.json and settles the name and the logit scale and bias.
func (b *Bundle) readNotes() error {
	var n BundleNotes
	path := filepath.Join(b.Dir, NotesFile)
	if err := readStrictJSON(path, &n); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	b.Notice, b.License = n.Notice, n.License
	if b.Name == "" {
		b.Name = n.Name
	}
	if b.Name == "" {
		b.Name = filepath.Base(filepath.Clean(b.Dir))
	}
	b.Sigmoid = modelConfig{ModelType: b.ModelType}.sigmoid()
	b.LogitScale = clipLogitScale
	if b.Sigmoid {
		b.LogitScale, b.LogitBias = siglipLogitScale, siglipLogitBias
	}
	if n.LogitScale != nil {
		b.LogitScale = *n.LogitScale
	}
	if n.LogitBias != nil {
		b.LogitBias = *n.LogitBias
	}
	if !(b.LogitScale > 0) || math.IsInf(b.LogitScale, 0) {
		return fmt.Errorf("%s: logit_scale is %v, it must be above 0", path, b.LogitScale)
	}
	if err := n.Calibration.check(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	b.Calibration = n.Calibration
	switch {
	case b.Sigmoid && (n.LogitScale == nil || n.LogitBias == nil):
		b.assume("the trained scale and bias are not in the files: %v and %v, near those of the published models; probabilities are rough", b.LogitScale, b.LogitBias)
	case n.LogitScale == nil && b.ModelType != "clip":
		b.assume("the trained logit scale is not in the files: %v, as CLIP's", b.LogitScale)
	}
	return nil
}
