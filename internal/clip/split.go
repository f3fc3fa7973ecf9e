package clip

import (
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
// win over whatever else begins at the same place. With again the words are split
// once more, without the literals.
func splitCLIPLiterals(again bool, literals ...string) splitter {
	return func(s string, word func(string) bool) bool {
		for s != "" {
			n := literal(s, literals)
			switch {
			case n > 0 && again:
				if !splitCLIP(s[:n], word) {
					return false
				}
			case n > 0:
				if !word(s[:n]) {
					return false
				}
			default:
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
