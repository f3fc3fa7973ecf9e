#!/usr/bin/env python3
"""Makes the photo sets of the benchmark from the demo photos.

Each file is a demo photo, enlarged and cropped to the set's size, with the grain of a
camera's sensor over it: without grain an enlarged photo compresses far better than a
real one and decodes too fast. Every file is another picture, since Sightline and rclip
do not embed the same content twice.

    .venv/reference/bin/python scripts/bench/photos.py --out /tmp/photos --set vga=500 --set 12mp=100
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

ROOT = Path(__file__).resolve().parents[2]
SIZES = {
    "12mp": (4000, 3000),
    "12mp-progressive": (4000, 3000),
    "2mp": (1632, 1224),
    "vga": (640, 480),
    "png": (1632, 1224),
}
GRAIN = 6.0  # standard deviation; a 12-megapixel JPEG then has nearly 3 MB, as from a camera


def photo(source: Path, size: tuple[int, int]) -> Image.Image:
    """Returns a demo photo on white, enlarged to cover size and cropped to it."""
    with Image.open(source) as img:
        rgba = img.convert("RGBA")
    white = Image.new("RGBA", rgba.size, "white")
    return ImageOps.fit(Image.alpha_composite(white, rgba).convert("RGB"), size, Image.Resampling.BICUBIC)


def make(folder: Path, kind: str, count: int) -> None:
    """Writes count files of a set, unless they are there."""
    size = SIZES[kind]
    suffix = ".png" if kind == "png" else ".jpg"
    sources = sorted(p for p in (ROOT / "demo" / "photos").rglob("*") if p.suffix.lower() in (".png", ".jpg"))
    if not sources:
        raise SystemExit("there are no demo photos: run make photos first")
    rng = np.random.default_rng(1)
    # One sheet of grain, shifted for each picture: redrawing it would take longer
    # than everything else.
    grain = rng.normal(0, GRAIN, (size[1], size[0], 1)).astype(np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        target = folder / f"{i // 100:02d}" / f"{i:05d}{suffix}"
        if target.exists():
            continue
        target.parent.mkdir(exist_ok=True)
        shift = (int(np.random.default_rng(i).integers(size[1])), int(np.random.default_rng(-i % 2**32).integers(size[0])))
        pixels = np.asarray(photo(sources[i % len(sources)], size), np.float32) + np.roll(grain, shift, (0, 1))
        img = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
        part = target.with_suffix(".part")  # an interrupted run leaves no half file behind
        if kind == "png":
            img.save(part, "png", compress_level=4)
        else:
            img.save(part, "jpeg", quality=90, progressive=kind == "12mp-progressive")
        part.rename(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the sets")
    parser.add_argument("--set", action="append", required=True, metavar="KIND=COUNT", help=f"one of {', '.join(SIZES)}; repeatable")
    args = parser.parse_args()
    for given in args.set:
        kind, count = given.split("=")
        folder = args.out / f"{kind}-{count}"
        make(folder, kind, int(count))
        files = [p for p in folder.rglob("*") if p.is_file()]
        print(f"{folder}: {len(files)} files, {sum(p.stat().st_size for p in files) / len(files) / 1e6:.2f} MB each")


if __name__ == "__main__":
    main()
