package clip

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
)

// UnsupportedTokenizerError says that a tokenizer.json needs something that this
// package does not do, so that its ids would be wrong.
type UnsupportedTokenizerError struct {
	Part      string // which part of the file: "model", "normalizer"
	Found     string // what the file asks for there
	Supported string // what could stand there
}

func (e *UnsupportedTokenizerError) Error() string {
	return fmt.Sprintf("unsupported %s %q (supported: %s)", e.Part, e.Found, e.Supported)
}

func unsupported(part, found, supported string) error {
	return &UnsupportedTokenizerError{Part: part, Found: found, Supported: supported}
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
	PadID int64 `json:"pad_id"`
}

// LoadTokenizer reads the tokenizer.json at path. CLIP's byte-level BPE and
// BERT's WordPiece are known, and their ids equal those of the Hugging Face
// tokenizers library. For anything else in the file that would change the ids the
// error wraps an *UnsupportedTokenizerError.
//
// The file's own truncation length is not used: Encode is told the length.
func LoadTokenizer(path string) (Tokenizer, error) {
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
	p := &pipeline{}
	var vocab map[string]int32
	var err error
	if p.model, p.split, vocab, err = parseModel(j.Model, j.PreTokenizer); err != nil {
		return nil, err
	}
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
	p.pad = padID(j, p.after)
	return p, nil
}

// parseModel chooses the family by the model's type and, for BPE, by its
// end-of-word suffix, and compiles it with the pre-tokenizer that goes with it.
func parseModel(raw, pre json.RawMessage) (wordModel, splitter, map[string]int32, error) {
	const families = "CLIP byte-level BPE (end_of_word_suffix </w>), BERT WordPiece"
	var kind struct {
		Type   string `json:"type"`
		Suffix string `json:"end_of_word_suffix"`
	}
	if isNull(raw) {
		return nil, nil, nil, errors.New("no model in the file")
	}
	if err := json.Unmarshal(raw, &kind); err != nil {
		return nil, nil, nil, fmt.Errorf("model: %w", err)
	}
	switch {
	case kind.Type == "BPE" && kind.Suffix == "</w>":
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
	case kind.Type == "WordPiece":
		var j wordPieceJSON
		if err := json.Unmarshal(raw, &j); err != nil {
			return nil, nil, nil, fmt.Errorf("model: %w", err)
		}
		split, err := parseWordSplit(pre)
		if err != nil {
			return nil, nil, nil, err
		}
		model, err := newWordPiece(j)
		return model, split, j.Vocab, err
	case kind.Type == "BPE":
		return nil, nil, nil, unsupported("model", fmt.Sprintf("BPE with end_of_word_suffix %q", kind.Suffix), families)
	}
	return nil, nil, nil, unsupported("model", kind.Type, families)
}

// setAdded prepares the matching of the added tokens. Those marked as normalised
// are looked for in their own normalised form.
func (p *pipeline) setAdded(tokens []addedToken, vocab map[string]int32) error {
	var raw, normalized []addedToken
	for _, t := range tokens {
		if id, ok := vocab[t.Content]; ok && int64(id) != t.ID {
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

// padID is the id that the file pads with. Where it does not pad, that is the
// token [PAD] if there is one (BERT) and the end token if not (CLIP).
func padID(j tokenizerJSON, after []int64) int64 {
	if j.Padding != nil {
		return j.Padding.PadID
	}
	i := slices.IndexFunc(j.AddedTokens, func(t addedToken) bool { return t.Content == "[PAD]" })
	switch {
	case i >= 0:
		return j.AddedTokens[i].ID
	case len(after) > 0:
		return after[len(after)-1]
	}
	return 0
}

// preTokenizerJSON is the union of the pre-tokenizers' parameters.
type preTokenizerJSON struct {
	Type          string             `json:"type"`
	Pretokenizers []preTokenizerJSON `json:"pretokenizers"` // Sequence
	Pattern       struct {           // Split
		Regex string `json:"Regex"`
	} `json:"pattern"`
	Behavior       string `json:"behavior"`
	Invert         bool   `json:"invert"`
	AddPrefixSpace bool   `json:"add_prefix_space"` // ByteLevel
	UseRegex       *bool  `json:"use_regex"`        // null: true
}

// parsePreTokenizers flattens sequences.
func parsePreTokenizers(raw json.RawMessage) ([]preTokenizerJSON, error) {
	if isNull(raw) {
		return nil, nil
	}
	var j preTokenizerJSON
	if err := json.Unmarshal(raw, &j); err != nil {
		return nil, fmt.Errorf("pre_tokenizer: %w", err)
	}
	if j.Type == "Sequence" {
		return j.Pretokenizers, nil
	}
	return []preTokenizerJSON{j}, nil
}

// parseCLIPSplit accepts the one pre-tokenizer that CLIP has: a Split that keeps
// the matches of its pattern, then ByteLevel.
func parseCLIPSplit(raw json.RawMessage) (splitter, error) {
	const want = "Split by CLIP's expression (Removed, inverted), then ByteLevel without prefix space"
	steps, err := parsePreTokenizers(raw)
	if err != nil {
		return nil, err
	}
	if len(steps) != 2 || steps[0].Type != "Split" || steps[1].Type != "ByteLevel" {
		return nil, unsupported("pre_tokenizer", stepNames(steps), want)
	}
	s, bytes := steps[0], steps[1]
	if s.Behavior != "Removed" || !s.Invert || bytes.AddPrefixSpace {
		return nil, unsupported("pre_tokenizer", fmt.Sprintf("Split (%s, inverted %t), ByteLevel (prefix space %t)",
			s.Behavior, s.Invert, bytes.AddPrefixSpace), want)
	}
	// ByteLevel's own expression cuts words of clipPattern no further. It does cut
	// the literals of the longer pattern, back to what clipPattern makes of them.
	again := bytes.UseRegex == nil || *bytes.UseRegex
	switch s.Pattern.Regex {
	case clipPattern:
		return splitCLIP, nil
	case clipPatternLiterals + clipPattern:
		return splitCLIPLiterals(again, "<|startoftext|>", "<|endoftext|>"), nil
	}
	return nil, unsupported("Split pattern", s.Pattern.Regex, clipPattern)
}

func parseWordSplit(raw json.RawMessage) (splitter, error) {
	steps, err := parsePreTokenizers(raw)
	if err != nil {
		return nil, err
	}
	if len(steps) == 1 && steps[0].Type == "BertPreTokenizer" {
		return splitBERT, nil
	}
	if len(steps) == 1 && steps[0].Type == "Whitespace" {
		return splitWhitespace, nil
	}
	return nil, unsupported("pre_tokenizer", stepNames(steps), "BertPreTokenizer, Whitespace")
}

func stepNames(steps []preTokenizerJSON) string {
	names := make([]string, len(steps))
	for i, s := range steps {
		names[i] = s.Type
	}
	return fmt.Sprint(names)
}

func isNull(raw json.RawMessage) bool {
	return len(raw) == 0 || bytes.Equal(raw, []byte("null"))
}
