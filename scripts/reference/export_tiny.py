#!/usr/bin/env python3
"""Exports a tiny CLIP with random weights to ONNX, in the hub's layout.

The architecture, the files and the names are those of a real export; only the
sizes are small, so that a test of the whole path from a file to an embedding costs
milliseconds and the bundle fits into the repository. The tokenizer is the real one
(all 49,408 tokens), which is not copied: tests unpack it beside the graphs.

    python3 -m venv .venv/reference
    .venv/reference/bin/pip install --require-hashes -r scripts/reference/requirements-models.txt
    .venv/reference/bin/python scripts/reference/export_tiny.py

writes internal/clip/testdata/: tiny-clip (fp32, fp16 and quantized), and on top of
it tiny-clip-mask (the text graph also takes attention_mask) and tiny-clip-fixed
(int32 ids, one text of 77 tokens or one picture a call). The weights of the model
itself go to .cache/tiny-clip-torch, where embeddings.py finds them.

The graphs are stored gzipped. Their weights lie on a grid of 15 values (of 3 in the
token embedding), so that this takes a tenth of the space.
"""

import argparse
import gzip
import io
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.float16 import convert_float_to_float16
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPTextModelWithProjection,
    CLIPTokenizerFast,
    CLIPVisionModelWithProjection,
)

ROOT = Path(__file__).resolve().parents[2]
TESTDATA = ROOT / "internal" / "clip" / "testdata"
TOKENS = ROOT / "internal" / "clip" / "tokenizer" / "testdata" / "tokens"
WEIGHTS = ROOT / ".cache" / "tiny-clip-torch"
CONTEXT = 77
SIDE = 224
DIM = 24


def tiny_model() -> CLIPModel:
    """The architecture of ViT-B/32 with two small layers in each tower."""
    text = dict(
        vocab_size=49408, hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=CONTEXT, hidden_act="quick_gelu",
        projection_dim=DIM, bos_token_id=0, eos_token_id=2, pad_token_id=1,  # as in OpenAI's configs on the hub
    )
    vision = dict(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        image_size=SIDE, patch_size=32, hidden_act="quick_gelu", projection_dim=DIM,
    )
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=DIM, attn_implementation="eager")
    model = CLIPModel(config).eval()
    spread_weights(model)
    return model


def spread_weights(model: CLIPModel) -> None:
    """Draws weights large enough that different inputs get clearly different embeddings.

    The usual start of training would give nearly one embedding for everything, and a
    comparison of such embeddings could not fail.
    """
    rng = np.random.default_rng(20210226)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            if "norm" in name or name == "logit_scale":
                continue
            if name.endswith("bias"):
                scale = 0.1
            elif "embedding" in name and "patch" not in name:
                scale = 1.0
            else:
                scale = 1.6 / np.sqrt(weight[0].numel())
            grid = np.clip(np.round(rng.standard_normal(tuple(weight.shape)) * 3), -7, 7) / 3
            if "token_embedding" in name:  # nearly all of the bytes: three values will do
                grid = np.sign(np.trunc(grid * 1.5))
            weight.copy_(torch.from_numpy((grid * scale).astype(np.float32)))


class TextTower(torch.nn.Module):
    """The text half with the order of outputs that the hub's exports have."""

    def __init__(self, model: CLIPTextModelWithProjection, masked: bool) -> None:
        super().__init__()
        self.model = model
        self.masked = masked

    def forward(self, input_ids, attention_mask=None):
        out = self.model(input_ids=input_ids, attention_mask=attention_mask if self.masked else None)
        return out.text_embeds, out.last_hidden_state


class VisionTower(torch.nn.Module):
    def __init__(self, model: CLIPVisionModelWithProjection) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixel_values):
        out = self.model(pixel_values=pixel_values)
        return out.image_embeds, out.last_hidden_state


def export(tower, inputs: dict[str, torch.Tensor], outputs: list[str], axes: dict | None) -> onnx.ModelProto:
    buffer = io.BytesIO()
    torch.onnx.export(
        tower.eval(), tuple(inputs.values()), buffer, opset_version=14, dynamo=False,
        input_names=list(inputs), output_names=outputs, dynamic_axes=axes,
    )
    model = onnx.load_from_string(buffer.getvalue())
    onnx.checker.check_model(model)
    return model


def export_text(model, *, masked=False, fixed=False) -> onnx.ModelProto:
    inputs = {"input_ids": torch.full((1 if fixed else 2, CONTEXT), 49407, dtype=torch.int32 if fixed else torch.int64)}
    if masked:
        inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    axes = None
    if not fixed:
        axes = {name: {0: "text_batch_size", 1: "sequence_length"} for name in inputs}
        axes |= {"text_embeds": {0: "text_batch_size"}, "last_hidden_state": {0: "text_batch_size", 1: "sequence_length"}}
    return export(TextTower(model, masked), inputs, ["text_embeds", "last_hidden_state"], axes)


def export_vision(model, *, fixed=False, side=SIDE) -> onnx.ModelProto:
    inputs = {"pixel_values": torch.zeros(1 if fixed else 2, 3, side, side)}
    axes = None
    if not fixed:
        axes = {
            "pixel_values": {0: "image_batch_size", 1: "num_channels", 2: "height", 3: "width"},
            "image_embeds": {0: "image_batch_size"},
            "last_hidden_state": {0: "image_batch_size"},
        }
    return export(VisionTower(model), inputs, ["image_embeds", "last_hidden_state"], axes)


def quantized(model: onnx.ModelProto) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as tmp:
        source, target = Path(tmp, "in.onnx"), Path(tmp, "out.onnx")
        onnx.save(model, source)
        quantize_dynamic(source, target, weight_type=QuantType.QUInt8)
        return onnx.load(target)


def half(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return convert_float_to_float16(copy, keep_io_types=True)


def save(model: onnx.ModelProto, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(model.SerializeToString(deterministic=True), 9, mtime=0))


def write_configs(model: CLIPModel, tokenizer: CLIPTokenizerFast, folder: Path) -> None:
    """Writes the JSON files as transformers does, but for the tokenizer itself."""
    model.config.save_pretrained(folder)
    CLIPImageProcessor().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for name in ("tokenizer.json", "vocab.json", "merges.txt"):
        (folder / name).unlink(missing_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", type=Path, default=TOKENS / "clip-tokenizer.json.gz")
    args = parser.parse_args()

    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = tiny_model()
    shutil.rmtree(WEIGHTS, ignore_errors=True)
    model.save_pretrained(WEIGHTS)
    packed = args.tokenizer.read_bytes()
    (WEIGHTS / "tokenizer.json").write_bytes(gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed)
    tokenizer = CLIPTokenizerFast(tokenizer_file=str(WEIGHTS / "tokenizer.json"), model_max_length=CONTEXT)
    text = CLIPTextModelWithProjection.from_pretrained(WEIGHTS, attn_implementation="eager")
    vision = CLIPVisionModelWithProjection.from_pretrained(WEIGHTS, attn_implementation="eager")

    for name in ("tiny-clip", "tiny-clip-mask", "tiny-clip-fixed"):
        shutil.rmtree(TESTDATA / name, ignore_errors=True)
    base = TESTDATA / "tiny-clip"
    for tower, exported in (("vision_model", export_vision(vision)), ("text_model", export_text(text))):
        save(exported, base / "onnx" / f"{tower}.onnx.gz")
        save(half(exported), base / "onnx" / f"{tower}_fp16.onnx.gz")
        save(quantized(exported), base / "onnx" / f"{tower}_quantized.onnx.gz")
    save(export_text(text, masked=True), TESTDATA / "tiny-clip-mask" / "onnx" / "text_model.onnx.gz")
    save(export_text(text, fixed=True), TESTDATA / "tiny-clip-fixed" / "onnx" / "text_model.onnx.gz")
    save(export_vision(vision, fixed=True), TESTDATA / "tiny-clip-fixed" / "onnx" / "vision_model.onnx.gz")

    write_configs(model, tokenizer, base)
    tokenizer.save_pretrained(WEIGHTS)
    CLIPImageProcessor().save_pretrained(WEIGHTS)
    for path in sorted(TESTDATA.glob("tiny-clip*/**/*")):
        if path.is_file():
            print(f"{path.stat().st_size:9d} {path.relative_to(ROOT)}")
    print(json.dumps({"parameters": sum(p.numel() for p in model.parameters())}))


if __name__ == "__main__":
    main()
