package tokenizer

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// splitter hands the words of s to word, in order, until it returns false, and
// reports whether it came to the end. Words are substrings of s.
type splitter func(s string, word func(string) bool) bool

// clipPattern is the expression of CLIP's pre-tokenizer, from openai/CLIP's
// simple_tokenizer.py as converted for the tokenizers library. splitCLIP is the
// same thing by hand.
const clipPattern = `'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`

// clipPatternLiterals is what newer exports put before clipPattern, to keep the
// text of the special tokens in one piece.
const clipPatternLiterals = `<\|startoftext\|>|<\|endoftext\|>|`

// contractions in the order of clipPattern: the first that matches is taken.
var contractions = [...]string{"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}

// preTokenizerJSON is the union of the pre-tokenizers' parameters.
type preTokenizerJSON struct {
	Type          string             `json:"type"`
	Pretokenizers []preTokenizerJSON `json:"pretokenizers"` // Sequence
	Pattern       struct {           // Split
		Regex string `json:"Regex"`
	} `json:"pattern"`
	Behavior       string `json:"behavior"`
	Invert         bool   `json:"invert"`
	AddPrefixSpace *bool  `json:"add_prefix_space"` // ByteLevel
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
	if s.Behavior != "Removed" || !s.Invert {
		return nil, unsupported("pre_tokenizer", fmt.Sprintf("Split (%s, inverted %t)", s.Behavior, s.Invert), want)
	}
	if bytes.AddPrefixSpace == nil || *bytes.AddPrefixSpace {
		return nil, unsupported("pre_tokenizer", "ByteLevel with prefix space", want)
	}
	// ByteLevel's own expression cuts words of clipPattern no further. It does cut
	// the literals of the longer pattern, back to what clipPattern makes of them.
	inside := whole
	if bytes.UseRegex == nil || *bytes.UseRegex {
		inside = splitCLIP
	}
	switch s.Pattern.Regex {
	case clipPattern:
		return splitCLIP, nil
	case clipPatternLiterals + clipPattern:
		return splitCLIPLiterals(inside, "<|startoftext|>", "<|endoftext|>"), nil
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

// splitCLIP cuts s at every match of clipPattern: contractions, runs of letters,
// single digits, runs of anything else but white space.
func splitCLIP(s string, word func(string) bool) bool {
	for s != "" {
		n, ok := nextCLIP(s)
		if ok && !word(s[:n]) {
			return false
		}
		s = s[n:]
	}
	return true
}

// splitCLIPLiterals is splitCLIP for a pattern that begins with literals, which
// win over whatever else begins at the same place. inside splits a literal itself.
func splitCLIPLiterals(inside splitter, literals ...string) splitter {
	return func(s string, word func(string) bool) bool {
		for s != "" {
			n := literal(s, literals)
			if n > 0 {
				if !inside(s[:n], word) {
					return false
				}
			} else {
				var ok bool
				if n, ok = nextCLIP(s); ok && !word(s[:n]) {
					return false
				}
			}
			s = s[n:]
		}
		return true
	}
}

// whole is the splitter that leaves s one word.
func whole(s string, word func(string) bool) bool { return word(s) }

// literal is the length of the first of literals that s begins with, or 0.
func literal(s string, literals []string) int {
	for _, l := range literals {
		if strings.HasPrefix(s, l) {
			return len(l)
		}
	}
	return 0
}

// nextCLIP is the length of the word that s begins with, or of the white space
// there with false.
func nextCLIP(s string) (n int, ok bool) {
	if s[0] == '\'' {
		if n := literal(s, contractions[:]); n > 0 {
			return n, true
		}
	}
	r, n := utf8.DecodeRuneInString(s)
	class := clipClassOf(r)
	if class == clipSpace || class == clipNumber {
		return n, class == clipNumber
	}
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if clipClassOf(r) != class {
			break
		}
		n += size
	}
	return n, true
}

// clipClass is what clipPattern distinguishes.
type clipClass uint8

const (
	clipOther  clipClass = iota // [^\s\p{L}\p{N}]
	clipLetter                  // \p{L}
	clipNumber                  // \p{N}
	clipSpace                   // \s
)

func clipClassOf(r rune) clipClass {
	switch {
	case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z':
		return clipLetter
	case unicode.IsSpace(r):
		return clipSpace
	case '0' <= r && r <= '9':
		return clipNumber
	case r < utf8.RuneSelf:
		return clipOther
	case letterRunes.has(r):
		return clipLetter
	case numberRunes.has(r):
		return clipNumber
	}
	return clipOther
}

// splitBERT cuts s at white space, which it drops, and around every punctuation
// mark.
func splitBERT(s string, word func(string) bool) bool {
	return splitRuns(s, word, func(r rune) (class uint8, alone bool) {
		if punctRunes.has(r) {
			return 1, true
		}
		return 0, false
	})
}

// splitWhitespace cuts s into the matches of \w+|[^\w\s]+.
func splitWhitespace(s string, word func(string) bool) bool {
	return splitRuns(s, word, func(r rune) (class uint8, alone bool) {
		if wordRunes.has(r) {
			return 1, false
		}
		return 0, false
	})
}

// splitRuns cuts s into runs of runes of one class. White space separates and is
// dropped; a rune that stands alone makes no run.
func splitRuns(s string, word func(string) bool, classify func(rune) (class uint8, alone bool)) bool {
	start := 0 // of the run under way; it is empty where start == i
	var run uint8
	for i, r := range s {
		space := unicode.IsSpace(r)
		class, alone := classify(r)
		if start < i && (space || alone || class != run) {
			if !word(s[start:i]) {
				return false
			}
			start = i
		}
		run = class
		if alone {
			if !word(s[start : i+utf8.RuneLen(r)]) {
				return false
			}
		}
		if space || alone {
			start = i + utf8.RuneLen(r)
		}
	}
	return start >= len(s) || word(s[start:])
}
