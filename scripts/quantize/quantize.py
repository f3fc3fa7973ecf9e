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
one scale per channel, activations are quantised while the graph runs, with one scale a
tensor. It needs no calibration pictures, so that it cannot be calibrated on the wrong
ones; the price is that the scale, and so the embedding, would depend a little on what
shares its call. Sightline therefore gives such graphs one text per call. An image tower is
made for one picture and then looped over the pictures of a call, layer by layer
(layers.py), which is faster and has the same result. indexer model verify --against fp32
measures what is lost.

Before that an image tower is rewritten for speed, where it is recognised (tower.py):
queries, keys and values by one product, and the patches as the pixels of 8 bits that they
are. What is not recognised, or would change an embedding, stays as it is; a tower that fails
altogether is only quantised, and gets one picture a call.

Weights have 7 bits. On x86 CPUs without VNNI the product of two bytes is added up in 16
bits, which eight would overflow.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

# ONNX Runtime reports over the network unless this is set before it is loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

TOWERS = ("vision_model", "text_model")
# Gather looks up the embeddings of tokens. Convolutions are left alone: CLIP has one, at
# its input, which tower.py makes a product.
OPERATORS = ["MatMul", "Gemm", "Gather"]
# In an image tower Gather takes a token out of activations, which rounding would only harm.
VISION_OPERATORS = ["MatMul", "Gemm", "Attention"]

# The least cosine of two embeddings of the same picture: by graphs that differ in the order
# of additions at most; with patches of whole numbers, which should cost much less than the
# rest; and before and after quantisation, whose loss is the model's own affair.
SAME, ROUNDED_PATCHES, NEAR = 0.99999, 0.999, 0.9

# It makes products with their bias Gemm, which hides them.
UNWANTED = ["MatMulAddFusion"]

# Bytes of weights that a part of an image tower has at least: what looping over it costs is
# then nothing beside the part itself, and a layer of ViT-B, 7 MB, is still in the cache when
# the next picture comes.
PART = 4 << 20


class Unfit(Exception):
    """An image tower that is only quantised, and why."""


def quantize(source: Path, target: Path, operators: list[str]) -> None:
    """Writes the int8 variant of a graph."""
    from onnx import TensorProto
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # The type of what ONNX Runtime's own operators make, which ONNX does not know.
    options = {"DefaultTensorType": TensorProto.FLOAT}
    quantize_dynamic(source, target, op_types_to_quantize=operators, per_channel=True, reduce_range=True,
                     weight_type=QuantType.QInt8, extra_options=options)


def preprocessing(bundle: Path) -> tuple[int, int, list[float], list[float]]:
    """Returns the height, width, mean and deviation of what the image tower sees, as preprocessor_config.json has them."""
    config = json.loads((bundle / "preprocessor_config.json").read_text("utf-8"))
    size = config.get("crop_size") if config.get("do_center_crop", True) else None
    size = size or config["size"]
    if isinstance(size, dict):
        height, width = (size["height"], size["width"]) if "height" in size else (size["shortest_edge"],) * 2
    else:
        height = width = size
    mean, std = config["image_mean"], config["image_std"]
    if not config.get("do_normalize", True) or abs(config.get("rescale_factor", 1 / 255) * 255 - 1) > 1e-3:
        raise Unfit("its pixels are not normalised as usual")
    return int(height), int(width), [float(v) for v in mean], [float(v) for v in std]


def optimised(source: Path, target: Path, level: str) -> None:
    """Writes a graph as ONNX Runtime has optimised it; what it writes at these levels runs on every processor."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    options.optimized_model_filepath = str(target)
    options.log_severity_level = 3
    options.add_session_config_entry("session.disable_prepacking", "1")  # it never runs
    onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"], disabled_optimizers=UNWANTED)


def embed(graph: Path, output: str, pixels):
    """Returns the normalised embeddings of pictures."""
    import numpy as np
    import onnxruntime

    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    out = session.run([output], {session.get_inputs()[0].name: pixels})[0].astype(np.float64)
    return out / np.linalg.norm(out, axis=-1, keepdims=True)


def cosine(got, want) -> float:
    """Returns the least cosine of two sets of embeddings."""
    return float((got * want).sum(axis=-1).min())


def expect(cosine: float, least: float, what: str) -> None:
    if not cosine >= least:  # NaN is not
        raise Unfit(f"{what} has another embedding: cosine {cosine:.6f}")


def quantize_vision(source: Path, target: Path, bundle: Path, part: int, folder: Path) -> None:
    """Writes the int8 variant of an image tower for any number of pictures a call, with temporary files in folder."""
    import layers
    import numpy as np
    import onnx
    import tower

    height, width, mean, std = preprocessing(bundle)
    model = onnx.load(source)
    pixels, embeds = model.graph.input[0], next((o for o in model.graph.output if o.name == "image_embeds"), model.graph.output[0])
    if len(model.graph.input) != 1 or pixels.type.tensor_type.elem_type != onnx.TensorProto.FLOAT:
        raise Unfit("it takes more than pixels, or none in fp32")
    shape = pixels.type.tensor_type.shape.dim
    if len(shape) != 4 or shape[0].dim_value or len(embeds.type.tensor_type.shape.dim) != 2:
        raise Unfit("it has a fixed batch, or no embedding for each picture")
    batch = shape[0].dim_param
    for dim, value in zip(shape, (1, len(mean), height, width), strict=True):
        dim.dim_value = value
    embeds.type.tensor_type.shape.dim[0].dim_value = 1
    kept = onnx.ValueInfoProto()
    kept.CopyFrom(embeds)
    del model.graph.output[:]
    model.graph.output.append(kept)
    del model.graph.value_info[:]  # shapes of other batches
    alone, plain, fused, trial, small, fast = (folder / f"{n}.onnx" for n in ("alone", "plain", "fused", "trial", "small", "fast"))
    onnx.save(model, alone)
    optimised(alone, plain, "ORT_ENABLE_BASIC")  # all shapes are constants now

    # Pictures that the tower could be given: smooth shades and grain, in whole values of 8 bits.
    rng = np.random.default_rng(1)
    corner, right, bottom = rng.uniform(0, 255, (3, 3, len(mean), 1, 1))
    down, across = np.linspace(0, 1, height)[:, None], np.linspace(0, 1, width)
    shades = corner + (right - corner) * across + (bottom - corner) * down
    grey = np.clip(np.round(shades + rng.normal(0, 25, shades.shape)), 0, 255)
    spread = [np.array(v).reshape(1, -1, 1, 1) for v in (mean, std)]
    pictures = ((grey / 255 - spread[0]) / spread[1]).astype(np.float32)

    exact = np.concatenate([embed(plain, kept.name, p[None]) for p in pictures])

    def attempt(rewrite, *facts, least: float) -> None:
        """Rewrites the graph at fused, unless that changes what it embeds pictures as."""
        model = onnx.load(fused)
        if not any(o.domain == tower.MICROSOFT for o in model.opset_import):
            model.opset_import.append(onnx.helper.make_opsetid(tower.MICROSOFT, 1))
        if rewrite(tower.Graph(model), *facts):
            onnx.save(model, trial)
            if cosine(np.concatenate([embed(trial, kept.name, p[None]) for p in pictures]), exact) >= least:
                trial.replace(fused)

    plain.replace(fused)
    attempt(tower.fuse_attention, least=SAME)
    attempt(tower.fold_quick_gelu, least=SAME)
    attempt(tower.add_positions_by_sum, least=SAME)
    attempt(tower.quantize_patches, mean, std, least=ROUNDED_PATCHES)
    quantize(fused, small, VISION_OPERATORS)
    optimised(small, fast, "ORT_ENABLE_EXTENDED")
    rounded = np.concatenate([embed(fast, kept.name, p[None]) for p in pictures])
    expect(cosine(rounded, exact), NEAR, "the quantised graph")
    onnx.save(layers.for_each(onnx.load(fast), batch or "batch", part), target)
    expect(cosine(embed(target, kept.name, pictures), rounded), SAME, "the graph of many pictures")


def make(tower: str, source: Path, target: Path, bundle: Path, part: int) -> str:
    """Makes a tower's int8 variant, and says why an image tower is only quantised, if it is."""
    why = ""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".quantize-") as folder:
        made = Path(folder) / target.name
        if tower == "vision_model":
            try:
                quantize_vision(source, made, bundle, part, Path(folder))
            except Exception as err:  # of whatever kind: the plain way asks for less
                why = f" (one picture a call: {err})".replace("\n", " ")
                quantize(source, made, ["MatMul", "Gemm"])
        else:
            quantize(source, made, OPERATORS)
        made.chmod(0o644)
        made.replace(target)
    return why


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path, help="folder of the model")
    parser.add_argument("--force", action="store_true", help="replace an int8 variant that is there")
    parser.add_argument("--vision", type=Path, metavar="GRAPH", help="quantise GRAPH as the image tower")
    parser.add_argument("--part", type=int, metavar="BYTES", default=PART,
                        help="cut the image tower into parts with at least so many bytes of weights (default %(default)s)")
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
        why = make(tower, args.vision if args.vision and tower == "vision_model" else source, target, args.bundle, args.part)
        print(f"{target}: {target.stat().st_size / 1e6:.1f} MB of {source.stat().st_size / 1e6:.1f} MB{why}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
