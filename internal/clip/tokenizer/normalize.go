package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normalizer is one stage of normalisation, or several.
type normalizer func(string) string

func identity(s string) string { return s }

// normalizerJSON is the union of the normalisers' parameters in tokenizer.json.
type normalizerJSON struct {
	Type        string            `json:"type"`
	Normalizers []json.RawMessage `json:"normalizers"` // Sequence
	Pattern     struct {          // Replace
		String *string `json:"String"`
		Regex  *string `json:"Regex"`
	} `json:"pattern"`
	Content            *string `json:"content"`
	StripLeft          *bool   `json:"strip_left"` // Strip
	StripRight         *bool   `json:"strip_right"`
	CleanText          *bool   `json:"clean_text"` // BertNormalizer
	HandleChineseChars *bool   `json:"handle_chinese_chars"`
	StripAccents       *bool   `json:"strip_accents"` // null: as Lowercase
	Lowercase          *bool   `json:"lowercase"`
}

// parseNormalizer compiles the normalizer part of a tokenizer.json; null is none.
func parseNormalizer(raw json.RawMessage) (normalizer, error) {
	if isNull(raw) {
		return identity, nil
	}
	var j normalizerJSON
	if err := json.Unmarshal(raw, &j); err != nil {
		return nil, fmt.Errorf("normalizer: %w", err)
	}
	switch j.Type {
	case "Sequence":
		return parseNormalizers(j.Normalizers)
	case "NFC":
		return func(s string) string { return unicodeForm(norm.NFC, s) }, nil
	case "NFD":
		return func(s string) string { return unicodeForm(norm.NFD, s) }, nil
	case "NFKC":
		return func(s string) string { return unicodeForm(norm.NFKC, s) }, nil
	case "NFKD":
		return func(s string) string { return unicodeForm(norm.NFKD, s) }, nil
	case "Lowercase":
		return lowercase, nil
	case "StripAccents":
		return func(s string) string { return remove(s, markRunes) }, nil
	case "Strip":
		return parseStrip(j)
	case "Replace":
		return parseReplace(j)
	case "BertNormalizer":
		return parseBERTNormalizer(j)
	}
	return nil, unsupported("normalizer", j.Type, "Sequence, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Replace, BertNormalizer")
}

func parseNormalizers(raws []json.RawMessage) (normalizer, error) {
	steps := make([]normalizer, len(raws))
	for i, raw := range raws {
		var err error
		if steps[i], err = parseNormalizer(raw); err != nil {
			return nil, err
		}
	}
	return inOrder(steps...), nil
}

func inOrder(steps ...normalizer) normalizer {
	return func(s string) string {
		for _, step := range steps {
			s = step(s)
		}
		return s
	}
}

func parseReplace(j normalizerJSON) (normalizer, error) {
	expr, fixed := j.Pattern.Regex, j.Pattern.String
	switch {
	case j.Content == nil || expr == nil && (fixed == nil || *fixed == ""):
		return nil, errors.New("normalizer: Replace lacks its pattern or content")
	case expr == nil:
		return func(s string) string { return strings.ReplaceAll(s, *fixed, *j.Content) }, nil
	case *expr == `\s+`:
		return func(s string) string { return replaceSpace(s, *j.Content) }, nil
	}
	return nil, unsupported("Replace pattern", *expr, `the expression \s+, or any fixed string`)
}

// replaceSpace replaces every run of white space.
func replaceSpace(s, by string) string {
	var b strings.Builder
	done, inSpace := 0, false
	for i, r := range s {
		space := unicode.IsSpace(r)
		if space && !inSpace {
			b.WriteString(s[done:i])
			b.WriteString(by)
		}
		if !space && inSpace {
			done = i
		}
		inSpace = space
	}
	if !inSpace {
		b.WriteString(s[done:])
	}
	return b.String()
}

func parseStrip(j normalizerJSON) (normalizer, error) {
	if j.StripLeft == nil || j.StripRight == nil {
		return nil, errors.New("normalizer: Strip lacks strip_left or strip_right")
	}
	return func(s string) string {
		if *j.StripLeft {
			s = strings.TrimLeftFunc(s, unicode.IsSpace)
		}
		if *j.StripRight {
			s = strings.TrimRightFunc(s, unicode.IsSpace)
		}
		return s
	}, nil
}

// parseBERTNormalizer is the clean-up of google-research/bert's BasicTokenizer,
// in the reference's order.
func parseBERTNormalizer(j normalizerJSON) (normalizer, error) {
	if j.CleanText == nil || j.HandleChineseChars == nil || j.Lowercase == nil {
		return nil, errors.New("normalizer: BertNormalizer lacks clean_text, handle_chinese_chars or lowercase")
	}
	stripAccents := *j.Lowercase
	if j.StripAccents != nil {
		stripAccents = *j.StripAccents
	}
	var steps []normalizer
	if *j.CleanText {
		steps = append(steps, cleanText)
	}
	if *j.HandleChineseChars {
		steps = append(steps, spaceIdeographs)
	}
	if stripAccents {
		steps = append(steps, func(s string) string {
			return remove(unicodeForm(norm.NFD, s), nonspacingRunes)
		})
	}
	if *j.Lowercase {
		steps = append(steps, lowercase)
	}
	return inOrder(steps...), nil
}

// cleanText drops control, format and private-use characters and makes all white
// space blanks.
func cleanText(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case droppedRunes.has(r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, s)
}

// spaceIdeographs puts blanks around Chinese characters, which are then words of
// their own.
func spaceIdeographs(s string) string {
	if strings.IndexFunc(s, ideographRunes.has) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if ideographRunes.has(r) {
			b.WriteByte(' ')
			b.WriteRune(r)
			b.WriteByte(' ')
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func remove(s string, set runeSet) string {
	return strings.Map(func(r rune) rune {
		if set.has(r) {
			return -1
		}
		return r
	}, s)
}

// lowercase maps each character by itself, as the reference does: a capital sigma
// becomes σ at the end of a word too, and İ becomes i with a dot above.
func lowercase(s string) string {
	s = strings.ReplaceAll(s, "İ", "i\u0307")
	return strings.Map(func(r rune) rune {
		if l, ok := newerLower[r]; r >= utf8.RuneSelf && ok {
			return l
		}
		return unicode.ToLower(r)
	}, s)
}
