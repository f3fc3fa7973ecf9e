package tokenizer

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// addedToken is a token that is matched as a whole in the text, before the model
// sees it: "<|endoftext|>", "[MASK]".
type addedToken struct {
	ID         uint32 `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"` // not inside a word
	LStrip     bool   `json:"lstrip"`      // takes the white space before it along
	RStrip     bool   `json:"rstrip"`      // and the white space after it
	Normalized bool   `json:"normalized"`  // is matched in the normalised text
}

// matcher finds added tokens in a text: leftmost first, then longest.
type matcher struct {
	byFirst [256][]addedToken // by first byte, longest first
	empty   bool
}

// newMatcher takes the tokens with Content as it appears in the text searched.
func newMatcher(tokens []addedToken) matcher {
	m := matcher{empty: len(tokens) == 0}
	for _, t := range tokens {
		m.byFirst[t.Content[0]] = append(m.byFirst[t.Content[0]], t)
	}
	for _, ts := range m.byFirst {
		slices.SortStableFunc(ts, func(a, b addedToken) int { return cmp.Compare(len(b.Content), len(a.Content)) })
	}
	return m
}

// cut walks s from left to right and hands out the added tokens and the texts
// between them, until either callback returns false. It reports whether it came
// to the end.
func (m *matcher) cut(s string, token func(id int64) bool, text func(string) bool) bool {
	done := 0 // s[:done] has been handed out
	for pos := 0; pos < len(s) && !m.empty; {
		t := m.at(s[pos:])
		if t == nil {
			pos++
			continue
		}
		start, stop := pos, pos+len(t.Content)
		pos = stop
		if t.SingleWord && (wordEnds(s[:start]) || wordStarts(s[stop:])) {
			continue
		}
		if t.LStrip {
			start = len(strings.TrimRightFunc(s[:start], unicode.IsSpace))
		}
		if t.RStrip {
			stop = len(s) - len(strings.TrimLeftFunc(s[stop:], unicode.IsSpace))
		}
		if done < start && !text(s[done:start]) {
			return false
		}
		if !token(int64(t.ID)) {
			return false
		}
		done = stop
	}
	return done >= len(s) || text(s[done:])
}

// at returns the longest token that s begins with, or nil.
func (m *matcher) at(s string) *addedToken {
	for i := range m.byFirst[s[0]] {
		if t := &m.byFirst[s[0]][i]; strings.HasPrefix(s, t.Content) {
			return t
		}
	}
	return nil
}

func wordEnds(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return s != "" && wordRunes.has(r)
}

func wordStarts(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && wordRunes.has(r)
}
