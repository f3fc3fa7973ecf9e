"""The texts of the tokenizer goldens. Nothing is taken from anywhere: captions
come from a small grammar, the rest from the vocabulary and from Unicode itself."""

import unicodedata

CODE_POINT_CHUNK = 128

SUBJECTS = """a cat|two dogs|an old man|a woman in a red coat|children|a flock of geese|the bride and groom|my sister's
bicycle|a Boeing 747|a bowl of ramen|an astronaut|a T-shirt|the Eiffel Tower|a 1967 Ford Mustang|someone's hands|a
golden retriever puppy|three sailboats|a street musician|an espresso machine|a snow-covered barn""".replace("\n", " ").split("|")
VERBS = """is sleeping|are running|stands|doesn't move|is being washed|wait for the bus|looks at the camera|is cooking
dinner|plays the violin|can't be seen|sits upside-down|they're laughing|we've just met|I'm holding|you'd recognise|he'll
repair""".replace("\n", " ").split("|")
PLACES = """on a beach at sunset|in front of the Louvre, Paris|under heavy rain|next to a window|on the kitchen table|at
3:45 pm|in black & white|on Route 66|(close-up)|with bokeh|in Zürich|near Łódź|at the Café de Flore|in São Paulo|on Mt.
Fuji|in the '90s|in low light, f/1.8, ISO 3200""".replace("\n", " ").split("|")
TEMPLATES = ["{}", "a photo of {}.", "A Photo Of {}", "a bad photo of {}", "{}!", "itap of {}", "{} -- #nofilter @home", "“{}”"]

# A stretch of the alphabet for each script, and some words that are easy to get wrong.
SCRIPTS = {
    "latin": (0xC0, 0x24F), "ipa": (0x250, 0x2AF), "greek": (0x370, 0x3FF), "greek extended": (0x1F00, 0x1FFF),
    "cyrillic": (0x400, 0x52F), "armenian": (0x531, 0x58F), "hebrew": (0x591, 0x5F4), "arabic": (0x600, 0x6FF),
    "syriac": (0x700, 0x74F), "devanagari": (0x900, 0x97F), "bengali": (0x980, 0x9FF), "tamil": (0xB80, 0xBFF),
    "thai": (0xE01, 0xE5B), "lao": (0xE81, 0xEDF), "tibetan": (0xF00, 0xFDA), "myanmar": (0x1000, 0x109F),
    "georgian": (0x10A0, 0x10FF), "jamo": (0x1100, 0x11FF), "ethiopic": (0x1200, 0x137F), "cherokee": (0x13A0, 0x13FF),
    "khmer": (0x1780, 0x17F9), "mongolian": (0x1800, 0x18AA), "punctuation": (0x2010, 0x206F), "currency": (0x20A0, 0x20BF),
    "letterlike": (0x2100, 0x214F), "numbers": (0x2150, 0x218B), "arrows": (0x2190, 0x22FF), "boxes": (0x2500, 0x27BF),
    "kana": (0x3041, 0x30FF), "cjk": (0x4E00, 0x9FFF), "cjk compatibility": (0xF900, 0xFAFF), "hangul": (0xAC00, 0xD7A3),
    "presentation": (0xFB00, 0xFDFF), "fullwidth": (0xFF01, 0xFFEF), "private": (0xE000, 0xE0FF),
    "gothic": (0x10330, 0x1034A), "deseret": (0x10400, 0x1044F), "cuneiform": (0x12000, 0x123FF),
    "mathematical": (0x1D400, 0x1D7FF), "emoji": (0x1F300, 0x1FAFF), "cjk b": (0x20000, 0x2A6DF), "tags": (0xE0000, 0xE007F),
    "marks": (0x300, 0x36F), "marks extended": (0x1AB0, 0x1AFF), "marks for symbols": (0x20D0, 0x20F0),
}
EXAMPLES = """ΟΔΥΣΣΕΥΣ ΣΑΣ|İstanbul ıssız IĞDIR|straße STRASSE ẞ|ﬁne ﬂower ﬀ|Ǆ ǅ ǆ|ÅÅÅ å Å|한국어 한국어|が か゚ ガ ｶﾞ|日本語の写真 東京タワー|
我爱猫咪，你呢？|Привет, мир! Ёлка|שָׁלוֹם עולם|السَّلامُ عَلَيْكُم|नमस्ते दुनिया क्षत्रिय|สวัสดีชาวโลก ภาพถ่าย|காதல்|👩‍👩‍👧‍👦 family|🏳️‍🌈 🏴‍☠️ 🇩🇪🇫🇷🇯🇵|
👍🏽 👍🏿 ☺️ ☺︎|1️⃣ 2️⃣ #️⃣ *️⃣|🏴󠁧󠁢󠁥󠁮󠁧󠁿|١٢٣ ४५६ ๗๘๙ １２３ ½ Ⅷ ① ²|𝒜𝓃 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚𝟛|don't DON'T don’t 'twas o'clock rock'n'roll|we've they're I'm you'll she'd it's|
'''s 's's ''ll 're're|&amp; &lt;b&gt; &quot;x&quot; &#39; &#x1F600; &nbsp; &amp;amp;|<b>bold</b> <br/>|!!! ??? ... !?!? --- ___ ~~~|$1,234.56 100% 3.14e-10 0x1F|
user@example.org https://example.org/a?b=c&d=%20|C:\\Users\\me\\x.png ../a/b|#hashtag @mention ^_^ :-) ¯\\_(ツ)_/¯|a\u00adb soft\u00adhyphen|zero\u200bwidth\u200cnon\u200djoiner\ufeffbom|
\u202eright to left\u202c \u2066iso\u2069|tab\ttab\nline\r\nline\x0bvt\x0cff|\x00null\x01\x02\x1f\x7f\x80\x9f|\ufffd\ufffe\uffff|\u0378\u0530\U000e0080\U0010fffd unassigned|
<|startoftext|>|<|endoftext|>|<|STARTOFTEXT|>|<|EndOfText|> x|a<|startoftext|>b<|endoftext|>c|!<|startoftext|>!|<|startoftext|><|startoftext|>|<|start of text|>|<|endoftext||>|
[CLS] [SEP] [PAD] [UNK] [MASK]|x[MASK]y[mask]z|[CLS][SEP][[MASK]]|[UNUSED0] [unused1]|##ing ##s ing|naïve café résumé Äpfel|é e\u0301 ê\u0301 \u1ebf|a\u0316\u0301 a\u0301\u0316|q\u0307\u0323 q\u0323\u0307|
\u212b \u2126 \u1e9b\u0323|\U00011938 \U00011935\U00011930|\u1cf2\u1cf3 \u07fd\u0301|x\u034fy\u034f\u0301||   | a |\u3000全角\u3000|\u00a0nbsp\u00a0\u202f\u2009\u2028\u2029\u0085\u1680\u180e\u205f""".replace("|\n", "\0").split("\0")


def examples():
    """EXAMPLES by field. Special tokens hold the separator themselves."""
    for line in EXAMPLES:
        line = line.replace("<|", "<\1").replace("|>", "\1>")
        for field in line.split("|"):
            yield field.replace("\1", "|")


SPACES = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\u180e\u200b\u2060\ufeff"
CONTRACTIONS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'RE", "'x", "'", "''", "’s", "'sing", "'lling", "'dare"]
SPECIALS = ["<|startoftext|>", "<|endoftext|>", "<|EndOfText|>", "[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "<|", "|>", "["]
ENTITIES = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&#x27;", "&nbsp;", "&eacute;", "&unknown;", "&"]
EMOJI = ["😀", "👩‍💻", "👨‍👩‍👧", "🏳️‍🌈", "🇩🇪", "🇯🇵", "👍🏽", "❤️", "☃", "1️⃣", "🧑🏿‍🚀", "🫠", "🪿"]
MARKS = [chr(c) for c in range(0x300, 0x370)] + list("\u05b0\u0651\u093c\u094d\u0e38\u3099\u20d0\u1dc0\u1ab0\u07f3\u0323\u0345")


def texts(rng, words):
    """Pairs of a text and the length it is truncated to. None is no truncation."""
    for text in examples():
        yield text, 77
        yield text.upper(), 77
        yield text * 40, 77
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            yield unicodedata.normalize(form, text), 77
    for text in captions(rng, 3000):
        yield text, 77
    for name, (first, last) in SCRIPTS.items():
        for _ in range(70):
            yield script_text(rng, first, last), 77
    for _ in range(1900):
        yield join(rng, [rng.choice(words) for _ in range(rng.randint(1, 12))]), 77
    for _ in range(1900):
        yield mixture(rng, words), 77
    for _ in range(400):
        yield accents(rng), 77
    for limit in (2, 3, 4, 8, 32, 64, 76, 77, 78, 128, 512, None):
        for _ in range(25):
            yield mixture(rng, words) + " " + " ".join(captions(rng, 12)), limit
    for n in (16, 40, 99, 100, 101, 130, 400, 2000):
        for unit in ("a", "ab", "é", "ж", "漢", "ab1", "!", "?!", "'s", "😀", "\u0301", "e\u0301", "ing"):
            yield unit * n, 77
            yield "x " + unit * n + " y", None
    for n in (74, 75, 76, 77, 78):
        yield " ".join(["cat"] * n), 77


def captions(rng, count):
    for _ in range(count):
        text = " ".join([rng.choice(SUBJECTS), rng.choice(VERBS), rng.choice(PLACES)][: rng.randint(1, 3)])
        yield rng.choice(TEMPLATES).format(text)


def join(rng, parts):
    return rng.choice([" ", " ", " ", "", "  ", "-", ", ", "'", "_", "\n", "\u3000"]).join(parts)


def script_text(rng, first, last):
    """A few words in a script, with now and then a capital, a digit or a mark."""
    out = []
    for _ in range(rng.randint(1, 6)):
        word = "".join(chr(rng.randint(first, last)) for _ in range(rng.randint(1, 9)))
        if rng.random() < 0.2:
            word += rng.choice(MARKS)
        if rng.random() < 0.1:
            word += str(rng.randint(0, 999))
        out.append(word.upper() if rng.random() < 0.2 else word)
    return rng.choice([" ", " ", ", ", "\u3000", ""]).join(out)


def mixture(rng, words):
    """Anything beside anything, mostly without blanks between."""
    parts = []
    for _ in range(rng.randint(1, 14)):
        kind = rng.randrange(9)
        if kind == 0:
            parts.append(rng.choice(words))
        elif kind == 1:
            parts.append(rng.choice(CONTRACTIONS))
        elif kind == 2:
            parts.append(rng.choice(SPECIALS))
        elif kind == 3:
            parts.append(rng.choice(SPACES) * rng.randint(1, 3))
        elif kind == 4:
            parts.append(rng.choice(EMOJI))
        elif kind == 5:
            parts.append(rng.choice(ENTITIES))
        elif kind == 6:
            parts.append("".join(rng.choice("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") for _ in range(rng.randint(1, 5))))
        elif kind == 7:
            first, last = rng.choice(list(SCRIPTS.values()))
            parts.append("".join(chr(rng.randint(first, last)) for _ in range(rng.randint(1, 4))))
        else:
            parts.append(rng.choice(["0", "12", "3456", "٣", "５", "Ⅻ", "½", "१२"]))
    return "".join(parts)


def accents(rng):
    """Bases with marks in any order and number, some beyond the 30 that stream-safe
    text may have."""
    out = []
    for _ in range(rng.randint(1, 5)):
        base = rng.choice("aAeEoOuUqxσΣиаか한가ㄱ\u0627\u0928\u1100ǖ\U00011935 ")
        count = rng.choice([0, 1, 1, 2, 3, 5, 31, 45]) if rng.random() < 0.5 else 1
        out.append(base + "".join(rng.choice(MARKS) for _ in range(count)))
    return "".join(out)


def code_point_text(first):
    """The code points of a chunk: each between letters, alone, and after an accent.
    A chunk of surrogates has no text."""
    return "".join(
        f"x{chr(c)}x {chr(c)} é{chr(c)}\u0316 "
        for c in range(first, first + CODE_POINT_CHUNK)
        if not 0xD800 <= c <= 0xDFFF
    )
