package clip

// TextReader is an optional interface of encoders that can say what a model makes of a
// text, without embedding it.
type TextReader interface {
	// ReadText takes a text apart as EncodeTexts does.
	ReadText(text string) (TextReading, error)
}

// TextReading is what a model makes of a text.
type TextReading struct {
	Tokens  int // of the whole text, without special ones; at most a few thousand are counted
	Room    int // tokens that fit into the context; those after them are cut off
	Unknown int // tokens that stand for what the vocabulary does not have
}
