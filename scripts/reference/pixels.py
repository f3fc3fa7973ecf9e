"""Makes the goldens of internal/imaging: small pictures of every kind, and what
Pillow reads and resizes them to.

    python3 -m venv .venv/pixels
    .venv/pixels/bin/pip install --require-hashes -r scripts/reference/requirements-pixels.txt
    .venv/pixels/bin/python scripts/reference/pixels.py internal/imaging/testdata internal/clip/testdata

The pictures are drawn from formulas and a seeded generator, so a second run gives
the same files as long as the encoders do. Where the product differs from Pillow on
purpose, the reference is computed here as the product defines it: transparency is
composited on white, 16-bit grey keeps its high byte, orientation is applied.
"""

import hashlib
import io
import json
import pathlib
import struct
import sys

import numpy as np
import pillow_heif
from PIL import Image, ImageOps, PngImagePlugin, features

FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
# Every size that the resizer treats differently: up, down, mixed, one axis alone,
# a single pixel, odd and even.
SIZES = [(224, 224), (298, 224), (7, 5), (1, 1), (64, 61), (97, 40), (97, 61), (200, 17), (13, 300), (336, 211)]
ORIENTATION = 0x0112
EXIF_IFD, DATE, OFFSET = 0x8769, 0x9003, 0x9011


def scene(width, height, seed):
    """A picture with smooth colour, hard edges, fine texture and saturated spots."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    r = 255 * x / max(width - 1, 1)
    g = 128 + 100 * np.sin(y / 9.0) * np.cos(x / 13.0)
    b = 255 - 255 * y / max(height - 1, 1)
    out = np.stack([r, g, b], axis=-1)
    disc = (x - width * 0.6) ** 2 + (y - height * 0.4) ** 2 < (min(width, height) * 0.27) ** 2
    out[disc] = (250, 20, 30)
    bars = ((x // 3) % 2 == 0) & (y > height * 0.75)
    out[bars] = (5, 5, 240)
    out += rng.normal(0, 3, out.shape)
    return np.clip(np.round(out), 0, 255).astype(np.uint8)


def soft_scene(width, height, seed):
    """Without edges, for formats whose decoders interpolate colour differently."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    phase = np.random.default_rng(seed).uniform(0, 6, 3)
    waves = [127 + 120 * np.sin(x / 17 + y / 31 + p) * np.cos(y / 23 - p) for p in phase]
    waves[0] = 20 + 200 * x / width  # no symmetry, so that a wrong turn shows
    return np.round(np.stack(waves, axis=-1)).astype(np.uint8)


def alpha_plane(width, height):
    y, x = np.mgrid[0:height, 0:width]
    return ((x * 5 + y * 3) % 256).astype(np.uint8)


def sha(pixels):
    return hashlib.sha256(np.ascontiguousarray(pixels, dtype=np.uint8).tobytes()).hexdigest()


def flatten(image):
    """8-bit RGB as the product defines it."""
    if image.mode.startswith("I;16"):
        high = (np.array(image).astype(np.uint16) >> 8).astype(np.uint8)
        return np.stack([high] * 3, axis=-1)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    return np.array(image.convert("RGB"))


class Goldens:
    def __init__(self, folder):
        self.folder = folder
        self.decode, self.fast, self.resize = [], [], []

    def write(self, name, data):
        path = self.folder / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def save(self, name, image, **options):
        buffer = io.BytesIO()
        image.save(buffer, **options)
        return self.write(name, buffer.getvalue())

    def add(self, path, keep=False, orient=True):
        """Records what Pillow reads; keep stores the pixels too, for tolerance."""
        with Image.open(path) as image:
            image.load()
            upright = ImageOps.exif_transpose(image) if orient else image
            pixels = flatten(upright)
        entry = {"file": path.name, "width": pixels.shape[1], "height": pixels.shape[0], "sha256": sha(pixels)}
        if keep:
            self.keep(entry, pixels)
        self.decode.append(entry)

    def keep(self, entry, pixels):
        """Stores the pixels under their digest: several files decode alike."""
        entry["pixels"] = entry["sha256"][:12] + ".png"
        reference = self.folder / "want" / entry["pixels"]
        reference.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(reference, optimize=True)

    def add_fast(self, path, shorts):
        for short in shorts:
            with Image.open(path) as image:
                image.draft("RGB", (2 * short, 2 * short))
                pixels = flatten(ImageOps.exif_transpose(image))
            entry = {"file": path.name, "short_side": short, "width": pixels.shape[1],
                     "height": pixels.shape[0], "sha256": sha(pixels)}
            if short in (8, 16, 32):
                self.keep(entry, pixels)
            self.fast.append(entry)

    def add_resizes(self, path):
        with Image.open(path) as opened:
            image = opened.convert("RGB")
        for name, method in FILTERS.items():
            for size in SIZES:
                pixels = np.array(image.resize(size, method))
                self.resize.append({"file": path.name, "filter": name, "width": size[0], "height": size[1],
                                    "sha256": sha(pixels)})


def exif_bytes(orientation=None, date=None, offset=None):
    exif = Image.Exif()
    if orientation is not None:
        exif[ORIENTATION] = orientation
    ifd = exif.get_ifd(EXIF_IFD)
    if date is not None:
        ifd[DATE] = date
    if offset is not None:
        ifd[OFFSET] = offset
    return exif.tobytes()


# How a viewer's transposition is undone, to store an upright picture turned.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
}


def png(g):
    w, h = 61, 47
    rgb = Image.fromarray(scene(w, h, 1))
    alpha = Image.fromarray(alpha_plane(w, h))
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    grey = rgb.convert("L")
    palette = rgb.quantize(200)
    seethrough = rgb.quantize(16)
    cases = {
        "rgb": (rgb, {}), "rgba": (rgba, {}), "grey": (grey, {}),
        "grey-alpha": (rgba.convert("LA"), {}), "bilevel": (rgb.convert("1"), {}),
        "palette": (palette, {}), "palette4": (rgb.quantize(13), {"bits": 4}),
        "palette2": (rgb.quantize(4), {"bits": 2}), "palette1": (rgb.quantize(2), {"bits": 1}),
        "palette-trns": (seethrough, {"transparency": bytes(range(0, 256, 16))}),
        "grey-trns": (grey, {"transparency": int(grey.getpixel((5, 5)))}),
        "rgb-trns": (rgb, {"transparency": tuple(rgb.getpixel((5, 5)))}),
    }
    for name, (image, options) in cases.items():
        g.add(g.save(f"{name}.png", image, format="PNG", **options))
    for name in ("grey16", "rgb16", "rgba16", "rgb-interlaced", "rgba-interlaced"):
        g.add(g.write(f"{name}.png", raw_png(name, w, h)))


def raw_png(kind, w, h):
    """PNG kinds that Pillow does not write: 16 bits a sample, and Adam7."""
    import zlib

    rng = np.random.default_rng(7)
    base = scene(w, h, 2)
    alpha = alpha_plane(w, h)[..., None]
    rgba = np.concatenate([base, alpha], axis=-1)
    source = {"grey16": base[..., :1], "rgb16": base, "rgba16": rgba, "rgb-interlaced": base,
              "rgba-interlaced": rgba}[kind]
    colour = {1: 0, 3: 2, 4: 6}[source.shape[-1]]
    deep = kind.endswith("16")
    if deep:
        low = rng.integers(0, 256, source.shape)
        data = (source.astype(np.uint16) << 8 | low.astype(np.uint16)).astype(">u2")
    else:
        data = source
    interlaced = kind.endswith("interlaced")
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b""
    for x0, y0, dx, dy in passes if interlaced else [(0, 0, 1, 1)]:
        for row in data[y0::dy, x0::dx]:
            if row.size:
                rows += b"\0" + row.tobytes()

    def chunk(name, payload):
        return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))

    header = struct.pack(">IIBBBBB", w, h, 16 if deep else 8, colour, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg(g):
    w, h = 187, 131
    rgb = Image.fromarray(scene(w, h, 3))
    cmyk = Image.merge("CMYK", [Image.fromarray(p) for p in np.moveaxis(
        np.concatenate([255 - scene(w, h, 4), alpha_plane(w, h)[..., None] // 3], axis=-1), -1, 0)])
    cases = {
        "420": (rgb, {"subsampling": 2}), "422": (rgb, {"subsampling": 1}), "444": (rgb, {"subsampling": 0}),
        "progressive-420": (rgb, {"subsampling": 2, "progressive": True}),
        "progressive-444": (rgb, {"subsampling": 0, "progressive": True}),
        "grey": (rgb.convert("L"), {}), "cmyk": (cmyk, {}),
        "restarts": (rgb, {"restart_marker_blocks": 3}), "quality30": (rgb, {"quality": 30}),
        "rgb": (rgb, {"keep_rgb": True}),
    }
    for name, (image, options) in cases.items():
        path = g.save(f"{name}.jpg", image, format="JPEG", **{"quality": 88} | options)
        g.add(path, keep=True)
        g.add_fast(path, [224, 65, 40, 32, 20, 16, 8, 1])
    # YCCK differs from CMYK by the Adobe marker's transform byte alone.
    data = bytearray((g.folder / "src" / "cmyk.jpg").read_bytes())
    at = data.index(b"Adobe")
    data[at + 11] = 2
    path = g.write("ycck.jpg", bytes(data))
    g.add(path, keep=True)
    g.add_fast(path, [32, 16, 8])
    for size in [(1, 1), (7, 300), (33, 8), (16, 16)]:
        image = Image.fromarray(scene(*size, 5))
        path = g.save(f"size-{size[0]}x{size[1]}.jpg", image, format="JPEG", quality=90)
        g.add(path)
        g.add_fast(path, [1, 2, 4])


def others(g):
    w, h = 75, 58
    rgb = Image.fromarray(scene(w, h, 6))
    rgba = rgb.copy()
    rgba.putalpha(Image.fromarray(alpha_plane(w, h)))
    second = Image.fromarray(scene(w, h, 7))

    g.add(g.save("plain.gif", rgb.quantize(64), format="GIF"))
    g.add(g.save("seethrough.gif", rgba.convert("P"), format="GIF", transparency=3))
    g.add(g.save("animated.gif", rgb.quantize(32), format="GIF", save_all=True, append_images=[second.quantize(32)]))
    g.add(g.write("offset.gif", offset_gif(None)))
    g.add(g.write("offset-seethrough.gif", offset_gif(1)))

    g.add(g.save("lossy.webp", rgb, format="WEBP", quality=80))
    g.add(g.save("lossy-even.webp", Image.fromarray(scene(64, 48, 8)), format="WEBP", quality=70))
    g.add(g.save("lossy-1x1.webp", Image.fromarray(scene(1, 1, 8)), format="WEBP", quality=70))
    g.add(g.save("lossy-alpha.webp", rgba, format="WEBP", quality=80))
    g.add(g.save("lossless.webp", rgb, format="WEBP", lossless=True))
    g.add(g.save("lossless-alpha.webp", rgba, format="WEBP", lossless=True, exact=True))
    g.add(g.save("animated.webp", rgb, format="WEBP", save_all=True, append_images=[second], quality=70))
    g.add(g.save("animated-alpha.webp", rgba, format="WEBP", save_all=True, append_images=[second.convert("RGBA")],
                 lossless=True, exact=True))
    small = Image.fromarray(scene(21, 15, 9))
    for name, flags in (("animated-offset", 2), ("animated-offset-alpha", 2 | 16)):
        g.add(g.write(f"{name}.webp", offset_webp(small, flags)))

    for name, image in {"rgb": rgb, "palette": rgb.quantize(100), "grey": rgb.convert("L"), "bilevel": rgb.convert("1"),
                        "rgba": rgba}.items():
        g.add(g.save(f"{name}.bmp", image, format="BMP"))
    for name, image, options in [
        ("rgb", rgb, {}), ("rgb-lzw", rgb, {"compression": "tiff_lzw"}), ("rgb-deflate", rgb, {"compression": "tiff_adobe_deflate"}),
        ("packbits", rgb, {"compression": "packbits"}), ("grey", rgb.convert("L"), {}), ("bilevel", rgb.convert("1"), {}),
        ("palette", rgb.quantize(90), {}), ("rgba", rgba, {}), ("group4", rgb.convert("1"), {"compression": "group4"}),
    ]:
        path = g.save(f"{name}.tif", image, format="TIFF", **options)
        if name == "group4":  # as scanners write it: white is zero
            data = path.read_bytes()
            at = data.index(struct.pack("<HHI", 262, 3, 1)) + 8
            g.write(path.name, data[:at] + b"\0\0" + data[at + 2:])
        g.add(path)
    deep = Image.fromarray((scene(w, h, 6)[..., 0].astype(np.uint16) << 8) | 77)
    g.add(g.save("grey16.tif", deep, format="TIFF"))


def offset_gif(transparent):
    """A first frame of 8x6 at (5, 3) on a screen of 20x16, which Pillow does not write."""
    small = Image.fromarray(scene(8, 6, 10)).quantize(4)
    buffer = io.BytesIO()
    small.save(buffer, format="GIF", **({} if transparent is None else {"transparency": transparent}))
    data = bytearray(buffer.getvalue())
    data[6:10] = struct.pack("<HH", 20, 16)
    at = 13 + 3 * (2 << (data[10] & 7))
    while data[at] != 0x2C:  # extensions before the image descriptor
        at += 2
        while data[at]:
            at += data[at] + 1
        at += 1
    data[at + 1:at + 5] = struct.pack("<HH", 5, 3)
    return bytes(data)


def offset_webp(small, flags):
    """One frame at (6, 4) on a canvas of 40x30, in an animation's container."""
    buffer = io.BytesIO()
    small.save(buffer, format="WEBP", lossless=True)
    frame = buffer.getvalue()[12:]

    def u24(v):
        return struct.pack("<I", v)[:3]

    def chunk(name, payload):
        return name + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2)

    body = chunk(b"VP8X", bytes([flags, 0, 0, 0]) + u24(39) + u24(29))
    body += chunk(b"ANIM", b"\0\0\0\0\0\0")
    body += chunk(b"ANMF", u24(3) + u24(2) + u24(small.width - 1) + u24(small.height - 1) + u24(100) + b"\0" + frame)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def modern(g):
    w, h = 144, 128
    image = Image.fromarray(soft_scene(w, h, 11))
    alpha = image.copy()
    alpha.putalpha(Image.fromarray(alpha_plane(w, h)))
    pillow_heif.register_heif_opener()
    for o in (1, 3, 6, 7):
        stored = image if o == 1 else image.transpose(STORED[o])
        g.add(g.save(f"orientation{o}.heic", stored, format="HEIF", quality=90, exif=exif_bytes(o)), keep=True)
        g.add(g.save(f"orientation{o}.avif", stored, format="AVIF", quality=90, exif=exif_bytes(o)), keep=True)
    g.add(g.save("clap.heic", Image.fromarray(soft_scene(131, 53, 12)), format="HEIF", quality=90), keep=True)
    g.add(g.save("alpha.avif", alpha, format="AVIF", quality=90), keep=True)
    g.save("narrow.heic", Image.fromarray(soft_scene(80, 64, 12)), format="HEIF", quality=50)
    g.add(g.save("dated.heic", image, format="HEIF", quality=60, exif=exif_bytes(1, "2019:06:07 08:09:10", "+02:00")))
    g.add(g.save("dated.avif", image, format="AVIF", quality=60, exif=exif_bytes(1, "2019:06:07 08:09:10", "+02:00")))
    for entry in g.decode[-2:]:
        entry["inexact"] = True


def orientations(g):
    upright = Image.fromarray(scene(48, 31, 13))
    for o in range(1, 9):
        stored = upright if o == 1 else upright.transpose(STORED[o])
        exif = exif_bytes(o)
        g.add(g.save(f"orientation{o}.png", stored, format="PNG", exif=exif))
        g.add(g.save(f"orientation{o}.webp", stored, format="WEBP", lossless=True, exif=exif))
        g.add(g.save(f"orientation{o}.tif", stored, format="TIFF", exif=exif))
        path = g.save(f"orientation{o}.jpg", stored, format="JPEG", quality=92, exif=exif)
        g.add(path, keep=o in (5, 8))
        g.add_fast(path, [8])


def with_iptc(jpeg_bytes, keywords):
    records = b"".join(b"\x1c\x02\x19" + struct.pack(">H", len(k)) + k for k in keywords)
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records + b"\0" * (len(records) % 2)
    payload = b"Photoshop 3.0\0" + block
    return jpeg_bytes[:2] + b"\xff\xed" + struct.pack(">H", len(payload) + 2) + payload + jpeg_bytes[2:]


def metadata(g):
    image = Image.fromarray(scene(16, 12, 14))
    xmp = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag>%s</rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta>"""
    subjects = xmp % "<rdf:li>beach</rdf:li><rdf:li>Été</rdf:li><rdf:li>dog</rdf:li>"

    def jpeg_bytes(**options):
        buffer = io.BytesIO()
        image.save(buffer, format="JPEG", **options)
        return buffer.getvalue()

    g.write("meta/dated.jpg", jpeg_bytes(exif=exif_bytes(1, "2021:03:04 05:06:07", "-08:00")))
    g.write("meta/dated-local.jpg", jpeg_bytes(exif=exif_bytes(None, "2021:03:04 05:06:07")))
    g.write("meta/absurd.jpg", jpeg_bytes(exif=exif_bytes(77, "0000:00:00 00:00:00", "+99:99")))
    g.write("meta/absurd-text.jpg", jpeg_bytes(exif=exif_bytes(0, "yesterday, I think!")))
    g.write("meta/future.jpg", jpeg_bytes(exif=exif_bytes(65535, "9999:12:31 23:59:59")))
    g.write("meta/xmp.jpg", jpeg_bytes(xmp=subjects.encode()))
    g.write("meta/iptc.jpg", with_iptc(jpeg_bytes(), [b"sunset", b"dog", b"sunset"]))
    both = with_iptc(jpeg_bytes(xmp=subjects.encode(), exif=exif_bytes(3)), [b"dog", b"harbour"])
    g.write("meta/both.jpg", both)
    g.write("meta/one-subject.jpg", jpeg_bytes(xmp=(xmp % "<rdf:li>alone</rdf:li>").encode()))
    g.write("meta/broken-xmp.jpg", jpeg_bytes(xmp=subjects[:200].encode(), exif=exif_bytes(6, "2001:02:03 04:05:06", "+00:00")))
    whole = jpeg_bytes(exif=exif_bytes(6, "2001:02:03 04:05:06"), xmp=subjects.encode())
    at = whole.index(b"Exif\0\0") + 6
    wild = bytearray(whole)
    wild[at + 4:at + 8] = b"\xff\xff\xff\xf0"  # the first directory lies beyond the end
    g.write("meta/wild-ifd.jpg", bytes(wild))
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", subjects)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", pnginfo=info, exif=exif_bytes(1, "2021:03:04 05:06:07", "+01:00"))
    g.write("meta/both.png", buffer.getvalue())


def resizes(g):
    for name, size in (("resize-small", (97, 61)), ("resize-large", (400, 301))):
        path = g.save(f"{name}.png", Image.fromarray(scene(*size, 15)), format="PNG", optimize=True)
        g.add_resizes(path)
    rng = np.random.default_rng(16)
    noise = (rng.integers(0, 2, (61, 97, 3)) * 255).astype(np.uint8)  # the most overshoot there is
    g.add_resizes(g.save("resize-noise.png", Image.fromarray(noise), format="PNG", optimize=True))


CLIP_MEAN, CLIP_STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
PREPROCESSORS = {
    "clip": {"fit": "crop", "size": [224, 224], "crop": [224, 224], "filter": "bicubic", "mean": CLIP_MEAN, "std": CLIP_STD},
    "resize-then-less": {"fit": "crop", "size": [96, 96], "crop": [77, 84], "filter": "bilinear", "mean": [0.5] * 3, "std": [0.25] * 3},
    "crop-too-large": {"fit": "crop", "size": [40, 40], "crop": [65, 50], "filter": "lanczos", "mean": CLIP_MEAN, "std": CLIP_STD},
    "siglip": {"fit": "squash", "size": [61, 53], "crop": [61, 53], "filter": "bicubic", "mean": [0.5] * 3, "std": [0.5] * 3},
    "starter": {"fit": "squash", "size": [224, 224], "crop": [224, 224], "filter": "bicubic", "mean": CLIP_MEAN, "std": CLIP_STD},
    "unscaled": {"fit": "crop", "size": [64, 64], "crop": [64, 64], "filter": "bilinear", "mean": [0.0] * 3, "std": [1.0] * 3},
}


def prepare(image, p):
    """Geometry of torchvision's Resize and CenterCrop, arithmetic of transformers'
    slow image processors: rescaled in float64, kept and normalised in float32."""
    width, height = image.size
    size = p["size"]
    if p["fit"] == "crop":
        short, long = sorted((width, height))
        scaled = int(size[0] * long / short)
        size = (size[0], scaled) if width <= height else (scaled, size[0])
    image = image.resize(tuple(size), FILTERS[p["filter"]])
    width, height = image.size
    crop_width, crop_height = p["crop"]
    left, top = int(round((width - crop_width) / 2.0)), int(round((height - crop_height) / 2.0))
    if crop_width > width:
        left = -((crop_width - width) // 2)
    if crop_height > height:
        top = -((crop_height - height) // 2)
    image = image.crop((left, top, left + crop_width, top + crop_height))  # black beyond the edges
    values = (np.array(image).astype(np.float64) * (1 / 255)).astype(np.float32)
    values = (values - np.array(p["mean"], np.float32)) / np.array(p["std"], np.float32)
    return np.ascontiguousarray(np.moveaxis(values, -1, 0), dtype="<f4")


def preprocessing(source, folder):
    cases = []
    for name in ("420.jpg", "resize-large.png", "resize-small.png", "size-7x300.jpg", "size-33x8.jpg", "size-1x1.jpg"):
        with Image.open(source / "src" / name) as opened:
            image = opened.convert("RGB")
        for kind, p in PREPROCESSORS.items():
            tensor = prepare(image, p)
            cases.append({"file": name, "preprocess": kind, "sha256": hashlib.sha256(tensor.tobytes()).hexdigest()})
    rows = ",\n".join("  " + json.dumps(c) for c in cases)
    kinds = ",\n".join(f'  "{k}": {json.dumps(p)}' for k, p in PREPROCESSORS.items())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "preprocess.json").write_text(f'{{\n "preprocessors": {{\n{kinds}\n }},\n "cases": [\n{rows}\n ]\n}}\n')


def main():
    folder = pathlib.Path(sys.argv[1])
    g = Goldens(folder)
    png(g)
    jpeg(g)
    others(g)
    orientations(g)
    modern(g)
    metadata(g)
    resizes(g)
    golden = {
        "made_with": {"pillow": Image.__version__, "libjpeg_turbo": features.version_feature("libjpeg_turbo"),
                      "webp": features.version_module("webp"), "pillow_heif": pillow_heif.__version__},
        "decode": g.decode, "fast": g.fast, "resize": g.resize,
    }
    lines = ["{", f' "made_with": {json.dumps(golden["made_with"])},']
    for key in ("decode", "fast", "resize"):
        rows = ",\n".join("  " + json.dumps(entry) for entry in golden[key])
        lines.append(f' "{key}": [\n{rows}\n ]' + ("" if key == "resize" else ","))
    (folder / "golden.json").write_text("\n".join(lines) + "\n}\n")
    preprocessing(folder, pathlib.Path(sys.argv[2]))


if __name__ == "__main__":
    main()
