// Package clip is the model as data: a bundle of files, what they say, the pixels as the
// model saw them in training, and the contract of whatever computes embeddings with it.
//
//	Bundle       a folder with a model, read and checked (bundle*.go); its two graphs are
//	             called as VisionIO and TextIO say (towers.go)
//	Spec         what the rest of the program knows of a model
//	Preprocess   how a picture is prepared (preprocess.go), as preprocessor_config.json
//	             states it (preprocessor_config.go); Preparer does it
//	Batch        the memory that pictures are prepared in
//	Fingerprint  the name under which embeddings are interchangeable; DigestCache makes it
//	             cheap
//	Encoder      pictures and texts to embeddings
//
// OpenBundle reads a folder, Bundle.Fingerprint names it, and package clip/ort makes an
// Encoder of it. Nothing here runs a network, so other packages build without cgo and are
// tested with the fake of clip/cliptest. What belongs to a model alone is below: its tokens
// in clip/tokenizer, the format of its graphs in clip/onnx, where it comes from in clip/hub.
package clip

import (
	"context"

	"github.com/sightline/sightline/internal/vec"
)

// Encoder maps pictures and texts into one space. Implementations are safe for
// concurrent use.
type Encoder interface {
	// Spec describes the model. It does not change during the encoder's life.
	Spec() Spec
	// EncodeImages embeds the filled slots of b: one L2-normalised row per slot, in
	// slot order. The rows are the caller's to keep. The batch is not retained.
	EncodeImages(ctx context.Context, b *Batch) (vec.Matrix, error)
	// EncodeTexts embeds texts: one L2-normalised row per text. A text that is longer
	// than the context is truncated as the reference tokenizer truncates it.
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
	// Calibration is what was measured of the model's cosines; zero where nothing was.
	Calibration Calibration
	// Fingerprint names this exact model: see Bundle.Fingerprint. Two
	// encoders with equal fingerprints give interchangeable embeddings.
	Fingerprint string
	// Notice is a sentence to show to users where the model needs one, such as that
	// the starter model is not CLIP. Empty for most.
	Notice string
}
