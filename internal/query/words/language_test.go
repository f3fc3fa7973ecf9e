package words_test

import (
	"testing"

	"github.com/sightline/sightline/internal/query/words"
)

func TestLanguage(t *testing.T) {
	l := words.Common()
	for text, want := range map[string]string{
		"ein hund am strand": "German", "Katze auf Sofa": "German", "Kinder mit Hund im Wald": "German",
		"chien sur la plage": "French", "un chat noir sur le canapé": "French", "l'enfant dans le jardin": "French",
		"un perro en la playa": "Spanish", "gato con sombrero": "Spanish", "una casa junto al mar": "Spanish",
		"un cane sulla spiaggia": "Italian", "uma praia com palmeiras": "Portuguese", "een hond op het strand": "Dutch",
		"pies na plaży": "Polish", "en hund på stranden": "Swedish",
		// English, names, and what cannot be told
		"a dog on a beach": "", "dog": "", "hund": "", "": "", "el capitan": "", "los angeles": "", "leonardo da vinci": "",
		"vincent van gogh": "", "cafe de flore": "", "tour de france cyclists": "", "un building": "", "an elephnat": "",
		"op art": "", "xqzptlk wvrrg": "", "sunset over the sea": "", "собака на пляже": "",
	} {
		if got := l.Language(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
