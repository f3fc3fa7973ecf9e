#!/usr/bin/env python3
"""Makes a full-size CLIP ViT-B/32 bundle with random weights, in fp32 and int8.

Speed does not depend on the values of the weights, so that nothing has to be
downloaded. The bundle has the hub's layout and the real tokenizer; what it says of a
picture means nothing.

    .venv/reference/bin/python scripts/bench/make_towers.py

writes build/bench/vit-b32. The virtual environment is that of scripts/reference
(requirements-models.txt): PyTorch is needed here and nowhere else.
"""

import argparse
import gzip
import sys
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTextModelWithProjection, CLIPVisionModelWithProjection

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts" / "reference"))
import export_tiny  # noqa: E402  the same export, of another size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench" / "vit-b32")
    args = parser.parse_args()
    onnx_dir = args.out / "onnx"
    onnx_dir.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)

    # The defaults of transformers are ViT-B/32.
    ids = dict(bos_token_id=0, eos_token_id=2, pad_token_id=1)
    config = CLIPConfig(text_config=ids, projection_dim=512, attn_implementation="eager")
    weights = args.out / "torch"
    CLIPModel(config).eval().save_pretrained(weights)
    text = CLIPTextModelWithProjection.from_pretrained(weights, attn_implementation="eager")
    vision = CLIPVisionModelWithProjection.from_pretrained(weights, attn_implementation="eager")
    for name, graph in (("text_model", export_tiny.export_text(text)), ("vision_model", export_tiny.export_vision(vision))):
        onnx.save(graph, onnx_dir / f"{name}.onnx")
        quantize_dynamic(
            onnx_dir / f"{name}.onnx", onnx_dir / f"{name}_int8.onnx",
            op_types_to_quantize=["MatMul", "Gemm", "Gather"], per_channel=True, weight_type=QuantType.QInt8,
        )
    config.save_pretrained(args.out)
    CLIPImageProcessor().save_pretrained(args.out)
    packed = export_tiny.TESTDATA / "tokens" / "clip-tokenizer.json.gz"
    (args.out / "tokenizer.json").write_bytes(gzip.decompress(packed.read_bytes()))
    for path in sorted(onnx_dir.iterdir()):
        print(f"{path.stat().st_size / 1e6:7.1f} MB  {path.relative_to(args.out)}")


if __name__ == "__main__":
    main()
