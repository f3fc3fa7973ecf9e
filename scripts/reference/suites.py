"""Compares what Pillow and internal/imaging make of the pictures of public test
suites, which are not kept here. Fetch them first, then:

    python3 -m venv .venv/pixels
    .venv/pixels/bin/pip install --require-hashes -r scripts/reference/requirements-pixels.txt
    .venv/pixels/bin/python scripts/reference/suites.py [--formats tif,bmp] [--list] [--embed MODEL] FOLDER...

For each format and each FOLDER it says how many files both open, with the mean difference of their
pixels in levels, and which ones only one of them opens, with the reason. The reference
is Pillow under the product's policies: see flatten. To add a format, add its
extensions to FORMATS and, where Pillow needs a plugin, register it in open_pillow.

With --embed and the folder of a model (models/starter; pip install onnxruntime) it also
embeds both pictures of each file that both open, says for each FOLDER the least and
the median cosine, and names each file whose cosine is below SAME.
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
    "pnm": ("ppm", "pgm", "pbm", "pnm", "pam"), "tga": ("tga", "icb", "vda", "vst"), "pcx": ("pcx",), "qoi": ("qoi",), "ico": ("ico", "cur"),
}
# Pictures differ where their mean difference is more than this many levels.
CLOSE = 2.0
# Embeddings are the same from this cosine on.
SAME = 0.999


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
            if fmt == "HEIF" and (deep := heif_of_16_bits(path)):
                deep.info = dict(image.info)
                image = deep
            upright = ImageOps.exif_transpose(image)
            upright.format = fmt
            if hasattr(image, "tag_v2") and not hasattr(upright, "tag_v2"):
                upright.tag_v2 = image.tag_v2
            return flatten(upright)


# How many files are dumped at once: pixels take disk space.
CHUNK = 64


def dump_ours(paths, folder):
    """Runs TestDumpPixels of internal/imaging over the files, some at a time."""
    binary = folder / "imaging.test"
    subprocess.run(["go", "test", "-tags", "nodynamic", "-c", "-o", binary, "./internal/imaging"], cwd=REPO, check=True)
    env = dict(os.environ, SIGHTLINE_DUMP_LIST=str(folder / "list"), SIGHTLINE_DUMP_OUT=str(folder))
    for start in range(0, len(paths), CHUNK):
        (folder / "list").write_text("\n".join(map(str, paths[start:start + CHUNK])) + "\n")
        subprocess.run([binary, "-test.run", "^TestDumpPixels$", "-test.timeout", "0"], cwd=REPO / "internal/imaging",
                       env=env, check=True, stdout=sys.stderr)
        for line in (folder / "dump.jsonl").read_text().splitlines():
            yield json.loads(line)
        for pixels in folder.glob("*.rgb"):
            pixels.unlink()


class Embedder:
    """The image tower of a model behind openai/CLIP's preprocessing, as Pillow does it."""

    def __init__(self, folder):
        import onnxruntime  # only --embed needs it

        self.noise = np.random.default_rng(1)

        self.pre = json.loads((folder / "preprocessor_config.json").read_text())
        self.side = self.pre["crop_size"]["height"]
        graph = min((folder / "onnx").glob("vision_model*.onnx"), key=lambda p: len(p.name))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # one order of sums
        self.session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def embed(self, pixels):
        image = Image.fromarray(pixels)
        # Of a strip, what the crop leaves out anyway need not be resized.
        short, long = min(image.size), max(image.size)
        if long > 4 * short:
            at = (long - 4 * short) // 2
            image = image.crop((at, 0, at + 4 * short, short) if image.width > image.height else (0, at, short, at + 4 * short))
        scale = self.side / min(image.size)
        width, height = (self.side if n == min(image.size) else int(scale * n) for n in image.size)
        image = image.resize((width, height), Image.Resampling.BICUBIC)
        left, top = round((width - self.side) / 2), round((height - self.side) / 2)
        image = image.crop((left, top, left + self.side, top + self.side))
        mean, std = (np.array(self.pre[k], np.float32) for k in ("image_mean", "image_std"))
        tensor = ((np.asarray(image, np.float32) / np.float32(255) - mean) / std).transpose(2, 0, 1)
        vector = self.session.run(["image_embeds"], {"pixel_values": tensor[None]})[0][0]
        return vector / np.linalg.norm(vector)

    def cosine(self, a, b):
        if a.shape == b.shape and np.array_equal(a, b):
            return 1.0
        return float(self.embed(a) @ self.embed(b))

    def floor(self, a, mean):
        """The cosine that rounding alone makes of a: levels moved by one at random, mean of them on average."""
        moved = self.noise.random(a.shape) < mean
        levels = a.astype(np.int16) + moved * self.noise.choice([-1, 1], a.shape)
        return self.cosine(a, levels.clip(0, 255).astype(np.uint8))


def heif_of_16_bits(path):
    """pillow-heif cuts samples of 10 and 12 bits; the product rounds them."""
    deep = pillow_heif.open_heif(path, convert_hdr_to_8bit=False)
    samples = np.asarray(deep)
    if samples.dtype != np.uint16:
        return None
    bits = deep.info.get("bit_depth", 16)  # at the top of the 16
    most = 2 ** bits - 1
    values = samples.astype(np.uint32) >> (16 - bits)
    return Image.fromarray(((values * 510 + most) // (2 * most)).astype(np.uint8))


def compare(path, ours, embedder=None):
    """The outcome of one file, what to say about it, and the cosine of the embeddings if there are two."""
    try:
        reference, why = open_pillow(path), ""
    except Exception as error:  # whatever it is: Pillow does not open the file
        reference, why = None, f"{type(error).__name__}: {error}"
    if "pixels" not in ours:
        outcome = "neither" if reference is None else "Pillow only"
        return outcome, 0.0, f"{ours.get('error')}" + (f" | Pillow: {why}" if why else ""), None
    damage = f" | damage: {ours['damage']}" if ours.get("damage") else ""
    if reference is None:
        return "ours only", 0.0, f"Pillow: {why}{damage}", None
    pixels = np.fromfile(ours["pixels"], np.uint8).reshape(ours["height"], ours["width"], 3)
    cosine = embedder.cosine(pixels, reference) if embedder else None
    if reference.shape != pixels.shape:
        size = f"{ours['width']}x{ours['height']}, Pillow {reference.shape[1]}x{reference.shape[0]}"
        return "differs", 255.0, f"{size}{damage}", cosine
    mean = float(np.abs(pixels.astype(np.int16) - reference).mean())
    if cosine is not None and cosine < SAME and mean <= CLOSE:
        damage += f" | as much rounding at random: {embedder.floor(reference, min(mean, 1)):.5f}"
    return ("both" if mean <= CLOSE else "differs"), mean, f"mean difference {mean:.2f}{damage}", cosine


def row(c):
    """The cells of a table for what became of some files."""
    counts = [sum(c.values())] + [c[outcome] for outcome in ("both", "differs", "Pillow only", "ours only", "neither")]
    return "| " + " | ".join(map(str, counts)) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--list", action="store_true", help="name the files that both open, too")
    parser.add_argument("--embed", type=pathlib.Path, metavar="MODEL", help="compare embeddings, too")
    args = parser.parse_args()
    embedder = Embedder(args.embed) if args.embed else None
    kinds = {ext: name for name in args.formats.split(",") for ext in FORMATS[name]}
    suites = {p.resolve(): folder for folder in args.folders for p in folder.rglob("*")
              if p.is_file() and p.suffix[1:].lower() in kinds}
    paths = sorted(suites)
    outcomes, means = collections.defaultdict(collections.Counter), collections.defaultdict(list)
    by_suite, refused = collections.defaultdict(collections.Counter), collections.Counter()
    cosines = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for path, ours in zip(paths, dump_ours(paths, pathlib.Path(folder)), strict=True):
            kind = kinds[path.suffix[1:].lower()]
            outcome, mean, said, cosine = compare(path, ours, embedder)
            outcomes[kind][outcome] += 1
            by_suite[suites[path]][outcome] += 1
            if outcome == "Pillow only":
                refused[ours["kind"]] += 1
            if outcome in ("both", "differs"):
                means[kind].append(mean)
            if cosine is not None:
                cosines[suites[path]].append(cosine)
                said += f" | cosine {cosine:.5f}"
            if ours["seconds"] > 5:
                said += f" | {ours['seconds']:.1f} s"
            if outcome != "both" or args.list or ours["seconds"] > 5 or (cosine is not None and cosine < SAME):
                print(f"{kind}\t{outcome}\t{path}\t{said}")
    print("\n| format | files | both | other pixels | Pillow only | ours only | neither | mean difference: median, largest of both |")
    print("|---|---|---|---|---|---|---|---|")
    for kind, c in outcomes.items():
        close = [m for m in means[kind] if m <= CLOSE] or [0.0]
        print(f"| {kind} {row(c)} {np.median(close):.2g}, {max(close):.2g} |")
    print("\n| suite | files | both | other pixels | Pillow only | ours only | neither |\n|---|---|---|---|---|---|---|")
    for folder, c in by_suite.items():
        print(f"| {folder.name} {row(c)}")
    print("\nPillow only, as we call them:", ", ".join(f"{kind} {n}" for kind, n in refused.items()) or "none")
    if embedder:
        print(f"\nsuite  files  cosine (least, median)  below {SAME}")
        for folder, values in cosines.items():
            print(f"{folder.name}  {len(values)}  {min(values):.5f} {np.median(values):.5f}  {sum(v < SAME for v in values)}")


if __name__ == "__main__":
    main()
