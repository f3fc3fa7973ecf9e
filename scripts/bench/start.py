#!/usr/bin/env python3
"""Times `search "text"` from the shell to the results, beside rclip, in turn.

Every run is a process of its own, file cache warm: over the demo photos for Sightline in
fp32 and int8 and for rclip, and over a million pictures for Sightline. The million is the
index of search.py under other names: its vectors are random, and its catalogue says that
they are of the model, so that times are real and hits are not. Run search.py and
bench.sh --quick before, which make what this needs, then

    .venv/reference/bin/python scripts/bench/start.py
"""

import argparse
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"
MODEL = BUILD / "vit-b32-256"
INDEXER, SEARCH = ROOT / "bin" / "indexer", ROOT / "bin" / "search"
RCLIP = [ROOT / ".venv" / "bench-rclip" / "bin" / "python", "-c", "from rclip.main import main; main()"]
WORDS = "red green small old wooden bright quiet wet empty round".split(), "dog boat street flower table".split()


def env(work: Path) -> dict[str, str]:
    return dict(os.environ, XDG_CACHE_HOME=str(work / "cache"), RCLIP_DATADIR=str(work / "rclip"),
                HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")


def timed(command: list, work: Path, cwd: Path) -> tuple[float, float]:
    """Runs a command and returns its seconds and its peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen([str(a) for a in command], cwd=cwd, env=env(work), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}: {process.stderr.read().decode(errors='replace')[-2000:]}")
    process.stderr.close()
    return seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def search(work: Path, index: str, precision: str, text: str) -> list:
    return [SEARCH, text, "--db", work / index, "--model", MODEL, "--precision", precision]


def index_photos(work: Path, photos: Path, precision: str) -> None:
    """Makes an index of the photos once."""
    subprocess.run([INDEXER, "run", photos, "--db", work / precision, "--model", MODEL, "--precision", precision, "--progress", "none"],
                   env=env(work), check=True, stdout=subprocess.DEVNULL)


def collection(db: Path) -> Path:
    return next(db.rglob("catalogue.db")).parent


def claim(large: Path, work: Path, precision: str) -> None:
    """Makes an index of the large one's files whose catalogue names the model of the small one."""
    small = collection(work / precision)
    to = work / f"{precision}-large" / small.relative_to(work / precision)
    shutil.rmtree(work / f"{precision}-large", ignore_errors=True)
    to.mkdir(parents=True)
    for path in large.iterdir():
        if path.suffix in (".f32", ".u8"):
            os.link(path, to / path.name)
    shutil.copy(large / "catalogue.db", to)
    shutil.copy(large / "roster.bin", to)
    with sqlite3.connect(small / "catalogue.db") as db:
        model = db.execute("select value, key from meta where key in ('fingerprint', 'name', 'precision', 'pixels')").fetchall()
    with sqlite3.connect(to / "catalogue.db") as db:
        db.executemany("update meta set value = ? where key = ?", model)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, default=ROOT / "demo" / "photos")
    parser.add_argument("--large", type=Path, default=BUILD / "index" / "n1000000", help="an index that search.py made")
    parser.add_argument("--work", type=Path, default=BUILD / "start", help="on the disk of the large one, whose files it shares")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--prepare", action="store_true", help="make what is needed, and measure nothing")
    args = parser.parse_args()
    work, photos = args.work, args.photos.resolve()
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "rclip").exists():
        shutil.copytree(BUILD / "rclip", work / "rclip")
    programs: dict[str, tuple] = {}
    for precision in ("fp32", "int8"):
        index_photos(work, photos, precision)
        if args.large.exists() and not (work / f"{precision}-large").exists():
            claim(args.large, work, precision)
        for index in (precision, f"{precision}-large"):
            if (work / index).exists():
                programs[index] = (lambda text, i=index, p=precision: search(work, i, p, text), ROOT)
    programs["rclip"] = (lambda text: [*RCLIP, "--no-indexing", text], photos)
    timed([*RCLIP, "warming up"], work, photos)  # indexes
    for command, cwd in programs.values():
        timed(command("warming up"), work, cwd)
    if args.prepare:
        return

    for remembered in work.rglob("texts.bin"):
        remembered.unlink()  # the embeddings of an earlier call's texts
    texts = iter(f"a {a} {b}" for a in WORDS[0] for b in WORDS[1])
    figures: dict[str, list[tuple[float, float]]] = {}
    for _ in range(args.rounds):
        text = next(texts)
        for name, (command, cwd) in programs.items():
            figures.setdefault(name, []).append(timed(command(text), work, cwd))
        for name in ("fp32", "int8"):
            figures.setdefault(f"{name} again", []).append(timed(programs[name][0](text), work, ROOT))
        figures.setdefault("search --version", []).append(timed([SEARCH, "--version"], work, ROOT))

    base = figures["rclip"]
    print(f"Medians of {args.rounds} rounds, in turn; large is {args.large.name}.\n")
    print("| | ms | MB | time / rclip | memory / rclip |\n|---|---|---|---|---|")
    for name, runs in figures.items():
        ms, mb = 1000 * statistics.median(r[0] for r in runs), statistics.median(r[1] for r in runs)
        slower = statistics.median(r[0] / b[0] for r, b in zip(runs, base))
        larger = statistics.median(r[1] / b[1] for r, b in zip(runs, base))
        print(f"| {name} | {ms:.0f} | {mb:.0f} | {slower:.3f} | {larger:.3f} |")


if __name__ == "__main__":
    main()
