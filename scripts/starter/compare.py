"""Compares two bundles of the starter model.

Equal files are equal. Where a processor rounds differently, the graphs may differ in
the last bit of some scales: then both are run on the same random inputs, and their
outputs must agree within 1e-6.
"""

import argparse
import hashlib
import sys
from pathlib import Path

import numpy as np
import onnxruntime

TOLERANCE = 1e-6
VISION, TEXT = "onnx/vision_model_int8.onnx", "onnx/text_model_int8.onnx"


def digest(path: Path) -> str:
    """Returns the SHA-256 of a file in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def inputs_of(name: str) -> dict[str, np.ndarray]:
    """Returns a batch for a tower: the same at every run."""
    random = np.random.default_rng(1)
    if name == VISION:
        return {"pixel_values": random.standard_normal((4, 3, 224, 224)).astype(np.float32)}
    ids = random.integers(1000, 30000, (4, 16))
    return {"input_ids": ids, "attention_mask": np.ones_like(ids)}


def difference(name: str, one: Path, other: Path) -> float:
    """Returns the largest difference of the two graphs' outputs."""
    first, second = (onnxruntime.InferenceSession(root / name).run(None, inputs_of(name))[0] for root in (one, other))
    return float(np.abs(first - second).max())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("one", type=Path)
    parser.add_argument("other", type=Path)
    arguments = parser.parse_args()

    ok = True
    for name in (VISION, TEXT, "tokenizer.json"):
        hashes = [digest(root / name) for root in (arguments.one, arguments.other)]
        if hashes[0] == hashes[1]:
            print(f"{name}: the same file, SHA-256 {hashes[0]}")
        elif name.endswith(".onnx"):
            largest = difference(name, arguments.one, arguments.other)
            ok = ok and largest <= TOLERANCE
            print(f"{name}: other bytes, outputs differ by {largest:.2g} at most")
        else:
            ok = False
            print(f"{name}: differs")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
