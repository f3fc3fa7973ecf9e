#!/usr/bin/env python3
"""Measures a whole index run against ONNX Runtime alone on the same graph and cores.

The files are the demo photos, each several times with a few bytes behind its end: the
pixels are the same, the content is new, so that no embedding is reused. A run reads,
decodes, resizes, embeds and stores them. ONNX Runtime alone gets as many tensors that
lie ready in memory, in the way that is fastest here: one call a core, one thread a call.
Both are run in turn, and the ratio of their medians is printed.

    make build photos
    python3 -m venv .venv/bench
    .venv/bench/bin/pip install --require-hashes -r scripts/bench/requirements.txt
    .venv/bench/bin/python scripts/bench/throughput.py
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort

ROOT = Path(__file__).resolve().parents[2]


def make_photos(target: Path, copies: int) -> int:
    """Writes the copies of the demo photos and returns how many there are."""
    photos = sorted(p for p in (ROOT / "demo/photos").rglob("*") if p.is_file())
    for copy in range(copies):
        for i, photo in enumerate(photos):
            path = target / str(copy) / f"{i:04d}{photo.suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(photo.read_bytes() + f"copy {copy}".encode())
    return copies * len(photos)


def index_run(photos: Path) -> dict:
    """Indexes everything into a new index and returns the report."""
    with tempfile.TemporaryDirectory() as db:
        out = subprocess.run(
            [ROOT / "bin/indexer", "run", photos, "--db", db, "--model", ROOT / "models/starter", "--json", "--progress", "none"],
            check=True, capture_output=True, text=True).stdout
    return json.loads(out.splitlines()[-1])


def runtime_alone(images: int, batch: int, workers: int) -> float:
    """Embeds as many random pictures and returns the seconds."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = ort.InferenceSession(ROOT / "models/starter/onnx/vision_model_int8.onnx", options)
    pixels = np.random.default_rng(1).standard_normal((batch, 3, 224, 224), dtype=np.float32)
    session.run(None, {"pixel_values": pixels})
    lock, left = threading.Lock(), [images // batch]

    def work() -> None:
        while True:
            with lock:
                if left[0] == 0:
                    return
                left[0] -= 1
            session.run(None, {"pixel_values": pixels})

    threads = [threading.Thread(target=work) for _ in range(workers)]
    start = time.perf_counter()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return (time.perf_counter() - start) * images / (images // batch * batch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--copies", type=int, default=4, help="of each demo photo")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    photos = Path(tempfile.mkdtemp(prefix="sightline-bench"))
    try:
        n = make_photos(photos, args.copies)
        ours, alone, busy = [], [], []
        for _ in range(args.runs):
            report = index_run(photos)
            assert report["embedded"] == n, report
            ours.append(n / report["seconds"])
            busy.append(sum(report["core_seconds"].values()) / report["seconds"] / cores)
            alone.append(n / runtime_alone(n, 8, cores))
        print(f"{n} pictures, {cores} cores, medians of {args.runs} runs in turn")
        print(f"index run            {statistics.median(ours):7.1f} pictures/s   cores busy in the stages {100 * statistics.median(busy):.0f} %")
        print(f"ONNX Runtime alone   {statistics.median(alone):7.1f} pictures/s")
        print(f"ratio                {statistics.median(a / b for a, b in zip(ours, alone)):7.2f}")
        print("core-seconds of the last run:", {k: round(v, 2) for k, v in report["core_seconds"].items()})
    finally:
        shutil.rmtree(photos)


if __name__ == "__main__":
    main()
