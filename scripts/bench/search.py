#!/usr/bin/env python3
"""Searches one file of a million vectors with Sightline, numpy, FAISS, sqlite-vec and Milvus, in turn.

The vectors, 1,000,000 x 512 near 1,000 directions, are those of an index that the Go
benchmark makes once under build/bench/index (2.6 GB). Every program gets one query,
16 and 1,000 at a time and returns the ten best of each. They take turns in each round,
so that a busy machine disturbs all of them; the ratios are medians over the rounds.

    .venv/bench-search/bin/python scripts/bench/search.py

make bench makes that environment and runs this last.

One core, and sqlite-vec, which uses no more: taskset -c 0 .venv/bench-search/bin/python
scripts/bench/search.py --rows 200000 --sqlite. Milvus: scripts/milvus start standalone, and
--rows 200000 --milvus 127.0.0.1:29530.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import apsw
import faiss
import numpy as np
import sqlite_vec
from pymilvus import DataType, MilvusClient

ROOT = Path(__file__).resolve().parents[2]
HEADER, DIM, K = 4096, 512, 10
QUERIES = (1, 16, 1000)
# What Milvus builds and how it searches: its exact index, and the graph with Sightline's own settings.
MILVUS = {
    "FLAT": ({}, {}),
    "HNSW": ({"M": 16, "efConstruction": 200}, {"ef": 64}),
}


def sightline(binary: Path, index: Path, rows: int, times: int) -> dict[str, float]:
    """Runs the Go benchmark and returns seconds a search, by "queries" and "exact/queries"."""
    env = dict(os.environ, SIGHTLINE_BENCH_DIR=str(index), SIGHTLINE_BENCH_ROWS=str(rows))
    out = subprocess.run(
        [binary, "-test.run", "^$", "-test.bench", "Million", "-test.benchtime", f"{times}x", "-test.timeout", "60m"],
        cwd=ROOT / "internal/e2e", env=env, check=True, capture_output=True, text=True).stdout
    found = re.findall(r"exact=(true|false)/(\d+)\S*\s+\d+\s+(\d+) ns/op", out)
    return {("exact/" if exact == "true" else "") + queries: int(ns) / 1e9 for exact, queries, ns in found}


def timed(f, times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        f()
    return (time.perf_counter() - start) / times


def numpy_search(vectors: np.ndarray, queries: np.ndarray) -> None:
    for q in queries:
        scores = vectors @ q
        best = np.argpartition(scores, -K)[-K:]
        best[np.argsort(-scores[best])]


def fill_sqlite(path: Path, vectors: np.ndarray) -> apsw.Connection:
    """Returns a database with a vec0 table of the vectors, which it makes once."""
    db = apsw.Connection(str(path))  # Python's own sqlite3 is often built without extensions
    db.enable_load_extension(True)
    db.load_extension(sqlite_vec.loadable_path())
    db.enable_load_extension(False)
    db.execute("pragma cache_size = -4000000")  # as much as there is: the file cache alone costs copies
    if not db.execute("select count(*) from sqlite_master where name = 'pictures'").fetchone()[0]:
        with db:  # the table is there when all of its rows are
            db.execute(f"create virtual table pictures using vec0(embedding float[{DIM}] distance_metric=cosine)")
            db.executemany("insert into pictures(rowid, embedding) values (?, ?)", ((i, v.tobytes()) for i, v in enumerate(vectors)))
    return db


def sqlite_search(db: apsw.Connection, query: np.ndarray) -> list:
    return db.execute("select rowid, distance from pictures where embedding match ? and k = ?", (query.tobytes(), K)).fetchall()


def fill_milvus(client: MilvusClient, kind: str, vectors: np.ndarray) -> str:
    """Returns a loaded collection of the vectors, which it makes once."""
    name = f"bench_{kind.lower()}_{len(vectors)}"
    if not client.has_collection(name) or client.query(name, output_fields=["count(*)"])[0]["count(*)"] != len(vectors):
        client.drop_collection(name)
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=DIM)
        index = client.prepare_index_params()
        index.add_index("embedding", index_type=kind, metric_type="COSINE", params=MILVUS[kind][0])
        client.create_collection(name, schema=schema, consistency_level="Strong")
        for start in range(0, len(vectors), 5000):
            rows = vectors[start:start + 5000]
            client.insert(name, [{"id": start + i, "embedding": v} for i, v in enumerate(rows)])
        client.flush(name)
        client.create_index(name, index)
        client.load_collection(name)
    return name


def milvus_search(client: MilvusClient, collection: str, kind: str, queries: np.ndarray) -> list:
    return client.search(collection, data=list(queries), limit=K, search_params={"metric_type": "COSINE", "params": MILVUS[kind][1]})


def recall(client: MilvusClient, collection: str, kind: str, vectors: np.ndarray, queries: np.ndarray) -> float:
    """Returns the share of the ten nearest by numpy that Milvus finds."""
    found = 0
    for q, hits in zip(queries, milvus_search(client, collection, kind, queries)):
        found += len(set(np.argsort(-(vectors @ q))[:K].tolist()) & {hit["id"] for hit in hits})
    return found / (K * len(queries))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sqlite", action="store_true", help="also sqlite-vec, one query at a time on one core (another 2 GB)")
    parser.add_argument("--milvus", metavar="HOST:PORT", help="also a Milvus there, FLAT and HNSW")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    args = parser.parse_args()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    faiss.omp_set_num_threads(cores)

    build = ROOT / "build" / "bench"
    build.mkdir(parents=True, exist_ok=True)
    binary, index = build / "e2e.test", build / "index"
    subprocess.run(["go", "test", "-tags", "nodynamic", "-c", "-o", binary, "./internal/e2e"], cwd=ROOT, check=True)
    sightline(binary, index, args.rows, 1)  # makes the index

    path = next((index / f"n{args.rows}").glob("vectors-*.f32"))
    vectors = np.memmap(path, dtype="<f4", mode="r", offset=HEADER, shape=(args.rows, DIM))
    flat = faiss.IndexFlatIP(DIM)
    flat.add(vectors)
    rng = np.random.default_rng(1)
    queries = np.array(vectors[rng.integers(0, args.rows, max(QUERIES))]) + 0.04 * rng.standard_normal((max(QUERIES), DIM), dtype=np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)

    db = fill_sqlite(build / f"vec-{args.rows}.db", vectors) if args.sqlite else None
    client = MilvusClient(uri=f"http://{args.milvus}") if args.milvus else None
    collections = {kind: fill_milvus(client, kind, vectors) for kind in MILVUS} if client else {}

    rounds: list[dict[str, float]] = []
    for r in range(args.rounds):
        figures = {f"sightline {k}": v for k, v in sightline(binary, index, args.rows, 3).items()}
        figures["numpy 1"] = timed(lambda: numpy_search(vectors, queries[:1]), 3)
        for n in QUERIES:
            figures[f"faiss {n}"] = timed(lambda: flat.search(queries[:n], K), 1 if n > 100 else 3)
        if db:
            figures["sqlite-vec 1"] = timed(lambda: sqlite_search(db, queries[0]), 3)
        for kind, collection in collections.items():
            for n in QUERIES:
                figures[f"milvus {kind} {n}"] = timed(lambda: milvus_search(client, collection, kind, queries[:n]), 1 if n > 100 else 10)
        rounds.append(figures)
        print(f"round {r + 1}: " + ", ".join(f"{k} {1000 * v:.0f} ms" for k, v in figures.items()), file=sys.stderr)

    def median(name: str) -> float:
        return statistics.median(f[name] for f in rounds)

    def ratio(name: str, other: str) -> float:
        return statistics.median(f[name] / f[other] for f in rounds)

    print(f"{args.rows} x {DIM}, {cores} cores, medians of {args.rounds} rounds, milliseconds a call")
    print("| queries | Sightline | float32 alone | numpy | FAISS IndexFlatIP | Sightline / numpy | Sightline / FAISS |")
    print("|---|---|---|---|---|---|---|")
    for n in QUERIES:
        exact = f"{1000 * median(f'sightline exact/{n}'):.0f}" if f"sightline exact/{n}" in rounds[0] else ""
        plain = f"{1000 * median('numpy 1'):.0f}" if n == 1 else ""
        against = f"{ratio('sightline 1', 'numpy 1'):.2f}" if n == 1 else ""
        print(f"| {n} | {1000 * median(f'sightline {n}'):.0f} | {exact} | {plain} | {1000 * median(f'faiss {n}'):.0f} "
              f"| {against} | {ratio(f'sightline {n}', f'faiss {n}'):.2f} |")
    if db:
        print(f"\nsqlite-vec, one query: {1000 * median('sqlite-vec 1'):.0f} ms; Sightline / sqlite-vec {ratio('sightline 1', 'sqlite-vec 1'):.3f}")
    if collections:
        print("\n| Milvus | 1 query | 16 | 1000 | Sightline / it, 1 | 16 | 1000 | recall@10 |\n|---|---|---|---|---|---|---|---|")
        for kind, collection in collections.items():
            times = [f"{1000 * median(f'milvus {kind} {n}'):.1f}" for n in QUERIES]
            ratios = [f"{ratio(f'sightline {n}', f'milvus {kind} {n}'):.2f}" for n in QUERIES]
            found = recall(client, collection, kind, vectors, queries[:100])
            print(f"| {' | '.join([kind, *times, *ratios])} | {found:.3f} |")
    if args.json:
        args.json.write_text(json.dumps(rounds, indent=1))


if __name__ == "__main__":
    main()
