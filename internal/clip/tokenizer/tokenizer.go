// Package tokenizer turns texts into the token ids of a model, exactly as the Hugging
// Face tokenizers library does by the same tokenizer.json: byte-level BPE for CLIP,
// WordPiece for BERT-like towers.
package tokenizer

import (
	"slices"
	"strings"
)

// Tokenizer turns a text into the token ids of a model. Implementations are
// safe for concurrent use.
type Tokenizer interface {
	// Encode returns the ids of text with the model's special tokens, truncated to
	// max ids (special tokens included, and kept on truncation). It does not pad.
	// Each run of bytes that is not UTF-8 counts as one U+FFFD.
	Encode(text string, max int) []int64
}

// UnknownToken returns the id that a tokenizer gives to what its vocabulary does not have.
// ok is false for one that has all: byte-level BPE writes anything in bytes.
func UnknownToken(t Tokenizer) (id int64, ok bool) {
	if p, isPipeline := t.(*pipeline); isPipeline {
		if w, isWordPiece := p.model.(*wordPiece); isWordPiece {
			return w.unk, true
		}
	}
	return 0, false
}

// pipeline is a tokenizer.json put to work, stage by stage as the reference (the
// Hugging Face tokenizers library) runs it: added tokens are cut out of the text,
// the rest is normalised, cut into words, and the model gives each word its ids.
//
// There is no mojibake repair (ftfy) and no HTML unescaping, for any family:
// OpenAI's own Python code does both before its tokenizer, but the tokenizer.json
// of a bundle does not, and bundles are held to that file.
type pipeline struct {
	raw        matcher // added tokens that are looked for in the text as given
	normalized matcher // and those that are looked for after normalisation
	normalize  normalizer
	split      splitter
	model      wordModel
	before     []int64 // what the post-processor puts around a text
	after      []int64
}

// wordModel appends the ids of one word, as the splitter cut it, to ids.
type wordModel interface {
	appendIDs(ids []int64, word string) []int64
}

func (p *pipeline) Encode(text string, max int) []int64 {
	room := max - len(p.before) - len(p.after)
	if room <= 0 {
		return p.onlySpecial(max)
	}
	text = strings.ToValidUTF8(text, "\uFFFD")

	// Truncation cuts on the right, so no word after the last id that fits can
	// change the result: the walk stops there, however long the text is.
	ids := append(make([]int64, 0, min(max, 80)), p.before...)
	limit := len(p.before) + room
	word := func(w string) bool {
		ids = p.model.appendIDs(ids, w)
		return len(ids) < limit
	}
	added := func(id int64) bool {
		ids = append(ids, id)
		return len(ids) < limit
	}
	p.raw.cut(text, added, func(s string) bool {
		return p.normalized.cut(p.normalize(s), added, func(s string) bool {
			return p.split(s, word)
		})
	})
	return append(ids[:min(len(ids), limit)], p.after...)
}

// onlySpecial is the answer where there is no room for text: the special tokens,
// the last of them first in importance, because CLIP reads the embedding off the
// end token.
func (p *pipeline) onlySpecial(max int) []int64 {
	special := slices.Concat(p.before, p.after)
	drop := len(special) - max
	return special[min(drop, len(special)):]
}
