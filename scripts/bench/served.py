#!/usr/bin/env python3
"""Times `search TEXT` from the shell to the hits, answered by a running server.

It fills an index with 100,000 synthetic pictures, starts `search serve` over it with a
home folder of its own, and calls the program in turn with a text that the server knows,
with a new one, and with --version, which is what starting the program takes.

    make build
    python3 scripts/bench/served.py
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SEARCH = ROOT / "bin" / "search"


def milliseconds(command: list, env: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run([str(a) for a in command], env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=60)
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as name:
        db, env = Path(name, "db"), dict(os.environ, HOME=name)
        env.pop("XDG_RUNTIME_DIR", None)
        fill = ["go", "run", "-tags", "nodynamic", "./scripts/reference/serveload", "--db", db, "--fill", arguments.pictures]
        # go run leaves its program elsewhere, where it does not find the library.
        library = next((ROOT / "lib").glob("libonnxruntime.*"))
        subprocess.run([str(a) for a in fill], cwd=ROOT, env=dict(os.environ, SIGHTLINE_ONNXRUNTIME_LIB=str(library)), check=True)
        server = subprocess.Popen([SEARCH, "serve", "--db", db, "--listen", "127.0.0.1:0"], env=env, stdout=subprocess.PIPE, text=True)
        try:
            server.stdout.readline()  # its address: it listens
            known = [SEARCH, "dog", "--db", db]
            milliseconds(known, env)  # the server's first answer
            times: dict[str, list[float]] = {"a known text": [], "a new text": [], "--version": []}
            for i in range(arguments.rounds):
                times["a known text"].append(milliseconds(known, env))
                times["a new text"].append(milliseconds([SEARCH, f"a dog, number {i}, on a beach", "--db", db], env))
                times["--version"].append(milliseconds([SEARCH, "--version"], env))
        finally:
            server.terminate()
            server.wait()
    for what, each in times.items():
        print(f"{what}: median {statistics.median(each):.1f} ms, least {min(each):.1f} ms")


if __name__ == "__main__":
    main()
