"""Settings of a tokenizer.json besides those of the two families' usual files,
and the texts that tell them apart."""

SPLIT = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
LITERALS = r"<\|startoftext\|>|<\|endoftext\|>|"


def clip_split(pattern, use_regex):
    return {
        "type": "Sequence",
        "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Removed", "invert": True},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": use_regex},
        ],
    }


def added(token_id, content, **flags):
    off = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    return {"id": token_id, "content": content, **off, **flags}


def bert_normalizer(**flags):
    usual = dict(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True)
    return {"type": "BertNormalizer", **usual, **flags}


def sequence(*steps):
    return {"type": "Sequence", "normalizers": [{"type": s} if isinstance(s, str) else s for s in steps]}


TEMPLATE = {
    "type": "TemplateProcessing",
    "single": [
        {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
        {"SpecialToken": {"id": "two", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
    ],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
    "special_tokens": {
        "[CLS]": {"id": "[CLS]", "ids": [101], "tokens": ["[CLS]"]},
        "[SEP]": {"id": "[SEP]", "ids": [102], "tokens": ["[SEP]"]},
        "two": {"id": "two", "ids": [2048, 2048], "tokens": ["two", "two"]},
    },
}
BERT_PROCESSING = {"type": "BertProcessing", "sep": ["[SEP]", 102], "cls": ["[CLS]", 101]}
CLIP_ADDED = [added(49406, "<|startoftext|>"), added(49407, "<|endoftext|>")]
BERT_MASK = added(103, "[MASK]")

VARIANTS = [
    ("literals in the pattern", "clip", {"pre_tokenizer": clip_split(LITERALS + SPLIT, True), "added_tokens": CLIP_ADDED}),
    ("literals kept whole", "clip", {"pre_tokenizer": clip_split(LITERALS + SPLIT, False), "added_tokens": CLIP_ADDED}),
    ("no regex in ByteLevel", "clip", {"pre_tokenizer": clip_split(SPLIT, False)}),
    ("no added tokens", "clip", {"added_tokens": []}),
    ("lstrip and rstrip", "clip", {"added_tokens": [
        added(49406, "<|startoftext|>", lstrip=True), added(49407, "<|endoftext|>", rstrip=True, normalized=True)]}),
    ("strip on both sides", "clip", {"added_tokens": [
        added(49406, "<|startoftext|>", lstrip=True, rstrip=True), added(49407, "<|endoftext|>", lstrip=True, rstrip=True)]}),
    ("single word", "clip", {"added_tokens": [added(49406, "<|startoftext|>", single_word=True), added(1481, "cat", single_word=True)]}),
    ("overlapping added tokens", "clip", {"added_tokens": [added(1481, "cat"), added(38800, "cats"), added(49408, "ats and"), added(49409, "Photo", normalized=True)]}),
    ("no normalizer", "clip", {"normalizer": None}),
    ("NFKC", "clip", {"normalizer": sequence("NFKC", "Lowercase")}),
    ("NFKD", "clip", {"normalizer": sequence("NFKD", {"type": "Strip", "strip_left": True, "strip_right": False}, "Lowercase")}),
    ("NFD without accents", "clip", {"normalizer": sequence("NFD", "StripAccents")}),
    ("StripAccents alone", "clip", {"normalizer": {"type": "StripAccents"}}),
    ("Replace", "clip", {"normalizer": sequence(
        {"type": "Replace", "pattern": {"String": "cat"}, "content": "dog"},
        {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " * "})}),
    ("no post-processor", "clip", {"post_processor": None}),
    ("Strip", "bert", {"normalizer": sequence({"type": "Strip", "strip_left": True, "strip_right": True}, bert_normalizer())}),
    ("cased", "bert", {"normalizer": bert_normalizer(lowercase=False)}),
    ("cased without accents", "bert", {"normalizer": bert_normalizer(lowercase=False, strip_accents=True)}),
    ("uncased with accents", "bert", {"normalizer": bert_normalizer(strip_accents=False)}),
    ("not cleaned", "bert", {"normalizer": bert_normalizer(clean_text=False)}),
    ("ideographs in words", "bert", {"normalizer": bert_normalizer(handle_chinese_chars=False)}),
    ("Whitespace", "bert", {"pre_tokenizer": {"type": "Whitespace"}}),
    ("Whitespace in a sequence", "bert", {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}]}}),
    ("template", "bert", {"post_processor": TEMPLATE}),
    ("BertProcessing", "bert", {"post_processor": BERT_PROCESSING}),
    ("processors in sequence", "bert", {"post_processor": {"type": "Sequence", "processors": [
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}, BERT_PROCESSING]}}),
    ("mask with lstrip", "bert", {"added_tokens": [{**BERT_MASK, "lstrip": True, "single_word": True}]}),
]

PROBES = [
    "", " ", "  A photo of a cat  ", "Cats and cats'cat concat cat-cat cat's", "Photo PHOTO photo",
    "<|startoftext|> x <|endoftext|>  y", "a <|endoftext|>  <|startoftext|> b", "a<|startoftext|>b", "!<|startoftext|>!<|ENDOFTEXT|>!", "<|STARTOFTEXT|>!x",
    "x [MASK] y[MASK]z [MASK]  [mask]", "[CLS] a [SEP] b", "Ünïcödé CAFÉ e\u0301 \u0130 ΣΑΣ", "ﬁ ½ ² Ａ ㎏ ｶﾞ \u32ff \ua7f2 \U0001f16c",
    "日本語のテキスト 我爱猫", "नमस्ते \u0e01\u0e33 \u05e9\u05c1", "a\u0301\u0316\u0345 \u1cf2 \u07fd \u20dd", "snake_case x-y 3.14 ٣٤ a\u200db",
    "tab\tnl\n\x00\x01\u200b\ufeff\xad end", "\u3000\u00a0wide\u2003spaces\u3000", "don't we've I'm", "\U00011938\U00011935\U00011930",
    "e" + "\u0301\u0316" * 20, "<|endoftext|>" * 3, "word " * 100, "x" * 101 + " " + "y" * 100,
]
