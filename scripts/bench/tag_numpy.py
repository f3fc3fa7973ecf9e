#!/usr/bin/env python3
"""Measures choosing the best labels of pictures against numpy, on the same cores.

numpy multiplies blocks of pictures with 1,000 labels in float32 and takes the top five
with argpartition. Sightline's benchmark does the same and sets each label against the
bank of concepts besides. Both are run in turn, and the ratio of their medians is
printed. Other work on the machine makes the figures meaningless.

    .venv/bench/bin/python scripts/bench/tag_numpy.py
"""
import argparse
import os
import re
import statistics
import subprocess
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
DIM, LABELS, TOP, BLOCK = 512, 1000, 5, 4096


def unit(rng: np.random.Generator, rows: int) -> np.ndarray:
    """Returns random rows of length one."""
    matrix = rng.standard_normal((rows, DIM), dtype=np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def best(pictures: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Returns the places of the best labels of each picture, best first."""
    out = np.empty((len(pictures), TOP), np.int64)
    for start in range(0, len(pictures), BLOCK):
        cosines = pictures[start : start + BLOCK] @ labels.T
        top = np.argpartition(cosines, LABELS - TOP, axis=1)[:, -TOP:]
        order = np.argsort(-np.take_along_axis(cosines, top, 1), 1)
        out[start : start + BLOCK] = np.take_along_axis(top, order, 1)
    return out


def sightline(pictures: int) -> float:
    """Returns how many pictures a second the Go benchmark labels, of so many."""
    command = ["go", "test", "-run", "^$", "-bench", "^BenchmarkBest$", "-benchtime", "1x", "./internal/zeroshot"]
    environment = os.environ | {"SIGHTLINE_BENCH_ROWS": str(pictures)}
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, env=environment).stdout
    found = re.search(r"([\d.e+]+) pictures/s", output)
    if not found:
        raise SystemExit(f"the benchmark printed no figure:\n{output}")
    return float(found[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()

    rng = np.random.default_rng(1)
    pictures, labels = unit(rng, arguments.pictures), unit(rng, LABELS)
    ours, theirs = [], []
    for _ in range(arguments.rounds):
        begun = time.perf_counter()
        best(pictures, labels)
        theirs.append(arguments.pictures / (time.perf_counter() - begun))
        ours.append(sightline(arguments.pictures))
    numpy_rate, our_rate = statistics.median(theirs), statistics.median(ours)
    print(f"{LABELS} labels of {DIM} values, top {TOP}, {os.cpu_count()} cores, numpy {np.__version__}")
    print(f"numpy      {numpy_rate:9.0f} pictures/s, {1e6 / numpy_rate:6.1f} s for 1,000,000")
    print(f"sightline  {our_rate:9.0f} pictures/s, {1e6 / our_rate:6.1f} s for 1,000,000")
    print(f"ratio of times {numpy_rate / our_rate:.2f}")


if __name__ == "__main__":
    main()
