package tokenizer

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// wordPiece is BERT's model: the longest piece of the vocabulary that the word
// begins with, then the longest continuation of it, and so on; a word that cannot
// be covered is one unknown token (Devlin et al. 2019).
type wordPiece struct {
	start    map[string]uint32 // pieces that may begin a word
	rest     map[string]uint32 // pieces that may go on, without their prefix ("##")
	longest  int               // bytes of the longest piece
	maxRunes int               // a longer word is unknown
	unk      int64
}

// wordPieceJSON is the model part of a tokenizer.json.
type wordPieceJSON struct {
	Vocab                   map[string]uint32 `json:"vocab"`
	UnkToken                *string           `json:"unk_token"`
	ContinuingSubwordPrefix *string           `json:"continuing_subword_prefix"`
	MaxInputCharsPerWord    *uint32           `json:"max_input_chars_per_word"`
}

func newWordPiece(j wordPieceJSON) (*wordPiece, error) {
	if j.UnkToken == nil || j.ContinuingSubwordPrefix == nil || j.MaxInputCharsPerWord == nil {
		return nil, fmt.Errorf("model: unk_token, continuing_subword_prefix or max_input_chars_per_word is missing")
	}
	unk, ok := j.Vocab[*j.UnkToken]
	if !ok {
		return nil, fmt.Errorf("model: the unknown token %q is not in the vocabulary", *j.UnkToken)
	}
	w := &wordPiece{
		start:    j.Vocab,
		rest:     make(map[string]uint32),
		maxRunes: int(*j.MaxInputCharsPerWord),
		unk:      int64(unk),
	}
	for token, id := range j.Vocab {
		w.longest = max(w.longest, len(token))
		if rest, ok := strings.CutPrefix(token, *j.ContinuingSubwordPrefix); ok {
			w.rest[rest] = id
		}
	}
	return w, nil
}

func (w *wordPiece) appendIDs(ids []int64, word string) []int64 {
	if len(word) > w.maxRunes && utf8.RuneCountInString(word) > w.maxRunes {
		return append(ids, w.unk)
	}
	old, vocab := len(ids), w.start
	for word != "" {
		end := min(len(word), w.longest)
		id, ok := vocab[word[:end]]
		for !ok && end > 1 {
			end--
			id, ok = vocab[word[:end]]
		}
		if !ok {
			return append(ids[:old], w.unk)
		}
		ids = append(ids, int64(id))
		word, vocab = word[end:], w.rest
	}
	return ids
}
