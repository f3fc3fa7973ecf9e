package words_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/query/words"
)

func TestNear(t *testing.T) {
	l := words.Common("Räuchermännchen woodlouse")
	for word, want := range map[string][]string{
		"elefant": nil, "elephnat": {"elephant"}, "giraffee": {"giraffe"}, "zebr": {"zebra"}, "zebras": nil, "bech": {"beach", "bench"},
		"moutain": {"mountain"}, "moutains": {"mountains"}, "pengiun": {"penguin"}, "running": nil, "sleeping": nil, "snowy": nil,
		"cta": {"cat"}, "dgo": {"dog"}, "dig": nil, "og": nil, "xylograph": nil, "woodlose": {"woodlouse"}, "leaves": nil, "puppies": nil, "butterfly": nil, "buterfly": {"butterfly"},
	} {
		if diff := cmp.Diff(want, l.Near(word)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", word, diff)
		}
	}
}

// The list holds what it seems to: each word once, in small Latin letters.
func TestList(t *testing.T) {
	l := words.Common()
	for _, w := range []string{"dog", "zucchini", "accordion", "cats", "beaches", "berries", "running", "dancing"} {
		if !l.Has(w) {
			t.Errorf("%s is missing", w)
		}
	}
	for _, w := range []string{"", "#", "words", "sightline", "s"} {
		if l.Has(w) {
			t.Errorf("%q is in it", w)
		}
	}
}

func TestSplit(t *testing.T) {
	if diff := cmp.Diff([]string{"a", "dog", "on", "beach"}, words.Split(`A dog, on "beach"! 12:30 été half-way`)); diff != "" {
		t.Error(diff)
	}
}

// What is suggested is one error away, and so never the word itself.
func FuzzNear(f *testing.F) {
	l := words.Common()
	for _, w := range []string{"elephnat", "bech", "moutains", "", "aaaa", strings.Repeat("a", 100)} {
		f.Add(w)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, w := range words.Split(text) {
			near := l.Near(w)
			if slices.Contains(near, w) {
				t.Fatalf("%q is near itself", w)
			}
			for _, n := range near {
				if d := len(n) - len(w); d < -1 || d > 1 {
					t.Fatalf("%q for %q", n, w)
				}
			}
		}
	})
}
