#!/usr/bin/env python3
"""Embeds the pictures of a folder with PyTorch and prints how many.

With transformers a DataLoader decodes and prepares ahead in one process a core, and
batches of 16 go through the image tower; with sentence-transformers, encode is called
as its documentation shows, on opened pictures, 128 at a time. Neither keeps an index.
"""

import argparse
import os
from pathlib import Path

import torch
from PIL import Image

BATCH = 16


class Pictures(torch.utils.data.Dataset):
    """The prepared pictures of a folder."""

    def __init__(self, paths: list[Path], model: Path) -> None:
        from transformers import CLIPImageProcessor

        self.paths = paths
        self.processor = CLIPImageProcessor.from_pretrained(model)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, i: int) -> torch.Tensor:
        with Image.open(self.paths[i]) as img:
            return self.processor(img.convert("RGB"), return_tensors="pt")["pixel_values"][0]


def with_transformers(paths: list[Path], model: Path, dtype: torch.dtype) -> int:
    from transformers import CLIPVisionModelWithProjection

    tower = CLIPVisionModelWithProjection.from_pretrained(model, torch_dtype=dtype).eval()
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    done = 0
    with torch.inference_mode():
        for pixels in torch.utils.data.DataLoader(Pictures(paths, model), batch_size=BATCH, num_workers=workers):
            done += len(torch.nn.functional.normalize(tower(pixels.to(dtype)).image_embeds.float(), dim=-1))
    return done


def with_sentence_transformers(paths: list[Path], model: Path) -> int:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import CLIPModel

    tower = SentenceTransformer(modules=[CLIPModel(str(model))], device="cpu")
    done = 0
    for start in range(0, len(paths), 128):
        pictures = [Image.open(p).convert("RGB") for p in paths[start : start + 128]]
        done += len(tower.encode(pictures, batch_size=BATCH, show_progress_bar=False, normalize_embeddings=True))
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--library", choices=("transformers", "sentence-transformers"), default="transformers")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    args = parser.parse_args()
    paths = sorted(p for p in args.photos.rglob("*") if p.is_file())
    if args.library == "transformers":
        print(with_transformers(paths, args.model, getattr(torch, args.dtype)))
    else:
        print(with_sentence_transformers(paths, args.model))


if __name__ == "__main__":
    main()
