#!/usr/bin/env python3
"""Embeds the pictures of a folder with fastembed and prints how many.

fastembed knows models by name only, but takes the files of a known one from a folder:
it gets the benchmark's graph and preprocessor_config.json as those of its CLIP model.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from fastembed import ImageEmbedding

photos, model = Path(sys.argv[1]), Path(sys.argv[2])
with tempfile.TemporaryDirectory() as folder:
    (Path(folder) / "model.onnx").symlink_to((model / "onnx" / "vision_model.onnx").resolve())
    shutil.copy(model / "preprocessor_config.json", folder)
    tower = ImageEmbedding("Qdrant/clip-ViT-B-32-vision", specific_model_path=folder)
    paths = sorted(str(p) for p in photos.rglob("*") if p.is_file())
    print(sum(1 for _ in tower.embed(paths, batch_size=16)))
