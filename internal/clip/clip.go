// Package clip is the model as data and arithmetic: the bundle on disk, the
// tokenizers, the pixels as the model saw them, and the Encoder contract.
//
// It runs no network itself. Running the graphs is the work of internal/ort,
// which implements Encoder; the other packages see only what is here, so that
// they build without cgo and test with cliptest's fake.
package clip

import (
	"context"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/vec"
)

// Encoder maps pictures and texts into one space. Implementations are safe for
// concurrent use.
type Encoder interface {
	// Spec describes the model. It does not change during the encoder's life.
	Spec() Spec
	// EncodeImages embeds the filled slots of b: one L2-normalised row a slot, in
	// slot order. The rows are the caller's to keep. The batch is not retained.
	EncodeImages(ctx context.Context, b *Batch) (vec.Matrix, error)
	// EncodeTexts embeds texts: one L2-normalised row a text. A text that is longer
	// than the context is truncated as the reference tokenizer does it.
	EncodeTexts(ctx context.Context, texts []string) (vec.Matrix, error)
	// Close frees the sessions. It waits for calls in flight and may be repeated.
	Close() error
}

// Spec is everything about a model that the rest of the program needs to know.
type Spec struct {
	Name       string // as the user named it: "starter", "Xenova/clip-vit-base-patch32"
	Precision  string // "fp32", "fp16" or "int8": which files of the bundle are used
	Dim        int    // length of an embedding
	Preprocess Preprocess
	Context    int // tokens a text may have, special tokens included
	// LogitScale is exp(logit_scale): what a cosine is multiplied by before the
	// softmax (100 for CLIP). LogitBias is added after it (SigLIP; 0 elsewhere).
	LogitScale float64
	LogitBias  float64
	// Sigmoid says that the model was trained with a sigmoid for each pair (SigLIP)
	// and not with a softmax over a batch.
	Sigmoid bool
	// Fingerprint names this exact model: see Fingerprint in fingerprint.go. Two
	// encoders with equal fingerprints give interchangeable embeddings.
	Fingerprint string
	// Notice is a sentence to show to users where the model needs one, such as that
	// the starter model is not CLIP. Empty for most.
	Notice string
}

// Preprocess is a bundle's picture preprocessing, as its
// preprocessor_config.json states it.
type Preprocess struct {
	Size   Size // what the shorter side (Crop) or the whole picture (Squash) is resized to
	Crop   Size // the centre crop after it; what the graph receives
	Fit    Fit
	Filter imaging.Filter
	Mean   [3]float32 // per channel, of values in 0..1
	Std    [3]float32
	Mode   imaging.Mode
	Colour imaging.Colour
}

// Size is a width and a height in pixels.
type Size struct{ Width, Height int }

// Fit says how a picture that is not square becomes the model's square.
type Fit string

// The two ways that models were trained with.
const (
	FitCrop   Fit = "crop"   // shorter side to size, then the centre (CLIP)
	FitSquash Fit = "squash" // both sides to size, aspect ratio lost (SigLIP)
)

// Batch is a reusable tensor of prepared pictures, float32 in NCHW order. Decode
// workers each write into a slot of their own with Preprocess.Into, so that
// pixels are never copied between the decoder and the session.
type Batch struct {
	Pixels []float32 // Cap()*SlotLen() values
	n      int
	cap    int
	slot   int
}

// NewBatch allocates a batch of capacity pictures for p.
func NewBatch(capacity int, p Preprocess) *Batch {
	slot := 3 * p.Crop.Width * p.Crop.Height
	return &Batch{Pixels: make([]float32, capacity*slot), cap: capacity, slot: slot}
}

// Slot returns the memory of picture i: three planes (red, green, blue) of
// Crop.Height rows of Crop.Width values. Distinct slots may be written
// concurrently.
func (b *Batch) Slot(i int) []float32 { return b.Pixels[i*b.slot : (i+1)*b.slot : (i+1)*b.slot] }

// SetLen declares that slots [0, n) are filled.
func (b *Batch) SetLen(n int) { b.n = n }

// Len is the number of filled slots.
func (b *Batch) Len() int { return b.n }

// Part is slots [from, to) as a filled batch of its own, over the same memory.
func (b *Batch) Part(from, to int) *Batch {
	return &Batch{Pixels: b.Pixels[from*b.slot : to*b.slot : to*b.slot], n: to - from, cap: to - from, slot: b.slot}
}

// Cap is the number of slots.
func (b *Batch) Cap() int { return b.cap }
