package tokenizer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEncodeTruncates(t *testing.T) {
	long := strings.Repeat("cat ", 5000)
	for _, tt := range []struct {
		name       string
		tok        *pipeline
		start, end int64
	}{
		{"CLIP", mustParse(t, clipJSON(t)), clipStart, clipEnd},
		{"BERT", mustParse(t, bertJSON(t)), bertCLS, bertSEP},
	} {
		for n := -1; n <= 80; n++ {
			got := tt.tok.Encode(long, n)
			if len(got) != max(n, 0) {
				t.Fatalf("%s: %d ids, want %d", tt.name, len(got), max(n, 0))
			}
			if n >= 1 && got[n-1] != tt.end {
				t.Errorf("%s: at %d ids the last is %d, want %d", tt.name, n, got[n-1], tt.end)
			}
			if n >= 2 && got[0] != tt.start {
				t.Errorf("%s: at %d ids the first is %d, want %d", tt.name, n, got[0], tt.start)
			}
		}
	}
}

// TestEncodeOwnsResult makes sure that callers may write to what they get.
func TestEncodeOwnsResult(t *testing.T) {
	p := mustParse(t, clipJSON(t))
	for _, n := range []int{0, 1, 2, 77} {
		want := slices.Clone(p.Encode("a cat", n))
		got := p.Encode("a cat", n)
		for i := range got {
			got[i] = -1
		}
		_ = append(got, -1)
		if diff := cmp.Diff(want, p.Encode("a cat", n)); diff != "" {
			t.Errorf("length %d: a second call differs (-want +got):\n%s", n, diff)
		}
	}
}

func TestEncodeInvalidUTF8(t *testing.T) {
	for name, p := range map[string]*pipeline{"CLIP": mustParse(t, clipJSON(t)), "BERT": mustParse(t, bertJSON(t))} {
		for _, tt := range []struct{ invalid, same string }{
			{"a \xff cat", "a \uFFFD cat"},
			{"a \xff\xfe\xed\xa0\x80 cat", "a \uFFFD cat"},
			{"\xe6\x97", "\uFFFD"},
			{"caf\xe9", "caf\uFFFD"},
		} {
			if diff := cmp.Diff(p.Encode(tt.same, 77), p.Encode(tt.invalid, 77)); diff != "" {
				t.Errorf("%s: %q is not read as %q (-want +got):\n%s", name, tt.invalid, tt.same, diff)
			}
		}
	}
}

func TestEncodeConcurrently(t *testing.T) {
	p := mustParse(t, clipJSON(t))
	fresh := mustParse(t, clipJSON(t))
	text := func(i int) string { return fmt.Sprintf("word%c%c number%d", 'a'+i%26, 'a'+i/26%26, i%97) }
	var group sync.WaitGroup
	for w := range 4 {
		group.Go(func() {
			for i := w; i < 800; i++ {
				if want := fresh.Encode(text(i), 77); !slices.Equal(want, p.Encode(text(i), 77)) {
					t.Errorf("%q: ids differ between two tokenizers", text(i))
					return
				}
			}
		})
	}
	group.Wait()
}

func TestWordCacheIsBounded(t *testing.T) {
	var c wordCache
	for i := range 3 * cacheWords {
		c.put(fmt.Sprint(i), []int64{int64(i)})
		if ids, ok := c.get(fmt.Sprint(i)); !ok || ids[0] != int64(i) {
			t.Fatalf("word %d: got %v, %t just after it was put", i, ids, ok)
		}
	}
	if len(c.words) > cacheWords {
		t.Errorf("%d words, want at most %d", len(c.words), cacheWords)
	}
	long := strings.Repeat("x", cacheWordLen+1)
	c.put(long, []int64{1})
	if _, ok := c.get(long); ok {
		t.Errorf("a word of %d bytes was kept", len(long))
	}
}

// TestOlderForms takes CLIP's file back to the forms that older releases of the
// tokenizers library wrote; the ids must not change.
func TestOlderForms(t *testing.T) {
	base := clipJSON(t)
	want := mustParse(t, base)
	for _, tt := range []struct {
		name   string
		change func(file map[string]any)
	}{
		{"merges as strings", func(file map[string]any) {
			merges := file["model"].(map[string]any)["merges"].([]any)
			for i, m := range merges {
				merges[i] = fmt.Sprintf("%s %s", m.([]any)[0], m.([]any)[1])
			}
		}},
		{"no model type", func(file map[string]any) { delete(file["model"].(map[string]any), "type") }},
		{"no use_regex", func(file map[string]any) {
			delete(file["pre_tokenizer"].(map[string]any)["pretokenizers"].([]any)[1].(map[string]any), "use_regex")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var file map[string]any
			if err := json.Unmarshal(base, &file); err != nil {
				t.Fatal(err)
			}
			tt.change(file)
			data, err := json.Marshal(file)
			if err != nil {
				t.Fatal(err)
			}
			got := mustParse(t, data)
			for _, text := range []string{"a photo of an armadillo's cousin", "naïve 日本 <|startoftext|>!? 1234"} {
				if diff := cmp.Diff(want.Encode(text, 77), got.Encode(text, 77)); diff != "" {
					t.Errorf("%q (-want +got):\n%s", text, diff)
				}
			}
		})
	}
}
