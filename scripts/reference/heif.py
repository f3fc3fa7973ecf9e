"""Makes the HEIC and AVIF pictures of internal/imaging/testdata/heif: one scene in
every depth, chroma layout, colour matrix and range, and what it looks like.

    python3 -m venv .venv/heif
    .venv/heif/bin/pip install numpy==2.4.6 pillow==13.0.0 pillow-heif==1.8.1 imagecodecs==2026.3.6
    .venv/heif/bin/python scripts/reference/heif.py internal/imaging/testdata/heif

list.json says of each file which picture it must look like. Those are PNGs of what
went in, so that a decoder that is wrong in the same way as the reference is found
too; the script checks that the reference reads its own files that way.
"""

import io
import json
import pathlib
import struct
import sys

import imagecodecs
import numpy as np
import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()
WIDTH, HEIGHT = 96, 64
# Matrix coefficients of ISO/IEC 23091-2: Kr and Kb.
MATRICES = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}


def scene(width=WIDTH, height=HEIGHT):
    """Four saturated quarters under a soft light, as floats of 0 to 1."""
    y, x = np.mgrid[0:height, 0:width]
    quarters = np.array([[(220, 40, 40), (40, 180, 60)], [(40, 60, 210), (230, 210, 50)]]) / 255
    picture = quarters[(2 * y // height).clip(0, 1), (2 * x // width).clip(0, 1)]
    light = 0.75 + 0.25 * np.sin(x / 19) * np.cos(y / 17)
    return picture * light[..., None]


def grey(width=WIDTH, height=HEIGHT):
    return (scene(width, height) @ np.array([0.3, 0.5, 0.2])).clip(0, 1)


def to8(a):
    return np.round(a * 255).astype(np.uint8)


def on_white(rgb, alpha):
    return rgb * alpha[..., None] + 1 - alpha[..., None]


class Cases:
    def __init__(self, folder):
        self.folder = folder
        self.list = []

    def want(self, name, picture):
        a = to8(picture)
        if a.ndim == 2:
            a = np.stack([a] * 3, -1)
        Image.fromarray(a).save(self.folder / f"{name}.png", optimize=True)

    def add(self, name, data, want, check=True):
        (self.folder / name).write_bytes(data)
        self.list.append({"file": name, "want": want})
        if not check:
            return
        got = Image.open(io.BytesIO(data))
        got.load()
        if got.mode.startswith("I;16"):
            got = Image.fromarray((np.asarray(got).astype(int) >> 8).astype(np.uint8))
        if got.mode in ("RGBA", "RGBa", "LA"):
            got = got.convert("RGBA")
            back = Image.new("RGBA", got.size, "white")
            back.alpha_composite(got)
            got = back
        got = np.asarray(got.convert("RGB")).astype(int)
        right = np.asarray(Image.open(self.folder / f"{want}.png")).astype(int)
        difference = np.abs(got - right).mean() if got.shape == right.shape else 999
        if difference > 2:
            print(f"{name}: the reference is {difference:.2f} levels away", file=sys.stderr)


def heic(samples, mode, depth=8, **options):
    """Encodes an array of floats."""
    top = 2**depth - 1
    if depth == 8:
        a, mode = np.round(samples * 255).astype(np.uint8), mode
    else:
        a = np.round(samples * top).astype(np.uint16) << (16 - depth)
        mode = {"L": "L;16", "RGB": "RGB;16", "RGBA": "RGBA;16"}[mode]
    a = np.ascontiguousarray(a)
    h, w = a.shape[:2]
    file = pillow_heif.HeifFile()
    pillow_heif.options.SAVE_HDR_TO_12_BIT = depth == 12
    file.add_frombytes(mode, (w, h), a.tobytes())
    out = io.BytesIO()
    file.save(out, quality=options.pop("quality", 95), save_nclx_profile=True, **options)
    return out.getvalue()


def brand(data, major, compatible):
    """Replaces the ftyp box by one of the same size or smaller, padded with free."""
    size = struct.unpack(">I", data[:4])[0]
    box = b"ftyp" + major + b"\0\0\0\0" + b"".join(compatible)
    box = struct.pack(">I", len(box) + 4) + box
    spare = size - len(box)
    if spare < 0 or 0 < spare < 8:
        raise ValueError(f"no room for brands: {spare}")
    if spare:
        box += struct.pack(">I4s", spare, b"free") + b"\0" * (spare - 8)
    return box + data[size:]


def avif(samples, depth, layout, matrix=6):
    a = np.round(samples * (2**depth - 1)).astype(np.uint8 if depth == 8 else np.uint16)
    return bytes(imagecodecs.avif_encode(
        a, level=95, speed=6, bitspersample=depth, pixelformat=layout, primaries=1, transfer=13, matrix=matrix, numthreads=1))


def plain_avif(image, **options):
    out = io.BytesIO()
    image.save(out, "AVIF", quality=95, speed=6, max_threads=1, **options)
    return out.getvalue()


def main():
    cases = Cases(pathlib.Path(sys.argv[1]))
    cases.folder.mkdir(parents=True, exist_ok=True)
    picture, light = scene(), grey()
    cases.want("colour", picture)
    cases.want("grey", light)

    for depth in (8, 10, 12):
        cases.add(f"grey{depth}.heic", heic(light, "L", depth), "grey")
        for chroma in (420, 422, 444):
            cases.add(f"colour{depth}-{chroma}.heic", heic(picture, "RGB", depth, chroma=chroma), "colour")
    for matrix in MATRICES:
        for full in (0, 1):
            data = heic(picture, "RGB", chroma=444, matrix_coefficients=matrix, full_range_flag=full,
                        color_primaries=1, transfer_characteristics=13)
            cases.add(f"matrix{matrix}-{'full' if full else 'limited'}.heic", data, "colour")
    cases.add("identity.heic", heic(picture, "RGB", chroma=444, matrix_coefficients=0, full_range_flag=1), "colour")

    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    alpha = (x / (WIDTH - 1))
    cases.want("alpha", on_white(picture, alpha))
    rgba = np.concatenate([picture, alpha[..., None]], -1)
    cases.add("alpha8.heic", heic(rgba, "RGBA", chroma=444), "alpha")
    cases.add("alpha10.heic", heic(rgba, "RGBA", 10, chroma=444), "alpha")
    cases.want("white", np.ones((HEIGHT, WIDTH, 3)))
    clear = rgba.copy()
    clear[..., 3] = 0
    cases.add("clear.heic", heic(clear, "RGBA"), "white")

    for w, h in ((1, 1), (2, 3), (15, 40), (17, 1), (63, 9)):
        cases.want(f"tiny{w}x{h}", grey(w, h))
        small = np.stack([grey(w, h)] * 3, -1)
        cases.add(f"tiny{w}x{h}.heic", heic(small, "RGB"), f"tiny{w}x{h}")
        cases.add(f"tiny{w}x{h}.avif", plain_avif(Image.fromarray(to8(small))), f"tiny{w}x{h}")

    plain = heic(picture, "RGB")
    for major, others in ((b"mif1", [b"heic"]), (b"msf1", [b"heic"]), (b"mif2", [b"heic"]), (b"heix", [b"mif1"])):
        cases.add(f"brand-{major.decode()}.heic", brand(plain, major, others), "colour", check=major != b"mif2")

    for depth in (8, 10, 12):
        for layout in ("420", "422", "444"):
            cases.add(f"colour{depth}-{layout}.avif", avif(picture, depth, layout), "colour")
        cases.add(f"grey{depth}.avif", avif(light, depth, "400"), "grey")
    for matrix in (1, 9):
        cases.add(f"matrix{matrix}.avif", avif(picture, 8, "444", matrix), "colour")
    cases.add("identity.avif", avif(picture, 8, "444", 0), "colour")
    rgba8 = Image.fromarray(to8(rgba))
    cases.add("alpha.avif", plain_avif(rgba8), "alpha")
    cases.add("premultiplied.avif", plain_avif(rgba8, alpha_premultiplied=True), "alpha")
    cases.add("clear.avif", plain_avif(Image.fromarray(to8(clear))), "white")
    cases.add("limited.avif", plain_avif(Image.fromarray(to8(picture)), range="limited"), "colour")
    first, second = Image.fromarray(to8(picture)), Image.fromarray(to8(np.stack([light] * 3, -1)))
    sequence = plain_avif(first, save_all=True, append_images=[second], duration=100)
    cases.add("sequence.avif", sequence, "colour")
    cases.add("brand-msf1.avif", brand(sequence, b"msf1", [b"avis", b"avif"]), "colour", check=False)

    (cases.folder / "list.json").write_text(json.dumps(cases.list, indent=1) + "\n")


main()
