package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
)

// postProcessorJSON is the union of the post-processors' parameters in
// tokenizer.json.
type postProcessorJSON struct {
	Type          string            `json:"type"`
	Processors    []json.RawMessage `json:"processors"` // Sequence
	Sep           *tokenAndID       `json:"sep"`        // RobertaProcessing, BertProcessing
	Cls           *tokenAndID       `json:"cls"`
	Single        []templatePiece   `json:"single"` // TemplateProcessing
	SpecialTokens map[string]struct {
		IDs []uint32 `json:"ids"`
	} `json:"special_tokens"`
}

// templatePiece is a special token or the place of the text, "A".
type templatePiece struct {
	SpecialToken *struct {
		ID string `json:"id"`
	}
	Sequence *struct {
		ID string `json:"id"`
	}
}

// tokenAndID is written as ["[SEP]", 102].
type tokenAndID struct{ id uint32 }

func (t *tokenAndID) UnmarshalJSON(data []byte) error {
	var token string
	parts := []any{&token, &t.id}
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	if len(parts) != 2 {
		return fmt.Errorf("%d values, want a token and its id", len(parts))
	}
	return nil
}

// parsePostProcessor returns the ids that go before and after a text.
func parsePostProcessor(raw json.RawMessage) (before, after []int64, err error) {
	if isNull(raw) {
		return nil, nil, nil
	}
	var j postProcessorJSON
	if err := json.Unmarshal(raw, &j); err != nil {
		return nil, nil, fmt.Errorf("post_processor: %w", err)
	}
	switch j.Type {
	case "RobertaProcessing", "BertProcessing":
		if j.Cls == nil || j.Sep == nil {
			return nil, nil, fmt.Errorf("post_processor: %s lacks cls or sep", j.Type)
		}
		return []int64{int64(j.Cls.id)}, []int64{int64(j.Sep.id)}, nil
	case "TemplateProcessing":
		return parseTemplate(j)
	case "ByteLevel": // adjusts offsets, which are not kept here
		return nil, nil, nil
	case "Sequence":
		for _, raw := range j.Processors {
			b, a, err := parsePostProcessor(raw)
			if err != nil {
				return nil, nil, err
			}
			before, after = append(b, before...), append(after, a...)
		}
		return before, after, nil
	}
	return nil, nil, unsupported("post_processor", j.Type, "RobertaProcessing, BertProcessing, TemplateProcessing, ByteLevel, Sequence")
}

func parseTemplate(j postProcessorJSON) (before, after []int64, err error) {
	seen := false
	for _, piece := range j.Single {
		switch {
		case piece.SpecialToken != nil:
			token, ok := j.SpecialTokens[piece.SpecialToken.ID]
			if !ok {
				return nil, nil, fmt.Errorf("post_processor: the template names %q, which is not among its special tokens", piece.SpecialToken.ID)
			}
			side := &before
			if seen {
				side = &after
			}
			for _, id := range token.IDs {
				*side = append(*side, int64(id))
			}
		case piece.Sequence != nil && piece.Sequence.ID == "A" && !seen:
			seen = true
		default:
			return nil, nil, errors.New("post_processor: a piece of the template is neither a special token nor the one text")
		}
	}
	if !seen {
		return nil, nil, errors.New("post_processor: the template has no place for the text")
	}
	return before, after, nil
}
