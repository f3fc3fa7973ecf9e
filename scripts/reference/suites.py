"""Compares what Pillow and internal/imaging make of the pictures of public test
suites, which are not kept here. Fetch them first, then:

    python3 -m venv .venv/pixels
    .venv/pixels/bin/pip install --require-hashes -r scripts/reference/requirements-pixels.txt
    .venv/pixels/bin/python scripts/reference/suites.py [--formats tif,bmp] [--list] FOLDER...

For each format it says how many files both open, with the mean difference of their
pixels in levels, and which ones only one of them opens, with the reason. The reference
is Pillow under the product's policies: see flatten. To add a format, add its
extensions to FORMATS and, where Pillow needs a plugin, register it in open_pillow.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from PIL import Image, ImageOps

try:  # pillow-heif, for HEIC: pip install pillow-heif
    import pillow_heif

    pillow_heif.register_heif_opener()
except ImportError:
    pass

REPO = pathlib.Path(__file__).resolve().parents[2]
FORMATS = {
    "tif": ("tif", "tiff"), "bmp": ("bmp", "dib"), "gif": ("gif",), "png": ("png", "apng"),
    "jpg": ("jpg", "jpeg", "jpe", "jfif", "mpo"), "webp": ("webp",), "heic": ("heic", "heif", "hif"), "avif": ("avif",),
}
# Pictures differ where their mean difference is more than this many levels.
CLOSE = 2.0


def flatten(image):
    """8-bit RGB as the product defines it: see the package comments of internal/imaging."""
    if image.mode.startswith("I;16"):
        high = (np.array(image).astype(np.uint16) >> 8).astype(np.uint8)
        return np.stack([high] * 3, axis=-1)
    if image.mode in ("I", "F"):
        return np.stack([mapped(np.array(image).astype(np.float64), image)] * 3, axis=-1)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    return np.array(image.convert("RGB"))


def mapped(values, image):
    """The rule of internal/imaging/tiff for samples without an agreed range."""
    if image.format == "PNG":  # 16-bit grey, which Pillow opens as I
        return (values.astype(np.int64) >> 8).astype(np.uint8)
    values = np.nan_to_num(values, nan=0.0)
    low, high = values.min(), values.max()
    if image.mode == "F" and low >= 0 and high <= 1:
        return np.clip(values * 255 + 0.5, 0, 255).astype(np.uint8)
    if low >= 0 and high <= 255:
        return values.astype(np.uint8)
    formats = image.tag_v2.get(339, (1,)) if hasattr(image, "tag_v2") else (1,)
    if image.mode == "I" and formats[0] == 1:
        for bits in (16, 24, 32):
            if high < 2 ** bits:
                return (values.astype(np.int64) >> (bits - 8)).clip(0, 255).astype(np.uint8)
    return np.clip((values - low) * 255 / max(high - low, 1e-300) + 0.5, 0, 255).astype(np.uint8)


def open_pillow(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(path) as image:
            image.load()
            fmt = image.format
            upright = ImageOps.exif_transpose(image)
            upright.format = fmt
            if hasattr(image, "tag_v2") and not hasattr(upright, "tag_v2"):
                upright.tag_v2 = image.tag_v2
            return flatten(upright)


def dump_ours(paths, folder):
    """Runs TestDumpPixels of internal/imaging over the files."""
    binary = folder / "imaging.test"
    subprocess.run(["go", "test", "-tags", "nodynamic", "-c", "-o", binary, "./internal/imaging"], cwd=REPO, check=True)
    (folder / "list").write_text("\n".join(map(str, paths)) + "\n")
    env = dict(os.environ, SIGHTLINE_DUMP_LIST=str(folder / "list"), SIGHTLINE_DUMP_OUT=str(folder))
    subprocess.run([binary, "-test.run", "^TestDumpPixels$", "-test.timeout", "0"], cwd=REPO / "internal/imaging",
                   env=env, check=True, stdout=sys.stderr)
    return [json.loads(line) for line in (folder / "dump.jsonl").read_text().splitlines()]


def compare(path, ours):
    """The outcome of one file, and what to say about it."""
    try:
        reference, why = open_pillow(path), ""
    except Exception as error:  # whatever it is: Pillow does not open the file
        reference, why = None, f"{type(error).__name__}: {error}"
    if "pixels" not in ours:
        outcome = "neither" if reference is None else "Pillow only"
        return outcome, 0.0, f"{ours.get('error')}" + (f" | Pillow: {why}" if why else "")
    damage = f" | damage: {ours['damage']}" if ours.get("damage") else ""
    if reference is None:
        return "ours only", 0.0, f"Pillow: {why}{damage}"
    if reference.shape[:2] != (ours["height"], ours["width"]):
        return "differs", 255.0, f"{ours['width']}x{ours['height']}, Pillow {reference.shape[1]}x{reference.shape[0]}{damage}"
    pixels = np.fromfile(ours["pixels"], np.uint8).reshape(reference.shape)
    mean = float(np.abs(pixels.astype(np.int16) - reference).mean())
    return ("both" if mean <= CLOSE else "differs"), mean, f"mean difference {mean:.2f}{damage}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--list", action="store_true", help="name the files that both open, too")
    args = parser.parse_args()
    kinds = {ext: name for name in args.formats.split(",") for ext in FORMATS[name]}
    paths = sorted(p.resolve() for folder in args.folders for p in folder.rglob("*")
                   if p.is_file() and p.suffix[1:].lower() in kinds)
    outcomes, means = collections.defaultdict(collections.Counter), collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for path, ours in zip(paths, dump_ours(paths, pathlib.Path(folder)), strict=True):
            kind = kinds[path.suffix[1:].lower()]
            outcome, mean, said = compare(path, ours)
            outcomes[kind][outcome] += 1
            if outcome in ("both", "differs"):
                means[kind].append(mean)
            if ours["seconds"] > 5:
                said += f" | {ours['seconds']:.1f} s"
            if outcome != "both" or args.list or ours["seconds"] > 5:
                print(f"{kind}\t{outcome}\t{path}\t{said}")
    print("\nformat  files  both  differs  Pillow only  ours only  neither  mean difference (median, largest of both)")
    for kind, c in outcomes.items():
        close = [m for m in means[kind] if m <= CLOSE] or [0.0]
        print(f"{kind:6} {sum(c.values()):6} {c['both']:5} {c['differs']:8} {c['Pillow only']:12} {c['ours only']:10} "
              f"{c['neither']:8}  {np.median(close):.3f} {max(close):.3f}")


if __name__ == "__main__":
    main()
