package query

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/query/syntax"
	"github.com/sightline/sightline/internal/query/words"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Remarks says what the model of the index cannot make anything of in a question: a text
// that is cut off, a script that it does not read, and words that look like typing errors,
// with what may be meant. Nothing is ever replaced. There are none where the model does
// not say how it reads.
func (s *Service) Remarks(q Question) ([]string, error) {
	reader, ok := s.encoder.(clip.TextReader)
	if !ok {
		return nil, nil
	}
	var out []string
	for _, text := range textsOf(q) {
		remarks, err := remarksOn(reader, text)
		if err != nil {
			return nil, fmt.Errorf("reading the query: %w", err)
		}
		out = append(out, remarks...)
	}
	return out, nil
}

// textsOf are the texts of a question.
func textsOf(q Question) []string {
	switch q := q.(type) {
	case Text:
		return []string{string(q)}
	case Line:
		var out []string
		for _, t := range q.Query.Terms {
			if t.Kind == syntax.Text || t.Kind == syntax.Phrase {
				out = append(out, t.Value)
			}
		}
		return out
	}
	return nil
}

// shortText is the length in bytes of a text that fits into every model's context: one
// token a byte is the most that there are. SigLIP's context, the shortest, has 64.
const shortText = 48

func remarksOn(reader clip.TextReader, text string) ([]string, error) {
	var out []string
	foreign, spelled := foreignLetters(text)
	if len(text) > shortText || foreign {
		r, err := reader.ReadText(text)
		if err != nil {
			return nil, err
		}
		if r.Tokens > r.Room {
			out = append(out, fmt.Sprintf("the model reads %d tokens of a text, about %d words, and this one has %d: its end is cut off", r.Room, r.Room*3/4, r.Tokens))
		}
		unread, err := unreadScript(reader, text)
		if err != nil {
			return nil, err
		}
		switch {
		case 2*r.Unknown > r.Tokens && r.Tokens > 0:
			out = append(out, fmt.Sprintf("the model's vocabulary has hardly anything of %q: try other words, or another language", shorten(text)))
		case foreign && float64(r.Tokens) >= spelled, unread:
			out = append(out, fmt.Sprintf("the model reads %q letter by letter, and so was hardly trained on such signs: try English words", shorten(text)))
		}
	}
	list := words.Common(zeroshot.BackgroundPrompts()...)
	if language := list.Language(text); language != "" && !foreign {
		english, err := readsEnglishAlone(reader)
		if err != nil || english {
			return append(out, fmt.Sprintf("%q looks like %s, and the model was trained on English: try English", shorten(text), language)), err
		}
	}
	suggestions, err := didYouMean(reader, list, text)
	return append(out, suggestions...), err
}

// russian is "dog on the beach". A vocabulary of more languages than English has tokens of
// several of its letters.
const russian = "собака на пляже"

// readsEnglishAlone reports whether a model was made for English texts.
func readsEnglishAlone(reader clip.TextReader) (bool, error) {
	r, err := reader.ReadText(russian)
	_, spelled := foreignLetters(russian)
	return 2*r.Unknown > r.Tokens || float64(r.Tokens) >= spelled, err
}

// probes are everyday words in scripts whose single characters many vocabularies have for
// the sake of names, without having learned what they mean. A vocabulary that was made for
// the language has every character of the first (dog, cat, bird, bridge, skirt, bee), and
// tokens of several letters for the second (thank you).
var probes = []struct {
	script *unicode.RangeTable
	text   string
	tokens int // more say that the script is not read
}{
	{unicode.Han, "狗猫鸟桥裙蜂", 7},
	{unicode.Hiragana, "ありがとうございます", 8},
	{unicode.Katakana, "ありがとうございます", 8},
}

// unreadScript reports whether a text is, for the most part, of a script that the model was
// not made for, although it may have its characters.
func unreadScript(reader clip.TextReader, text string) (bool, error) {
	for _, p := range probes {
		in, out := 0, 0
		for _, r := range text {
			switch {
			case unicode.Is(p.script, r):
				in++
			case unicode.IsLetter(r):
				out++
			}
		}
		if in <= out {
			continue
		}
		r, err := reader.ReadText(p.text)
		if err != nil {
			return false, err
		}
		return r.Unknown > 0 || r.Tokens > p.tokens, nil
	}
	return false, nil
}

// readsNone reports whether the model can make nothing of any text of a question, so that
// no hit of it means anything.
func (s *Service) readsNone(q Question) (bool, error) {
	reader, ok := s.encoder.(clip.TextReader)
	texts := textsOf(q)
	if !ok || len(texts) == 0 {
		return false, nil
	}
	for _, text := range texts {
		foreign, spelled := foreignLetters(text)
		if !foreign {
			return false, nil
		}
		r, err := reader.ReadText(text)
		if err != nil {
			return false, err
		}
		unread, err := unreadScript(reader, text)
		if err != nil || !unread && 2*r.Unknown <= r.Tokens && float64(r.Tokens) < spelled {
			return false, err
		}
	}
	return true, nil
}

// foreignLetters reports whether most letters of a text are not Latin, and from how many
// tokens on it is spelled out. A vocabulary that has a script has tokens of several of its
// letters; one that has Chinese has most characters, and one that has not writes each in
// two or three bytes, and an emoji in four.
func foreignLetters(text string) (foreign bool, spelled float64) {
	latin, other := 0, 0
	for _, r := range text {
		switch {
		case unicode.Is(unicode.So, r): // emoji among them
			other++
			spelled += 3
		case !unicode.IsLetter(r):
		case unicode.Is(unicode.Latin, r):
			latin++
			spelled += 0.7
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
			other++
			spelled += 1.5
		default:
			other++
			spelled += 0.7
		}
	}
	return other > latin, spelled
}

// maxSuggestions bounds what is suggested for one word.
const maxSuggestions = 3

// didYouMean suggests other words for those that no vocabulary knows: neither the list of
// words nor the model, which has a token for each word that is at all common.
func didYouMean(reader clip.TextReader, list *words.List, text string) ([]string, error) {
	var out []string
	for _, word := range words.Split(text) {
		near := list.Near(word)
		if len(near) == 0 {
			continue
		}
		r, err := reader.ReadText(word)
		if err != nil {
			return nil, err
		}
		if r.Tokens == 1 && r.Unknown == 0 {
			continue
		}
		out = append(out, fmt.Sprintf("%q may be a typing error: did you mean %s?", word, strings.Join(near[:min(len(near), maxSuggestions)], " or ")))
	}
	return out, nil
}

// shorten cuts a text for a message.
func shorten(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "..."
}
