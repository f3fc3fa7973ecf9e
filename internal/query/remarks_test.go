package query_test

import (
	"context"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/vec"
)

// reader is a fake model that knows the words in vocabulary, and gives any other word a
// token a letter; where it is English alone, what is not ASCII is unknown.
type reader struct {
	*cliptest.Encoder
	vocabulary string
	english    bool
}

func (r reader) ReadText(text string) (clip.TextReading, error) {
	reading := clip.TextReading{Room: 75}
	for _, word := range strings.Fields(text) {
		switch {
		case strings.Contains(" "+r.vocabulary+" ", " "+word+" "):
			reading.Tokens++
		case r.english && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") != "":
			reading.Tokens++
			reading.Unknown++
		default:
			reading.Tokens += len([]rune(word))
		}
	}
	return reading, nil
}

func TestRemarks(t *testing.T) {
	fake := cliptest.New(32)
	byteLevel := reader{Encoder: fake, vocabulary: "dog boat zebroid"}
	english := reader{Encoder: fake, english: true}
	manyLanguages := reader{Encoder: fake, vocabulary: "собака на пляже 犬 砂浜"}
	for _, c := range []struct {
		name  string
		model clip.Encoder
		q     query.Question
		want  []string
	}{
		{"plain", byteLevel, query.Text("a dog on a boat"), nil},
		{"typing error", byteLevel, query.Text("an elephnat and a giraffee"), []string{"elephant", "giraffe"}},
		{"a term of a line", byteLevel, line(t, "dog + elephnat NOT tag:elephnat"), []string{"elephant"}},
		{"a word of the model's own", byteLevel, query.Text("zebroid"), nil},
		{"too long", byteLevel, query.Text(strings.Repeat("dog ", 80)), []string{"its end is cut off"}},
		{"unknown script", english, query.Text("собака на пляже"), []string{"hardly anything"}},
		{"spelled script", byteLevel, query.Text("собака на пляже"), []string{"letter by letter"}},
		{"known script", manyLanguages, query.Text("собака на пляже"), nil},
		{"Chinese characters of an English model", reader{Encoder: fake, english: true, vocabulary: "犬"}, query.Text("犬"), []string{"letter by letter"}},
		{"known Chinese", manyLanguages, query.Text("犬 砂浜"), nil},
		{"German", byteLevel, query.Text("ein hund am strand"), []string{`"ein hund am strand" looks like German`}},
		{"German for a model of many languages", manyLanguages, query.Text("ein xylograph am xylographen"), nil},
		{"a picture", byteLevel, query.ImageFile("elephnat"), nil},
		{"a model that does not say", fake, query.Text("elephnat"), nil},
	} {
		got, err := query.New(openStore(t), c.model, "c", imaging.Limits{}).Remarks(c.q)
		if err != nil || len(got) != len(c.want) {
			t.Errorf("%s: %q, %v; want %d", c.name, got, err, len(c.want))
			continue
		}
		for i, want := range c.want {
			if !strings.Contains(got[i], want) {
				t.Errorf("%s: %q, want %q", c.name, got[i], want)
			}
		}
	}
}

// sure is a judge to whom every text is true of every picture.
type sure struct{}

func (sure) Probabilities(_ context.Context, _ []float32, vectors vec.Matrix) ([]float32, error) {
	out := make([]float32, vectors.Rows)
	for i := range out {
		out[i] = 0.9
	}
	return out, nil
}

// Of a text in a script that the model does not read no hit means anything.
func TestUnreadIsNotConfident(t *testing.T) {
	_, st, encoder := textStore(t, "犬", "red car")
	english := reader{Encoder: encoder, english: true, vocabulary: "犬 red car"}
	s := query.New(st, english, "c", imaging.Limits{}).JudgeBy(func(context.Context) (query.Judge, error) { return sure{}, nil })
	for _, c := range []struct {
		q    query.Question
		want query.Confidence
		hits int
	}{
		{query.Text("red car"), query.Confident, 1}, {query.Text("犬"), query.NotConfident, 0}, {line(t, "red car + 犬"), query.Confident, 1},
	} {
		a, err := s.Ask(t.Context(), c.q, query.Params{K: 1, MinScore: -1, Cutoff: query.Cutoff{Kind: query.CutAuto}})
		if err != nil || a.Confidence != c.want || len(a.Hits) != c.hits {
			t.Errorf("%v: %v, %d hits, %v", c.q, a.Confidence, len(a.Hits), err)
		}
	}
}
