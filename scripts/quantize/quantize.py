#!/usr/bin/env python3
"""Makes the int8 variant of a CLIP bundle out of its fp32 graphs.

    python3 -m venv .venv/quantize
    .venv/quantize/bin/pip install --require-hashes -r scripts/quantize/requirements.txt
    bin/indexer model quantize NAME --python .venv/quantize/bin/python

or, without indexer, scripts/quantize/quantize.py BUNDLE. It reads
onnx/{vision,text}_model.onnx and writes onnx/{vision,text}_model_int8.onnx beside them,
each put in place only when it is whole. indexer hands over an image tower that computes no
more than its embedding needs (--vision).

Dynamic quantisation: the weights of MatMul, Gemm and Gather become 8-bit integers with
one scale a channel, activations are quantised while the graph runs, with one scale a
tensor. It needs no calibration pictures, so that it cannot be calibrated on the wrong
ones; the price is that the scale, and so the embedding of a picture, would depend a
little on the pictures that share its batch. Sightline therefore gives such graphs one
picture a call. indexer model verify --against fp32 measures what is lost.

Weights have 7 bits. On x86 CPUs without VNNI the product of two bytes is added up in 16
bits, which eight would overflow.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

# ONNX Runtime reports over the network unless this is set before it is loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

TOWERS = ("vision_model", "text_model")
# Convolutions are left alone: CLIP has one, at its input, where rounding costs most.
OPERATORS = ["MatMul", "Gemm", "Gather"]


def quantize(source: Path, target: Path) -> None:
    """Writes the int8 variant of a graph."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".quantize-") as folder:
        made = Path(folder) / target.name
        quantize_dynamic(source, made, op_types_to_quantize=OPERATORS, per_channel=True, reduce_range=True,
                         weight_type=QuantType.QInt8)
        made.chmod(0o644)
        made.replace(target)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path, help="folder of the model")
    parser.add_argument("--force", action="store_true", help="replace an int8 variant that is there")
    parser.add_argument("--vision", type=Path, metavar="GRAPH", help="quantise GRAPH as the image tower")
    args = parser.parse_args()
    try:
        import onnxruntime.quantization  # noqa: F401
    except ImportError as err:
        print(f"{sys.executable} cannot quantise: {err}", file=sys.stderr)
        return 3
    folder = args.bundle / "onnx"
    if not folder.is_dir():
        folder = args.bundle
    for tower in TOWERS:
        source, target = folder / f"{tower}.onnx", folder / f"{tower}_int8.onnx"
        if not source.is_file():
            print(f"{source} is not there: only an fp32 model can be quantised", file=sys.stderr)
            return 1
        if target.exists() and not args.force:
            print(f"{target} is there already", file=sys.stderr)
            return 4
    for tower in TOWERS:
        source, target = folder / f"{tower}.onnx", folder / f"{tower}_int8.onnx"
        quantize(args.vision if args.vision and tower == "vision_model" else source, target)
        print(f"{target}: {target.stat().st_size / 1e6:.1f} MB of {source.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
