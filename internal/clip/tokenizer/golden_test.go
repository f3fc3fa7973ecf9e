package tokenizer

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// noLimit is a length that no text of the tests reaches.
const noLimit = 1 << 20

// TestGoldenTokens compares with what the Hugging Face tokenizers library answers
// for texts of every kind (scripts/reference/tokens.py).
func TestGoldenTokens(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine: nothing for the race detector, which runs the short tests")
	}
	tokenizers := [2]*pipeline{mustParse(t, clipJSON(t)), mustParse(t, bertJSON(t))}
	texts := make(map[string]bool)
	for line := range lines(t, "testdata/tokens/goldens.jsonl.gz") {
		var text string
		var limit *int
		var want [2][]int64
		if err := json.Unmarshal(line, &[]any{&text, &limit, &want[0], &want[1]}); err != nil {
			t.Fatal(err)
		}
		texts[text] = true
		n := noLimit
		if limit != nil {
			n = *limit
		}
		for i, family := range []string{"CLIP", "BERT"} {
			if diff := cmp.Diff(want[i], tokenizers[i].Encode(text, n)); diff != "" {
				t.Errorf("%s: Encode(%+.200q, %d) (-want +got):\n%s", family, text, n, diff)
			}
		}
	}
	if len(texts) < 10_000 {
		t.Errorf("%d texts, want at least 10000", len(texts))
	}
}

// TestEveryCodePoint compares the ids of every code point of the planes in use
// (and some of the empty ones): in a word, alone and among accents, by a digest
// for each 128 of them.
func TestEveryCodePoint(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine: nothing for the race detector, which runs the short tests")
	}
	tokenizers := [2]*pipeline{mustParse(t, clipJSON(t)), mustParse(t, bertJSON(t))}
	chunks := 0
	for line := range lines(t, "testdata/tokens/codepoints.txt.gz") {
		var first rune
		var want [2]string
		if _, err := fmt.Sscanf(string(line), "%x %s %s", &first, &want[0], &want[1]); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		chunks++
		var text strings.Builder
		for r := first; r < first+128; r++ {
			fmt.Fprintf(&text, "x%cx %c é%c\u0316 ", r, r, r)
		}
		for i, family := range []string{"CLIP", "BERT"} {
			ids := strings.Trim(fmt.Sprint(tokenizers[i].Encode(text.String(), noLimit)), "[]")
			if got := fmt.Sprintf("%x", sha256.Sum256([]byte(ids)))[:16]; got != want[i] {
				t.Errorf("%s: U+%04X to U+%04X: digest %s, want %s", family, first, first+127, got, want[i])
			}
		}
	}
	if want := (5*0x10000-0x800)/128 + 12; chunks != want {
		t.Errorf("%d chunks, want %d", chunks, want)
	}
}

// TestVariants compares the other settings that a tokenizer.json may have: each
// variant replaces parts of one of the two files.
func TestVariants(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine: nothing for the race detector, which runs the short tests")
	}
	bases := map[string][]byte{"clip": clipJSON(t), "bert": bertJSON(t)}
	var probes []string
	for line := range lines(t, "testdata/tokens/variants.jsonl.gz") {
		if probes == nil {
			if err := json.Unmarshal(line, &probes); err != nil {
				t.Fatal(err)
			}
			continue
		}
		var v struct {
			Name, Base string
			Patch      map[string]json.RawMessage
			IDs        [][]int64
		}
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		t.Run(v.Base+" "+v.Name, func(t *testing.T) {
			p := mustParse(t, patch(t, bases[v.Base], v.Patch))
			for i, probe := range probes {
				if diff := cmp.Diff(v.IDs[i], p.Encode(probe, 77)); diff != "" {
					t.Errorf("%+q (-want +got):\n%s", probe, diff)
				}
			}
		})
	}
}

// patch replaces top-level parts of a tokenizer.json.
func patch(tb testing.TB, base []byte, parts map[string]json.RawMessage) []byte {
	tb.Helper()
	var file map[string]json.RawMessage
	if err := json.Unmarshal(base, &file); err != nil {
		tb.Fatal(err)
	}
	for name, part := range parts {
		file[name] = part
	}
	data, err := json.Marshal(file)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// lines iterates over the lines of a compressed fixture.
func lines(tb testing.TB, path string) func(yield func([]byte) bool) {
	tb.Helper()
	scanner := bufio.NewScanner(bytes.NewReader(readGzip(tb, path)))
	scanner.Buffer(nil, 1<<20)
	return func(yield func([]byte) bool) {
		for scanner.Scan() {
			if !yield(scanner.Bytes()) {
				return
			}
		}
		if err := scanner.Err(); err != nil {
			tb.Fatal(err)
		}
	}
}
