package clip

// Tokenizer turns a text into the token ids of a model.
type Tokenizer interface {
	// Encode returns the ids of text with the model's special tokens, truncated to
	// max ids (special tokens included, and kept on truncation). It does not pad.
	Encode(text string, max int) []int64
	// PadID is the id that fills the rest of a fixed-length sequence.
	PadID() int64
}
