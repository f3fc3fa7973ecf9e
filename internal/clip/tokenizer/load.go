package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// UnsupportedError says that a tokenizer.json needs something that this
// package does not do, so that its ids would be wrong.
type UnsupportedError struct {
	Part      string // which part of the file: "model", "normalizer"
	Found     string // what the file asks for there
	Supported string // what could stand there
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("unsupported %s %q (supported: %s)", e.Part, e.Found, e.Supported)
}

func unsupported(part, found, supported string) error {
	return &UnsupportedError{Part: part, Found: found, Supported: supported}
}

// tokenizerJSON is the file format of the Hugging Face tokenizers library.
type tokenizerJSON struct {
	Truncation    *truncationJSON `json:"truncation"`
	Padding       *paddingJSON    `json:"padding"`
	AddedTokens   []addedToken    `json:"added_tokens"`
	Normalizer    json.RawMessage `json:"normalizer"`
	PreTokenizer  json.RawMessage `json:"pre_tokenizer"`
	PostProcessor json.RawMessage `json:"post_processor"`
	Model         json.RawMessage `json:"model"`
}

type truncationJSON struct {
	Direction string `json:"direction"`
}

type paddingJSON struct {
	PadID *uint32 `json:"pad_id"`
}

// Load reads the tokenizer.json at path. CLIP's byte-level BPE and
// BERT's WordPiece are known, and their ids equal those of the Hugging Face
// tokenizers library. For anything else in the file that would change the ids the
// error wraps an *UnsupportedError.
//
// The file's own truncation length is not used: Encode is told the length.
func Load(path string) (Tokenizer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read tokenizer: %w", err)
	}
	t, err := parseTokenizer(data)
	if err != nil {
		return nil, fmt.Errorf("tokenizer %s: %w", path, err)
	}
	return t, nil
}

func parseTokenizer(data []byte) (*pipeline, error) {
	var j tokenizerJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return nil, err
	}
	model, split, vocab, err := parseModel(j.Model, j.PreTokenizer)
	if err != nil {
		return nil, err
	}
	return assemble(j, model, split, vocab)
}

// assemble puts the stages of a tokenizer.json around its model. vocab is for checking
// the added tokens, and nil where that has been done.
func assemble(j tokenizerJSON, model wordModel, split splitter, vocab map[string]uint32) (*pipeline, error) {
	p := &pipeline{model: model, split: split}
	var err error
	if p.normalize, err = parseNormalizer(j.Normalizer); err != nil {
		return nil, err
	}
	if p.before, p.after, err = parsePostProcessor(j.PostProcessor); err != nil {
		return nil, err
	}
	if j.Truncation != nil && j.Truncation.Direction != "Right" && j.Truncation.Direction != "" {
		return nil, unsupported("truncation direction", j.Truncation.Direction, "Right")
	}
	if err := p.setAdded(j.AddedTokens, vocab); err != nil {
		return nil, err
	}
	// Callers pad, with clip.Bundle.Padding. Settings that nobody could follow are refused.
	if j.Padding != nil && j.Padding.PadID == nil {
		return nil, errors.New("padding lacks pad_id")
	}
	return p, nil
}

// parseModel chooses the family by the model's type and, for BPE, by its
// end-of-word suffix, and compiles it with the pre-tokenizer that goes with it.
// Files from before 2021 name no type, so the parameters must tell.
func parseModel(raw, pre json.RawMessage) (wordModel, splitter, map[string]uint32, error) {
	const families = "CLIP byte-level BPE (end_of_word_suffix </w>), BERT WordPiece"
	if isNull(raw) {
		return nil, nil, nil, errors.New("no model in the file")
	}
	var kind struct {
		Type     string           `json:"type"`
		Suffix   string           `json:"end_of_word_suffix"`
		MaxRunes *json.RawMessage `json:"max_input_chars_per_word"`
	}
	if err := json.Unmarshal(raw, &kind); err != nil {
		return nil, nil, nil, fmt.Errorf("model: %w", err)
	}
	untyped := kind.Type == ""
	switch {
	case (kind.Type == "BPE" || untyped) && kind.Suffix == "</w>":
		return parseBPE(raw, pre)
	case kind.Type == "WordPiece" || untyped && kind.MaxRunes != nil:
		return parseWordPiece(raw, pre, nil)
	case kind.Type == "BPE":
		return nil, nil, nil, unsupported("model", fmt.Sprintf("BPE with end_of_word_suffix %q", kind.Suffix), families)
	}
	return nil, nil, nil, unsupported("model", kind.Type, families)
}

func parseBPE(raw, pre json.RawMessage) (wordModel, splitter, map[string]uint32, error) {
	var j bpeJSON
	if err := json.Unmarshal(raw, &j); err != nil {
		return nil, nil, nil, fmt.Errorf("model: %w", err)
	}
	split, err := parseCLIPSplit(pre)
	if err != nil {
		return nil, nil, nil, err
	}
	model, err := newBPE(j)
	return model, split, j.Vocab, err
}

// parseWordPiece takes the vocabulary, where it is given, instead of the file's.
func parseWordPiece(raw, pre json.RawMessage, vocab map[string]uint32) (wordModel, splitter, map[string]uint32, error) {
	var j wordPieceJSON
	if err := json.Unmarshal(raw, &j); err != nil {
		return nil, nil, nil, fmt.Errorf("model: %w", err)
	}
	if vocab != nil {
		j.Vocab = vocab
	}
	split, err := parseWordSplit(pre)
	if err != nil {
		return nil, nil, nil, err
	}
	model, err := newWordPiece(j)
	return model, split, j.Vocab, err
}

// setAdded prepares the matching of the added tokens. Those marked as normalised
// are looked for in their own normalised form.
func (p *pipeline) setAdded(tokens []addedToken, vocab map[string]uint32) error {
	var raw, normalized []addedToken
	for _, t := range tokens {
		if id, ok := vocab[t.Content]; ok && id != t.ID {
			return fmt.Errorf("added token %q has id %d, but %d in the vocabulary", t.Content, t.ID, id)
		}
		if t.Normalized {
			t.Content = p.normalize(t.Content)
			normalized = append(normalized, t)
		} else {
			raw = append(raw, t)
		}
		if t.Content == "" {
			return fmt.Errorf("added token %d is empty", t.ID)
		}
	}
	p.raw, p.normalized = newMatcher(raw), newMatcher(normalized)
	return nil
}

func isNull(raw json.RawMessage) bool {
	return len(raw) == 0 || bytes.Equal(raw, []byte("null"))
}
