#!/usr/bin/env python3
"""Writes the golden embeddings that the Go encoder is held to.

Two references for each picture and text, both from a dozen pictures that this
script draws itself:

  onnxruntime   ONNX Runtime in Python on the bundle's own graphs, the picture
                prepared with Pillow exactly as openai/CLIP does it, for the starter
                model squashed
  transformers  CLIPModel.get_image_features and get_text_features in torch, behind
                transformers' own CLIPProcessor; only for the tiny bundle

The Go side has to reach a cosine of 0.99999 to the first and 0.9999 to the second.

    .venv/reference/bin/python scripts/reference/export_tiny.py
    .venv/reference/bin/python scripts/reference/embeddings.py

writes internal/clip/testdata/golden/: pictures/*.png and one JSON file a model.
"""

import gzip
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import PIL
import tokenizers
import torch
import transformers
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parents[2]
TESTDATA = ROOT / "internal" / "clip" / "testdata"
TOKENS = ROOT / "internal" / "clip" / "tokenizer" / "testdata" / "tokens"
GOLDEN = TESTDATA / "golden"
WEIGHTS = ROOT / ".cache" / "tiny-clip-torch"
CONTEXT = 77
SIDE = 224
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)

# Width, height and Pillow's mode. Odd sizes, both orientations, far too wide, far
# too high, smaller than the model's square, and every remainder of the longer side
# over the crop: half-even rounding shows there.
PICTURES = [
    (224, 224, "RGB"),
    (97, 61, "RGB"),
    (61, 97, "RGB"),
    (301, 225, "RGB"),
    (225, 300, "RGB"),
    (320, 241, "RGB"),
    (500, 83, "RGB"),
    (57, 411, "RGB"),
    (16, 16, "RGB"),
    (233, 227, "L"),
    (160, 131, "P"),
    (143, 190, "RGBA"),
]

TEXTS = [
    "a photo of a cat",
    "a photo of a dog on a beach",
    "A RED CAR",
    "two people riding bicycles in the rain",
    "the Eiffel Tower at night",
    "a close-up of a yellow flower, macro photography",
    "a bowl of ramen with an egg and spring onions",
    "an old man's weathered hands",
    "sunset over the mountains",
    "a blurry photo",
    "a diagram of a steam engine",
    "black and white portrait",
    "snow",
    "a",
    "I'll say they've done it, she'd agree, isn't it?",
    "1234567890 3.14 42nd",
    "e=mc^2 #hashtag @someone 50% off!!!",
    "hyphenated-words and under_scores",
    "   leading,   inner \t and trailing whitespace \n",
    "",
    "café au lait, naïve façade, Ångström",
    "cafe\u0301 decomposed",
    "Straße, İstanbul, ΣΊΣΥΦΟΣ",
    "猫の写真",
    "一只狗在海滩上",
    "고양이 사진",
    "صورة قطة على الأريكة",
    "фотография собаки",
    "ภาพถ่ายของแมว",
    "a cat 🐱 and a dog 🐶",
    "family 👨‍👩‍👧‍👦 flag 🇨🇭",
    "tom &amp; jerry &lt;3",
    "“curly” quotes — and dashes…",
    "http://example.org/a?b=c&d=e",
    "<|endoftext|> in the middle",
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "zzxqj kwvbn",
    "a photo of a dog " * 3,
    "one two three four five six seven eight nine ten " * 9,
    "犬" * 100,
]


def draw(index: int, width: int, height: int, mode: str) -> Image.Image:
    """A picture of its own for each index: two gradients, shapes and a little noise."""
    rng = np.random.default_rng(1000 + index)
    x = np.linspace(0, 1, width)[None, :, None]
    y = np.linspace(0, 1, height)[:, None, None]
    a, b, c = rng.uniform(0, 255, (3, 3))
    pixels = (a * (1 - x) + b * x) * (1 - y) + c * y
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    for _ in range(7):
        corners = np.sort(rng.uniform(-0.2, 1.2, (2, 2)), axis=0) * (width, height)
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        shape = (pen.ellipse, pen.rectangle, pen.line)[int(rng.integers(3))]
        shape([tuple(float(v) for v in p) for p in corners], fill=colour)
    # Noise in 16 steps: fine detail that resampling has to get right, at a quarter of
    # the bytes of full noise.
    noise = rng.integers(-1, 2, (height, width, 1)) * 16
    image = Image.fromarray(np.clip(np.asarray(image, np.int16) + noise, 0, 255).astype(np.uint8))
    if mode == "P":
        return image.quantize(64)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize((width, height)))
        return image
    return image.convert(mode)


def to_rgb(image: Image.Image) -> Image.Image:
    """Sightline's policy: transparency is composited on white, before the resize."""
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, (255, 255, 255, 255)), image)
    return image.convert("RGB")


def resized_size(width: int, height: int) -> tuple[int, int]:
    if width <= height:
        return SIDE, int(SIDE * height / width)
    return int(SIDE * width / height), SIDE


def prepare(image: Image.Image) -> np.ndarray:
    """openai/CLIP's transform: shorter side to 224 bicubic, centre crop, normalise."""
    width, height = resized_size(*image.size)
    image = image.resize((width, height), Image.Resampling.BICUBIC)
    left, top = int(round((width - SIDE) / 2.0)), int(round((height - SIDE) / 2.0))
    image = image.crop((left, top, left + SIDE, top + SIDE))
    return ((np.asarray(image, np.float32) / np.float32(255) - MEAN) / STD).transpose(2, 0, 1)


def squash(image: Image.Image) -> np.ndarray:
    """The starter's preprocessing: both sides to 224 bicubic, normalise."""
    image = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return ((np.asarray(image, np.float32) / np.float32(255) - MEAN) / STD).transpose(2, 0, 1)


def crop_differs(image: Image.Image) -> bool:
    """Whether transformers, which rounds the crop down, takes it a pixel beside."""
    return any((n - SIDE) // 2 != int(round((n - SIDE) / 2.0)) for n in resized_size(*image.size))


@dataclass
class Model:
    """One bundle: its two sessions, its tokenizer, and how it prepares a picture."""

    vision: onnxruntime.InferenceSession
    text: onnxruntime.InferenceSession
    tokenizer: tokenizers.Tokenizer
    prepare: Callable[[Image.Image], np.ndarray]

    @classmethod
    def open(cls, folder: Path, suffix: str, tokenizer: Path, prepare=prepare) -> "Model":
        def session(name: str) -> onnxruntime.InferenceSession:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            path = folder / "onnx" / f"{name}{suffix}.onnx"
            data = path.read_bytes() if path.exists() else gzip.decompress(Path(f"{path}.gz").read_bytes())
            return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])

        loaded = tokenizers.Tokenizer.from_file(str(tokenizer))
        loaded.no_padding()
        loaded.enable_truncation(CONTEXT)
        return cls(session("vision_model"), session("text_model"), loaded, prepare)

    def picture(self, image: Image.Image) -> np.ndarray:
        return unit(self.vision.run(["image_embeds"], {"pixel_values": self.prepare(image)[None]})[0][0])

    def ids(self, text: str) -> list[int]:
        return self.tokenizer.encode(text).ids

    def sentence(self, text: str) -> np.ndarray:
        ids = np.array([self.ids(text)], np.int64)
        feeds = {"input_ids": ids}
        if any(i.name == "attention_mask" for i in self.text.get_inputs()):
            feeds["attention_mask"] = np.ones_like(ids)
        return unit(self.text.run(["text_embeds"], feeds)[0][0])


def unit(v: np.ndarray) -> np.ndarray:
    v = v.astype(np.float64)
    return v / np.linalg.norm(v)


def torch_embeddings(images: list[Image.Image]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    torch.set_num_threads(1)
    model = transformers.CLIPModel.from_pretrained(WEIGHTS).eval()
    processor = transformers.CLIPProcessor(
        transformers.CLIPImageProcessor.from_pretrained(WEIGHTS),
        transformers.CLIPTokenizerFast.from_pretrained(WEIGHTS),
    )
    with torch.no_grad():
        pixels = processor(images=images, return_tensors="pt")
        tokens = processor(text=TEXTS, padding=True, truncation=True, max_length=CONTEXT, return_tensors="pt")
        pictures, texts = model.get_image_features(**pixels), model.get_text_features(**tokens)
    return [unit(v.numpy()) for v in pictures], [unit(v.numpy()) for v in texts]


def numbers(v: np.ndarray) -> list[float]:
    return [float(f"{x:.7g}") for x in v]


def write_golden(name: str, bundle: str, precision: str, model: Model, files: list[str], images, reference) -> None:
    pictures, texts = [], []
    for i, (file, image) in enumerate(zip(files, images, strict=True)):
        entry = {"file": file, "onnxruntime": numbers(model.picture(image))}
        if reference:
            entry |= {"transformers": numbers(reference[0][i]), "transformers_crop_differs": crop_differs(image)}
        pictures.append(entry)
    for i, text in enumerate(TEXTS):
        entry = {"text": text, "ids": model.ids(text), "onnxruntime": numbers(model.sentence(text))}
        if reference:
            entry["transformers"] = numbers(reference[1][i])
        texts.append(entry)

    head = {
        "bundle": bundle, "precision": precision, "dim": len(pictures[0]["onnxruntime"]),
        "made_with": {
            "onnxruntime": onnxruntime.__version__, "pillow": PIL.__version__, "tokenizers": tokenizers.__version__,
            **({"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0]} if reference else {}),
        },
    }
    with (GOLDEN / f"{name}.json").open("w", encoding="utf-8", newline="\n") as f:
        # One entry a line, so that a change can be read as a diff.
        f.write(json.dumps(head)[:-1] + ",\n")
        for key, entries in (("pictures", pictures), ("texts", texts)):
            lines = ",\n".join(json.dumps(e, ensure_ascii=False) for e in entries)
            f.write(f'"{key}": [\n{lines}\n]' + (",\n" if key == "pictures" else "}\n"))
    summarise(name, pictures, texts)


def summarise(name: str, pictures: list[dict], texts: list[dict]) -> None:
    for kind, entries in (("pictures", pictures), ("texts", texts)):
        ours = np.array([e["onnxruntime"] for e in entries])
        between = (ours @ ours.T)[np.triu_indices(len(ours), 1)]
        print(f"{name} {kind}: cosine between two of them {between.min():.3f} .. {between.max():.3f}, mean {between.mean():.3f}")
        if "transformers" in entries[0]:
            theirs = np.array([e["transformers"] for e in entries])
            theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
            same = (ours * theirs).sum(1) / np.linalg.norm(ours, axis=1)
            beside = np.array([e.get("transformers_crop_differs", False) for e in entries])
            print(f"{name} {kind}: to transformers at least {same[~beside].min():.7f}", f"(another crop: {same[beside]})" if beside.any() else "")


def main() -> None:
    shutil.rmtree(GOLDEN / "pictures", ignore_errors=True)
    (GOLDEN / "pictures").mkdir(parents=True)
    files, images = [], []
    for i, (width, height, mode) in enumerate(PICTURES):
        files.append(f"pictures/{i:02d}-{width}x{height}-{mode.lower()}.png")
        draw(i, width, height, mode).save(GOLDEN / files[-1], optimize=True)
        images.append(to_rgb(Image.open(GOLDEN / files[-1])))

    reference = torch_embeddings(images)
    with tempfile.TemporaryDirectory() as tmp:
        tokenizer = Path(tmp, "tokenizer.json")
        tokenizer.write_bytes(gzip.decompress((TOKENS / "clip-tokenizer.json.gz").read_bytes()))
        tiny = TESTDATA / "tiny-clip"
        write_golden("tiny-clip", "tiny-clip", "fp32", Model.open(tiny, "", tokenizer), files, images, reference)
        write_golden("tiny-clip-fp16", "tiny-clip", "fp16", Model.open(tiny, "_fp16", tokenizer), files, images, None)
    starter = ROOT / "models" / "starter"
    write_golden("starter", "starter", "int8", Model.open(starter, "_int8", starter / "tokenizer.json", squash), files, images, None)


if __name__ == "__main__":
    main()
