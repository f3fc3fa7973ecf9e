#!/usr/bin/env python3
"""Indexes the same photos with Sightline and its peers, in turn, and writes a table.

    make bench            everything, more than an hour on two cores
    make bench QUICK=1    small sets and two rounds, to see that it works

scripts/bench/bench.sh prepares what this needs: the programs, the model, the photos and
one virtual environment for each peer. All programs run ViT-B/32 on pictures of 256
pixels with the same weights; Sightline, rclip and fastembed run the same ONNX graph. A
run is a process of its own, from its start to its end, on files that are in the file
cache. The programs take turns in each round, so that a busy machine disturbs all of
them, and the ratios are medians of the ratios within a round.

Figures go to build/bench/results/: one JSON file a call, and table.md over all of them,
so that programs and sets can be measured in several calls.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
BUILD = ROOT / "build" / "bench"
RESULTS = BUILD / "results"
MODEL = BUILD / "vit-b32-256"
VENV = ROOT / ".venv"
BASE = "rclip"  # what the ratios are against
TIMEOUT = 900


@dataclass
class Run:
    """One process: what it took, and what it said of itself."""

    program: str
    photos: str
    round: int
    pictures: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    report: dict


def sightline(precision: str):
    def command(photos: Path, scratch: Path) -> list:
        return [ROOT / "bin" / "indexer", "run", photos, "--db", scratch / "db", "--model", MODEL,
                "--precision", precision, "--json", "--progress", "none"]
    return command


def python(environment: str, script: str, *rest):
    def command(photos: Path, scratch: Path) -> list:
        return [VENV / environment / "bin" / "python", HERE / script, photos, *rest]
    return command


# The programs by name, in the order of the table.
PROGRAMS = {
    "sightline fp32": sightline("fp32"),
    "sightline int8": sightline("int8"),
    "rclip": python("bench-rclip", "peer_rclip.py"),
    "fastembed": python("bench-fastembed", "peer_fastembed.py", MODEL),
    "transformers fp32": python("reference", "peer_torch.py", MODEL / "torch"),
    "transformers bf16": python("reference", "peer_torch.py", MODEL / "torch", "--dtype", "bfloat16"),
    "sentence-transformers": python("reference", "peer_torch.py", MODEL / "torch", "--library", "sentence-transformers"),
}


def run(program: str, photos: Path, count: int, number: int) -> Run:
    """Runs one program over one set. CPU time and memory are the kernel's account of the process."""
    with tempfile.TemporaryDirectory(dir=BUILD) as name:
        scratch = Path(name)
        env = dict(os.environ, HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
        if program == "rclip":
            data = scratch / "data"
            data.mkdir()
            for entry in (BUILD / "rclip").iterdir():
                (data / entry.name).symlink_to(entry)
            env["RCLIP_DATADIR"] = str(data)
        output, errors = scratch / "output", scratch / "errors"
        with output.open("w") as out, errors.open("w") as err:
            start = time.perf_counter()
            process = subprocess.Popen([str(a) for a in PROGRAMS[program](photos, scratch)], env=env, stdout=out, stderr=err)
            try:
                status, usage = wait(process.pid, start + TIMEOUT)
            except BaseException:
                process.kill()
                raise
            seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"{program} ended with {process.returncode}: {errors.read_text(errors='replace')[-2000:]}")
        last = output.read_text().strip().splitlines()[-1]
        report = json.loads(last) if last.startswith("{") else {}
        pictures = report.get("embedded") if report else int(last)
        if pictures != count:
            raise RuntimeError(f"{program} embedded {pictures} of {count} pictures: {errors.read_text(errors='replace')[-2000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(program, photos.name, number, count, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6, report)


def wait(pid: int, deadline: float):
    """Waits for a child and returns its status and its use of the machine."""
    while time.perf_counter() < deadline:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            return status, usage
        time.sleep(0.002)
    raise TimeoutError(f"no end after {TIMEOUT} s")


def warm(photos: Path) -> int:
    """Reads a set into the file cache and returns the number of its files."""
    files = [p for p in photos.rglob("*") if p.is_file()]
    for path in files:
        path.read_bytes()
    return len(files)


def measure(programs: list[str], sets: list[Path], rounds: int, call: str) -> None:
    """Runs everything and keeps the figures after each run, since a call may be cut short."""
    runs: list[Run] = []
    for photos in sets:
        count = warm(photos)
        for number in range(rounds):
            for program in programs:
                r = run(program, photos, count, number)
                r.report["call"] = call
                runs.append(r)
                (RESULTS / f"{call}.json").write_text(json.dumps([asdict(r) for r in runs], indent=1))
                print(f"{r.photos} {number + 1}/{rounds} {program}: {r.seconds:.2f} s, {count / r.seconds:.1f} pictures/s, "
                      f"{r.cpu_seconds:.2f} core-seconds, {r.peak_mb:.0f} MB", file=sys.stderr, flush=True)


def machine() -> str:
    cpu = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{cores()} cores of {cpu}, {platform.system()}"


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def busy(r: Run) -> float:
    """Returns the share of the cores that reading, decoding, resizing and embedding took in a run of Sightline."""
    work = sum(r.report["core_seconds"][stage] for stage in ("read", "decode", "resize", "embed"))
    return work / (r.report["seconds"] * cores())


def table(runs: list[Run]) -> str:
    lines = [f"{machine()}. Medians; ratios are of wall times, medians over the rounds of one call.", "",
             "| photos | program | seconds | pictures/s | against rclip | core-seconds | peak MB | rounds | cores at work |",
             "|---|---|---|---|---|---|---|---|---|"]
    for photos in dict.fromkeys(r.photos for r in runs):
        for program in PROGRAMS:
            own = [r for r in runs if r.photos == photos and r.program == program]
            if not own:
                continue
            base = {(r.report.get("call"), r.round): r.seconds for r in runs if r.photos == photos and r.program == BASE}
            ratios = [base[key] / r.seconds for r in own if (key := (r.report.get("call"), r.round)) in base]
            seconds = statistics.median(r.seconds for r in own)
            cells = [photos, program, f"{seconds:.2f}", f"{own[0].pictures / seconds:.1f}",
                     f"{statistics.median(ratios):.2f}x" if ratios else "",
                     f"{statistics.median(r.cpu_seconds for r in own):.1f}", f"{max(r.peak_mb for r in own):.0f}", str(len(own)),
                     f"{statistics.median(busy(r) for r in own):.2f}" if "core_seconds" in own[0].report else ""]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, default=BUILD / "photos", help="folder of the sets, as photos.py makes them")
    parser.add_argument("--sets", default="vga-500,12mp-100", help="names of sets, with commas (default %(default)s)")
    parser.add_argument("--programs", default=",".join(PROGRAMS), help="names, with commas (default all)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--fresh", action="store_true", help="forget the figures of earlier calls")
    args = parser.parse_args()
    programs, sets = args.programs.split(","), [args.photos / name for name in args.sets.split(",")]
    if unknown := [p for p in programs if p not in PROGRAMS]:
        raise SystemExit(f"there is no program {unknown[0]}; there are {', '.join(PROGRAMS)}")
    if args.fresh:
        shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    missing = [p for p in programs if not Path(PROGRAMS[p](sets[0], BUILD)[0]).exists()]
    for program in missing:
        print(f"{program} is not installed and left out", file=sys.stderr)
    call = time.strftime("%Y%m%d-%H%M%S")
    measure([p for p in programs if p not in missing], sets, args.rounds, call)
    every = [Run(**r) for path in sorted(RESULTS.glob("*.json")) for r in json.loads(path.read_text())]
    text = table(every)
    (RESULTS / "table.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
