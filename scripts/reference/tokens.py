"""Makes the goldens of internal/clip/tokenizer/testdata/tokens: what the Hugging Face
tokenizers library answers for some ten thousand texts, for CLIP's byte-level BPE
and for BERT's WordPiece.

    pip install --no-deps --require-hashes -r scripts/reference/requirements-tokens.txt
    python scripts/reference/tokens.py

The CLIP vocabulary is bpe_simple_vocab_16e6.txt.gz of OpenAI's CLIP (MIT
licence), taken from the wheel of open_clip_torch, which carries it unchanged; its
SHA-256 is checked below. The BERT tokenizer is models/starter/tokenizer.json.

Everything is deterministic: a second run writes the same bytes.
"""

import gzip
import hashlib
import importlib.metadata
import json
import pathlib
import random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from token_texts import CODE_POINT_CHUNK, code_point_text, texts
from token_variants import PROBES, VARIANTS

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "internal/clip/tokenizer/testdata/tokens"
BERT = ROOT / "models/starter/tokenizer.json"
VOCAB_SHA256 = "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a"
PLANES = (0, 1, 2, 3, 14)  # those with assigned characters, private use aside
START, END = "<|startoftext|>", "<|endoftext|>"
PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def bpe_file():
    """OpenAI's merges. The package is located, not imported: it needs torch."""
    dist = importlib.metadata.distribution("open_clip_torch")
    path = pathlib.Path(dist.locate_file("open_clip/bpe_simple_vocab_16e6.txt.gz"))
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != VOCAB_SHA256:
        raise SystemExit(f"{path}: SHA-256 is {found}, want {VOCAB_SHA256}")
    return gzip.decompress(data).decode("utf-8").split("\n")


def clip_tokenizer():
    """CLIP's tokenizer as transformers' CLIPConverter builds it and the hub's
    tokenizer.json of openai/clip-vit-base-patch32 states it."""
    lines = bpe_file()[1 : 49152 - 256 - 2 + 1]
    merges = [tuple(line.split()) for line in lines]
    byte_chars = sorted(pre_tokenizers.ByteLevel.alphabet(), key=byte_order)
    tokens = byte_chars + [c + "</w>" for c in byte_chars] + ["".join(m) for m in merges] + [START, END]
    vocab = {token: i for i, token in enumerate(tokens)}
    assert len(vocab) == 49408
    t = Tokenizer(models.BPE(
        vocab=vocab, merges=merges, dropout=None, continuing_subword_prefix="",
        end_of_word_suffix="</w>", fuse_unk=False, unk_token=END,
    ))
    t.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])
    t.decoder = decoders.ByteLevel()
    t.post_processor = processors.RobertaProcessing((END, 49407), (START, 49406), False, False)
    t.add_special_tokens([AddedToken(START, normalized=True), AddedToken(END, normalized=False)])
    return t


def byte_order(char):
    """OpenAI numbers the printable Latin-1 characters first, then the rest."""
    c = ord(char)
    return (c >= 0x100, c)


def ids(tokenizer, text, limit):
    if limit is None:
        tokenizer.no_truncation()
    else:
        tokenizer.enable_truncation(limit)
    return tokenizer.encode(text).ids


def write_gzip(path, text):
    path.write_bytes(gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0))


def dumps(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def goldens(clip, bert):
    """One line a text: [text, limit, CLIP's ids, BERT's ids]."""
    words = [merge.replace(" ", "").replace("</w>", "") for merge in bpe_file()[1:48895]]
    distinct = dict.fromkeys(texts(random.Random(20240817), words))
    assert len({text for text, _ in distinct}) >= 10_000
    lines = []
    for text, limit in distinct:
        lines.append(dumps([text, limit, ids(clip, text, limit), ids(bert, text, limit)]))
    return lines


def code_points(clip, bert):
    """Every code point of the planes in use, in chunks, and the first chunk of the
    others: the first eight bytes of the SHA-256 of the ids, in decimal with blanks,
    for the text that code_point_text makes of a chunk. The Go test makes the same
    text."""
    def digest(tokenizer, text):
        joined = " ".join(map(str, ids(tokenizer, text, None)))
        return hashlib.sha256(joined.encode()).hexdigest()[:16]

    lines = []
    for first in range(0, 0x110000, CODE_POINT_CHUNK):
        text = code_point_text(first)
        if text and (first >> 16 in PLANES or first & 0xFFFF == 0):
            lines.append(f"{first:x} {digest(clip, text)} {digest(bert, text)}")
    return lines


def variants(clip, bert):
    """Other settings that a tokenizer.json may have: parts that replace those of
    the two files, and what comes of them."""
    bases = {"clip": json.loads(clip.to_str()), "bert": json.loads(bert.to_str())}
    for base in bases.values():
        base["truncation"] = None
    lines = []
    for name, base, patch in VARIANTS:
        t = Tokenizer.from_str(json.dumps({**bases[base], **patch}))
        want = [ids(t, probe, 77) for probe in PROBES]
        lines.append(dumps({"name": name, "base": base, "patch": patch, "ids": want}))
    return [dumps(PROBES)] + lines


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    clip, bert = clip_tokenizer(), Tokenizer.from_file(str(BERT))
    bert.no_padding()
    write_gzip(OUT / "clip-tokenizer.json.gz", clip.to_str())
    write_gzip(OUT / "goldens.jsonl.gz", "\n".join(goldens(clip, bert)) + "\n")
    write_gzip(OUT / "codepoints.txt.gz", "\n".join(code_points(clip, bert)) + "\n")
    write_gzip(OUT / "variants.jsonl.gz", "\n".join(variants(clip, bert)) + "\n")
    for path in sorted(OUT.glob("*.gz")):
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
