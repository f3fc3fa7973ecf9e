#!/usr/bin/env python3
"""Makes full-size CLIP ViT-B/32 bundles with random weights; indexer model quantize makes
their int8 variants.

Speed does not depend on the values of the weights, so that nothing has to be
downloaded. A bundle has the hub's layout and the real tokenizer; what it says of a
picture means nothing.

    .venv/reference/bin/python scripts/bench/make_towers.py
    .venv/reference/bin/python scripts/bench/make_towers.py --side 256

write build/bench/vit-b32 and build/bench/vit-b32-256. The second sees pictures of 256
pixels, because rclip knows no other size; the same graphs, with inputs and outputs as
rclip names them, go to build/bench/rclip, a folder for RCLIP_DATADIR. The virtual
environment is that of scripts/reference (requirements-models.txt): PyTorch is needed
here and nowhere else.
"""

import argparse
import gzip
import json
import sys
from pathlib import Path

import onnx
import torch
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTextModelWithProjection, CLIPVisionModelWithProjection

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts" / "reference"))
import export_tiny  # noqa: E402  the same export, of another size

RCLIP_MODEL = "ViT-B-32-256-datacomp_s34b_b86k"
RCLIP_NOTICES = ("LICENSE", "OPENAI-CLIP-MIT.txt", "README.md", "THIRD_PARTY_NOTICES.md")


def write_bundle(folder: Path, side: int) -> None:
    """Writes a bundle in the hub's layout, and the same model for PyTorch beside it."""
    onnx_dir = folder / "onnx"
    onnx_dir.mkdir(parents=True, exist_ok=True)
    # The defaults of transformers are ViT-B/32.
    ids = dict(bos_token_id=0, eos_token_id=2, pad_token_id=1)
    config = CLIPConfig(text_config=ids, vision_config=dict(image_size=side), projection_dim=512, attn_implementation="eager")
    processor = CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
    weights = folder / "torch"
    CLIPModel(config).eval().save_pretrained(weights)
    text = CLIPTextModelWithProjection.from_pretrained(weights, attn_implementation="eager")
    vision = CLIPVisionModelWithProjection.from_pretrained(weights, attn_implementation="eager")
    towers = (("text_model", export_tiny.export_text(text)), ("vision_model", export_tiny.export_vision(vision, side=side)))
    for name, graph in towers:
        onnx.save(graph, onnx_dir / f"{name}.onnx")
    packed = export_tiny.TOKENS / "clip-tokenizer.json.gz"
    for target in (folder, weights):
        config.save_pretrained(target)
        processor.save_pretrained(target)
        (target / "tokenizer.json").write_bytes(gzip.decompress(packed.read_bytes()))


def renamed(graph: onnx.ModelProto, source: str, result: str) -> onnx.ModelProto:
    """Returns a graph with one input, "input", and one output, "output"."""
    names = {source: "input", result: "output"}
    for node in graph.graph.node:
        node.input[:] = [names.get(n, n) for n in node.input]
        node.output[:] = [names.get(n, n) for n in node.output]
    graph.graph.input[0].name = "input"
    kept = next(o for o in graph.graph.output if o.name == result)
    kept.name = "output"
    del graph.graph.output[:]
    graph.graph.output.append(kept)
    return graph


def write_rclip(bundle: Path, folder: Path) -> None:
    """Writes the graphs and the vocabulary of a bundle where rclip looks for them."""
    models, vocabulary = folder / RCLIP_MODEL, folder / "tokenizer" / "bpe_simple_vocab_16e6.txt.gz"
    models.mkdir(parents=True, exist_ok=True)
    vocabulary.parent.mkdir(exist_ok=True)
    for ours, theirs, source, result in (
        ("vision_model", "visual", "pixel_values", "image_embeds"), ("text_model", "textual", "input_ids", "text_embeds"),
    ):
        graph = onnx.load(bundle / "onnx" / f"{ours}.onnx")
        onnx.save(renamed(graph, source, result), models / f"{theirs}.onnx")
    merges = json.loads((bundle / "tokenizer.json").read_text("utf-8"))["model"]["merges"]
    lines = ["#version: 0.2"] + [m if isinstance(m, str) else " ".join(m) for m in merges]
    vocabulary.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    for name in RCLIP_NOTICES:  # it fetches what is missing
        (folder / name).write_text("Random weights, made by scripts/bench/make_towers.py.\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, choices=(224, 256), default=224, help="pixels of a side of what the model sees")
    args = parser.parse_args()
    torch.manual_seed(0)
    folder = ROOT / "build" / "bench" / ("vit-b32" if args.side == 224 else f"vit-b32-{args.side}")
    write_bundle(folder, args.side)
    if args.side == 256:
        write_rclip(folder, ROOT / "build" / "bench" / "rclip")
    for path in sorted((folder / "onnx").iterdir()):
        print(f"{path.stat().st_size / 1e6:7.1f} MB  {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
