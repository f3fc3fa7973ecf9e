package tokenizer

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func FuzzCLIP(f *testing.F) {
	fuzzEncode(f, mustParse(f, clipJSON(f)), clipEnd)
}

func FuzzBERT(f *testing.F) {
	fuzzEncode(f, mustParse(f, bertJSON(f)), bertSEP)
}

// fuzzEncode holds a tokenizer to what must be true of any bytes: the result is
// bounded and ends as the model expects, a second call gives the same, a tighter
// limit gives the same beginning, and invalid bytes count as U+FFFD.
func fuzzEncode(f *testing.F, p *pipeline, end int64) {
	for _, s := range []string{
		"", "a photo of a cat", "it's 12 o'clock", "<|startoftext|>[MASK]", "日本語 e\u0301\u0316 İ ΣΑΣ",
		"\xff\xfe\x00", "👩‍👩‍👧 🇩🇪", strings.Repeat("\u0301\u0316", 40), "\u3000\u2028\t\n", strings.Repeat("a", 200),
	} {
		f.Add(s, 77)
		f.Add(s, 2)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit %= 256
		got := p.Encode(s, limit)
		if len(got) > max(limit, 0) {
			t.Fatalf("%d ids, want at most %d", len(got), limit)
		}
		if limit > 0 && got[len(got)-1] != end {
			t.Errorf("the last id is %d, want %d", got[len(got)-1], end)
		}
		if !slices.Equal(got, p.Encode(s, limit)) {
			t.Error("a second call gives other ids")
		}
		if !slices.Equal(got, p.Encode(strings.ToValidUTF8(s, "\uFFFD"), limit)) {
			t.Error("invalid bytes do not count as U+FFFD")
		}
		whole := p.Encode(s, noLimit)
		if limit >= 2 && !slices.Equal(got[:len(got)-1], whole[:len(got)-1]) {
			t.Error("a truncated text does not begin like the whole")
		}
	})
}

// FuzzUnicodeForm holds the two ways to a normal form to each other where both
// apply: runs of marks that need no joiner.
func FuzzUnicodeForm(f *testing.F) {
	for _, s := range []string{"e\u0301\u0316", "\u1e9b\u0323", "각\u11a8", "\u0344\u0308", "a\u0345\u0301", "\u0958"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "")
		for _, form := range []norm.Form{norm.NFC, norm.NFD, norm.NFKC, norm.NFKD} {
			short := form.String(s)
			if strings.Contains(short, graphemeJoiner) {
				continue
			}
			if long := longForm(form, s); long != short {
				t.Errorf("form %d of %+q: %+q, want %+q", form, s, long, short)
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	texts := map[string]string{
		"caption":  "A photo of two dogs playing on a snow-covered beach at sunset, f/1.8",
		"japanese": "雪の海辺で遊ぶ二匹の犬の写真、夕暮れ",
		"accents":  "Une photo d'été près du café à São Paulo, à côté de l'hôtel",
		"overlong": strings.Repeat("a photo of a cat on a mat, ", 4000),
		"one word": strings.Repeat("abracadabra", 10_000),
	}
	for family, p := range map[string]*pipeline{"CLIP": mustParse(b, clipJSON(b)), "BERT": mustParse(b, bertJSON(b))} {
		for name, text := range texts {
			b.Run(family+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					p.Encode(text, 77)
				}
			})
		}
	}
}

// BenchmarkEncodeNewWords measures without the cache of words.
func BenchmarkEncodeNewWords(b *testing.B) {
	p := mustParse(b, clipJSON(b)).model.(*bpe)
	ids := make([]int64, 0, 77)
	b.ReportAllocs()
	for b.Loop() {
		for _, w := range []string{"photograph", "playing", "snowcovered", "sunset", "armadillos"} {
			ids = p.encode(ids[:0], w)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for family, data := range map[string][]byte{"CLIP": clipJSON(b), "BERT": bertJSON(b)} {
		b.Run(family, func(b *testing.B) {
			for b.Loop() {
				mustParse(b, data)
			}
		})
	}
}
