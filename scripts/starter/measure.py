"""Measures the starter model on the demo photos, in Python: the model card's figures.

Retrieval: each caption is a query; captions that are equal up to case are one query,
and any of its photos is a hit. Classification: "a photo of a CATEGORY" for the photos
that have a category. Calibration: the logit scale (what a cosine is multiplied by
before the softmax) under which the categories' probabilities are most likely.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from PIL import Image
from tokenizers import Tokenizer

from vision import CLIP_MEAN, CLIP_STD, SIDE

BATCH = 16
WHITE = (255, 255, 255, 255)


class Photo(NamedTuple):
    """One line of captions.tsv."""

    file: str
    caption: str
    category: str


def prepare(path: Path) -> np.ndarray:
    """Returns a photo as the bundle's preprocessor file asks for it, squashed: [3, 224, 224]."""
    image = Image.open(path)
    if image.mode in ("RGBA", "LA", "P", "PA"):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, WHITE), image)
    image = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    values = (np.asarray(image, np.float32) / 255 - CLIP_MEAN.astype(np.float32)) / CLIP_STD.astype(np.float32)
    return values.transpose(2, 0, 1)


class Model:
    """The two towers."""

    def __init__(self, bundle: Path) -> None:
        self.vision = onnxruntime.InferenceSession(bundle / "onnx" / "vision_model_int8.onnx")
        self.text = onnxruntime.InferenceSession(bundle / "onnx" / "text_model_int8.onnx")
        self.tokenizer = Tokenizer.from_file(str(bundle / "tokenizer.json"))

    def images(self, paths: list[Path]) -> np.ndarray:
        """Embeds photos, one row a photo."""
        rows = []
        for start in range(0, len(paths), BATCH):
            pixels = np.stack([prepare(path) for path in paths[start : start + BATCH]])
            rows.append(self.vision.run(None, {"pixel_values": pixels})[0])
        return np.concatenate(rows)

    def texts(self, texts: list[str]) -> np.ndarray:
        """Embeds texts, one row a text."""
        rows = []
        for text in texts:
            ids = np.array([self.tokenizer.encode(text).ids], np.int64)
            rows.append(self.text.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0])
        return np.stack(rows)


def retrieval(photos: list[Photo], images: np.ndarray, model: Model) -> str:
    """Returns recall at 1, 5 and 10 and the mean reciprocal rank, in per cent."""
    queries: dict[str, list[int]] = {}
    for index, photo in enumerate(photos):
        queries.setdefault(photo.caption.lower(), []).append(index)
    scores = model.texts([photos[hits[0]].caption for hits in queries.values()]) @ images.T
    # The rank of a query's best photo: how many others score strictly higher.
    ranks = np.array([(row > row[hits].max()).sum() for row, hits in zip(scores, queries.values())])
    recall = " ".join(f"R@{k} {100 * (ranks < k).mean():.1f}" for k in (1, 5, 10))
    return f"{len(photos)} photos, {len(queries)} queries: {recall} MRR {100 * (1 / (ranks + 1)).mean():.1f}"


def softmax(logits: np.ndarray) -> np.ndarray:
    """Normalises each row to probabilities."""
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def calibration_error(probabilities: np.ndarray, truth: np.ndarray, bins: int = 10) -> float:
    """Returns the expected calibration error: confidence against accuracy, by bins."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == truth
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    return sum(
        abs(confidence[which == b].mean() - right[which == b].mean()) * (which == b).mean() for b in np.unique(which)
    )


def classification(photos: list[Photo], images: np.ndarray, model: Model) -> list[str]:
    """Returns the accuracy, and the likelihood and calibration under several scales."""
    categories = sorted({photo.category for photo in photos if photo.category})
    chosen = [index for index, photo in enumerate(photos) if photo.category]
    truth = np.array([categories.index(photos[index].category) for index in chosen])
    cosines = images[chosen] @ model.texts([f"a photo of a {category}" for category in categories]).T
    accuracy = 100 * (cosines.argmax(1) == truth).mean()
    lines = [f"{len(chosen)} photos, {len(categories)} categories: accuracy {accuracy:.1f}"]

    def loss(scale: float) -> float:
        return float(-np.log(softmax(scale * cosines)[np.arange(len(truth)), truth]).mean())

    best = min(np.arange(1, 101, 0.5), key=loss)
    for scale in sorted({5.0, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0, float(best)}):
        error = calibration_error(softmax(scale * cosines), truth)
        mark = "  <- most likely" if scale == best else ""
        lines.append(f"  logit scale {scale:5.1f}: negative log-likelihood {loss(scale):.3f}, calibration error {error:.3f}{mark}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path, help="models/starter")
    parser.add_argument("photos", type=Path, help="demo/photos")
    parser.add_argument("captions", type=Path, help="demo/captions.tsv")
    arguments = parser.parse_args()

    lines = arguments.captions.read_text(encoding="utf-8").splitlines()
    photos = [Photo(*line.split("\t")) for line in lines]
    model = Model(arguments.bundle)
    images = model.images([arguments.photos / photo.file for photo in photos])
    print(retrieval(photos, images, model))
    print("\n".join(classification(photos, images, model)))


if __name__ == "__main__":
    main()
