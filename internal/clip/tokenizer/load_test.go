package tokenizer

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// tinyJSON is a whole tokenizer.json of each family, small enough to damage.
var tinyJSON = map[string]string{
	"clip": `{
		"added_tokens": [{"id": 3, "content": "<|end|>", "special": true}],
		"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Lowercase"}]},
		"pre_tokenizer": {"type": "Sequence", "pretokenizers": [
			{"type": "Split", "pattern": {"Regex": "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"}, "behavior": "Removed", "invert": true},
			{"type": "ByteLevel", "add_prefix_space": false}]},
		"post_processor": {"type": "RobertaProcessing", "sep": ["<|end|>", 3], "cls": ["<|end|>", 3]},
		"model": {"type": "BPE", "dropout": null, "unk_token": "<|end|>", "end_of_word_suffix": "</w>",
			"vocab": {"a": 0, "b</w>": 1, "ab</w>": 2, "<|end|>": 3}, "merges": ["a b</w>"]}}`,
	"bert": `{
		"normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
		"pre_tokenizer": {"type": "BertPreTokenizer"},
		"post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[S]"}}, {"Sequence": {"id": "A"}}],
			"special_tokens": {"[S]": {"ids": [1]}}},
		"model": {"type": "WordPiece", "unk_token": "?", "continuing_subword_prefix": "##", "max_input_chars_per_word": 9,
			"vocab": {"?": 0, "[S]": 1, "a": 2, "##b": 3}}}`,
}

func TestUnsupported(t *testing.T) {
	for _, tt := range []struct{ base, from, to, part string }{
		{"clip", `"type": "BPE"`, `"type": "Unigram"`, "model"},
		{"clip", `"end_of_word_suffix": "</w>"`, `"end_of_word_suffix": ""`, "model"},
		{"bert", `"type": "WordPiece"`, `"type": "WordLevel"`, "model"},
		{"clip", `"dropout": null`, `"dropout": 0.1`, "model option"},
		{"clip", `"dropout": null`, `"fuse_unk": true`, "model option"},
		{"clip", `"dropout": null`, `"byte_fallback": true`, "model option"},
		{"clip", `"dropout": null`, `"ignore_merges": true`, "model option"},
		{"clip", `"dropout": null`, `"continuing_subword_prefix": "##"`, "model option"},
		{"clip", `"type": "NFC"`, `"type": "Nmt"`, "normalizer"},
		{"clip", `\\s+`, `\\s`, "Replace pattern"},
		{"clip", `'s|'t`, `'t|'s`, "Split pattern"},
		{"clip", `"Removed"`, `"Isolated"`, "pre_tokenizer"},
		{"clip", `"invert": true`, `"invert": false`, "pre_tokenizer"},
		{"clip", `"add_prefix_space": false`, `"add_prefix_space": true`, "pre_tokenizer"},
		{"clip", `"add_prefix_space": false`, `"trim_offsets": true`, "pre_tokenizer"},
		{"clip", `"type": "ByteLevel"`, `"type": "Digits"`, "pre_tokenizer"},
		{"bert", `"BertPreTokenizer"`, `"Metaspace"`, "pre_tokenizer"},
		{"bert", `"pre_tokenizer"`, `"another"`, "pre_tokenizer"},
		{"clip", `"RobertaProcessing"`, `"Other"`, "post_processor"},
		{"clip", `"added_tokens"`, `"truncation": {"direction": "Left"}, "added_tokens"`, "truncation direction"},
	} {
		_, err := parseTokenizer([]byte(replaceOnce(t, tt.base, tt.from, tt.to)))
		var unsupported *UnsupportedError
		if !errors.As(err, &unsupported) {
			t.Errorf("%s with %s: error is %v, want an UnsupportedError", tt.base, tt.to, err)
		} else if unsupported.Part != tt.part {
			t.Errorf("%s with %s: part %q, want %q", tt.base, tt.to, unsupported.Part, tt.part)
		}
	}
}

func TestDamaged(t *testing.T) {
	for _, tt := range []struct{ base, from, to, want string }{
		{"clip", `"model"`, `"models"`, "no model"},
		{"clip", `"vocab": {"a": 0,`, `"vocab": {"a": -1,`, "model: json"},
		{"clip", `"vocab": {"a": 0,`, `"vocab": {`, "not in the vocabulary"},
		{"clip", `"ab</w>": 2, `, ``, "merge 0 ("},
		{"clip", `["a b</w>"]`, `["a  b</w>"]`, "merge 0 has 3 parts"},
		{"clip", `["a b</w>"]`, `[["a", "b</w>", "c"]]`, "merge 0 has 3 parts"},
		{"clip", `["a b</w>"]`, `["a b</w>", 7]`, "neither strings nor pairs"},
		{"clip", `"unk_token": "<|end|>"`, `"unk_token": "?"`, `unknown token "?"`},
		{"clip", `"id": 3, "content"`, `"id": 4, "content"`, `"<|end|>" has id 4, but 3`},
		{"clip", `"content": "<|end|>"`, `"content": ""`, "added token 3 is empty"},
		{"clip", `["<|end|>", 3], "cls"`, `["<|end|>"], "cls"`, "post_processor"},
		{"clip", `"cls": `, `"class": `, "lacks cls or sep"},
		{"clip", `"content": " "`, `"with": " "`, "Replace lacks"},
		{"clip", `{"type": "NFC"}`, `{"type": "Strip"}`, "Strip lacks"},
		{"clip", `"added_tokens"`, `"padding": {}, "added_tokens"`, "padding lacks pad_id"},
		{"bert", `"clean_text": true, `, ``, "BertNormalizer lacks"},
		{"bert", `"unk_token": "?", `, ``, "unk_token"},
		{"bert", `"?": 0, `, ``, `unknown token "?"`},
		{"bert", `"max_input_chars_per_word": 9`, `"max_input_chars_per_word": -9`, "model: json"},
		{"bert", `{"ids": [1]}`, `{"ids": [-1]}`, "post_processor: json"},
		{"bert", `"special_tokens": {"[S]"`, `"special_tokens": {"[T]"`, `names "[S]"`},
		{"bert", `{"Sequence": {"id": "A"}}`, `{"Sequence": {"id": "B"}}`, "neither"},
		{"bert", `, {"Sequence": {"id": "A"}}`, ``, "no place for the text"},
	} {
		_, err := parseTokenizer([]byte(replaceOnce(t, tt.base, tt.from, tt.to)))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s with %s: error is %v, want one with %q", tt.base, tt.to, err, tt.want)
		}
	}
}

func replaceOnce(t *testing.T, base, from, to string) string {
	t.Helper()
	if n := strings.Count(tinyJSON[base], from); n != 1 {
		t.Fatalf("%s holds %s %d times, want once", base, from, n)
	}
	return strings.Replace(tinyJSON[base], from, to, 1)
}

// TestCutShort reads every beginning of both files.
func TestCutShort(t *testing.T) {
	for base, file := range tinyJSON {
		if _, err := parseTokenizer([]byte(file)); err != nil {
			t.Errorf("%s, whole: %v", base, err)
		}
		for n := range len(file) {
			if _, err := parseTokenizer([]byte(file[:n])); err == nil {
				t.Errorf("%s: the first %d bytes were accepted", base, n)
			}
		}
	}
}

// TestUnknownBytes covers vocabularies without all 256 bytes, which only small
// test models have.
func TestUnknownBytes(t *testing.T) {
	with := mustParse(t, []byte(tinyJSON["clip"]))
	if got := with.Encode("ab", 9); len(got) != 3 || got[1] != 2 {
		t.Errorf("ids of ab are %v, want one merged token between two", got)
	}
	if got := with.Encode("axb", 9); len(got) != 5 || got[2] != 3 {
		t.Errorf("ids of axb are %v, want the unknown token for x", got)
	}
	without := mustParse(t, []byte(replaceOnce(t, "clip", `"unk_token": "<|end|>"`, `"unk_token": null`)))
	if got := without.Encode("axb", 9); len(got) != 3 || got[1] != 2 {
		t.Errorf("ids of axb are %v, want those of ab: x dropped", got)
	}
}

func FuzzParseTokenizer(f *testing.F) {
	for _, file := range tinyJSON {
		f.Add([]byte(file), "ab x[S] é")
	}
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		p, err := parseTokenizer(data)
		if err != nil {
			if p != nil {
				t.Error("a tokenizer beside an error")
			}
			return
		}
		if !json.Valid(data) {
			t.Error("accepted what is no JSON")
		}
		for _, n := range []int{0, 1, 2, 77} {
			if got := len(p.Encode(text, n)); got > n {
				t.Errorf("%d ids, want at most %d", got, n)
			}
		}
	})
}
