"""Makes internal/imaging/testdata/raster.zip: small TIFFs of every kind that
internal/imaging/tiff reads, and the pixels that they are to give.

    python3 -m venv .venv/raster
    .venv/raster/bin/pip install --require-hashes -r scripts/reference/requirements-raster.txt
    .venv/raster/bin/python scripts/reference/raster.py internal/imaging/testdata/raster.zip

The files are put together tag by tag, so that they can have what no library writes.
The right pixels come from the arrays that went in, by the policies of the package;
where Pillow opens a file as well, the script checks that it agrees, except for the
cases that PILLOW_DIFFERS names with the reason.
"""

import hashlib
import io
import json
import lzma
import pathlib
import struct
import sys
import warnings
import zipfile

import imagecodecs
import numpy as np
from PIL import Image, ImageCms

W, H = 21, 18
BYTE, ASCII, SHORT, LONG, RATIONAL, LONG8 = 1, 2, 3, 4, 5, 16
NONE, RLE, G3, G4, LZW, OLD_JPEG, JPEG, DEFLATE = 1, 2, 3, 4, 5, 6, 7, 8
PACKBITS, DEFLATE_OLD, LZMA, ZSTD = 32773, 32946, 34925, 50000
WHITE0, BLACK0, RGB, PALETTE, CMYK, YCBCR, LAB, ICCLAB = 0, 1, 2, 3, 5, 6, 8, 9

# Pillow 12.3 opens these, and shows something else than the file says.
PILLOW_DIFFERS = {
    "grey-uint32": "takes 32 bits without a sign as with one, and clips",
    "grey-whiteiszero-16": "does not invert 16 bits",
    "planar-16": "takes planes of 16 bits that are not compressed as such of 8",
    "grey-12": "keeps 12 bits as the low ones of 16",
    "palette-8bit-colormap": "keeps the high byte, which is zero",
    "ycbcr-planar": "shows YCbCr as RGB",
    "ycbcr-1": "shows YCbCr that is not compressed as RGB",
    "grey-int16-big-predictor": "swaps bytes twice",
    "grey-int32-big-predictor": "swaps bytes twice",
    "grey-float32-big-predictor": "swaps bytes twice",
    "grey-int8": "takes a sign for 128 more",
}


def scene(width=W, height=H, seed=1):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    out = np.stack([255 * x / width, 128 + 100 * np.sin(y / 5) * np.cos(x / 7), 255 - 255 * y / height], axis=-1)
    out[(x - width * 0.6) ** 2 + (y - height * 0.4) ** 2 < (min(width, height) * 0.27) ** 2] = (250, 20, 30)
    return np.clip(np.round(out + 3 * (rng.random(out.shape) < 0.02)), 0, 255).astype(np.uint8)


def ramp(width=W, height=H):
    y, x = np.mgrid[0:height, 0:width]
    return ((x * 5 + y * 3) % 256).astype(np.uint8)


def over_white(rgb, alpha):
    image = Image.fromarray(np.dstack([rgb, alpha]), "RGBA")
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return np.array(Image.alpha_composite(white, image).convert("RGB"))


def three(grey):
    return np.stack([grey] * 3, axis=-1)


def build(blocks, tags, order="<", big=False, tiled=False, sort=True, omit=(), magic=None, counts=None):
    """Puts a file together. tags maps numbers to (type, values)."""
    def pack(kind, values):
        if kind == ASCII:
            return values
        if kind == RATIONAL:
            return struct.pack(order + "I" * 2 * len(values), *[n for v in values for n in (round(v * 10000), 10000)])
        return struct.pack(order + {BYTE: "B", SHORT: "H", LONG: "I", LONG8: "Q"}[kind] * len(values), *values)

    out = bytearray(b"II" if order == "<" else b"MM")
    out += magic or struct.pack(order + "H", 43 if big else 42)
    out += struct.pack(order + "HHQ", 8, 0, 0) if big else struct.pack(order + "I", 0)
    offsets = []
    for block in blocks:
        offsets.append(len(out))
        out += block + b"\0" * (len(block) % 2)
    wide = LONG8 if big else LONG
    tags = dict(tags)
    tags[324 if tiled else 273] = (wide, offsets)
    tags[325 if tiled else 279] = (wide, counts if counts is not None else [len(b) for b in blocks])
    entries = [(t, *v) for t, v in tags.items() if t not in omit]
    entries = sorted(entries) if sort else entries[::-1]
    inline = 8 if big else 4
    directory = struct.pack(order + ("Q" if big else "H"), len(entries))
    for tag, kind, values in entries:
        data = pack(kind, values)
        n = len(values)
        if len(data) > inline:
            at = len(out)
            out += data + b"\0" * (len(data) % 2)
            data = struct.pack(order + ("Q" if big else "I"), at)
        directory += struct.pack(order + ("HHQ" if big else "HHI"), tag, kind, n) + data.ljust(inline, b"\0")
    at = len(out)
    out += directory + b"\0" * inline
    struct.pack_into(order + ("Q" if big else "I"), out, 8 if big else 4, at)
    return bytes(out)


def compress(data, compression):
    if compression == NONE:
        return data
    if compression == LZW:
        return imagecodecs.lzw_encode(data)
    if compression == PACKBITS:
        return imagecodecs.packbits_encode(data)
    if compression in (DEFLATE, DEFLATE_OLD):
        return imagecodecs.zlib_encode(data)
    if compression == ZSTD:
        return imagecodecs.zstd_encode(data)
    if compression == LZMA:  # as libtiff does, with a filter of differences
        return lzma.compress(data, filters=[{"id": lzma.FILTER_DELTA, "dist": 1}, {"id": lzma.FILTER_LZMA2, "preset": 6}])
    raise ValueError(compression)


def predict(block, predictor, order):
    """The bytes of a block (rows, columns, samples), predicted."""
    if predictor == 2:
        differences = block.copy()
        with np.errstate(over="ignore"):
            differences[:, 1:] = block[:, 1:] - block[:, :-1]
        block = differences
    if predictor == 3:
        rows, columns, samples = block.shape
        planes = np.frombuffer(block.astype(block.dtype.newbyteorder(">")).tobytes(), np.uint8)
        planes = planes.reshape(rows, columns * samples, block.dtype.itemsize).transpose(0, 2, 1).reshape(rows, -1).copy()
        out = planes.copy()
        out[:, samples:] = planes[:, samples:] - planes[:, :-samples]
        return out.tobytes()
    return block.astype(block.dtype.newbyteorder(order)).tobytes()


def pack_bits(block, bits):
    """Rows of samples of fewer than 8, or of 10, 12 and 14 bits."""
    rows = []
    for row in block.reshape(block.shape[0], -1).astype(np.uint32):
        digits = "".join(format(v, f"0{bits}b") for v in row)
        digits += "0" * (-len(digits) % 8)
        rows.append(int(digits, 2).to_bytes(len(digits) // 8, "big"))
    return b"".join(rows)


def blocks_of(array, tile=None, rows=None, planar=False):
    """Cuts an array (height, width, samples) into strips or tiles, padded with zeros."""
    height, width, samples = array.shape
    out = []
    for plane in range(samples) if planar else [slice(None)]:
        part = array[:, :, plane] if not planar else array[:, :, plane:plane + 1]
        if tile:
            tw, th = tile
            for y in range(0, height, th):
                for x in range(0, width, tw):
                    block = np.zeros((th, tw, part.shape[2]), array.dtype)
                    piece = part[y:y + th, x:x + tw]
                    block[:piece.shape[0], :piece.shape[1]] = piece
                    out.append(block)
        else:
            out += [part[y:y + (rows or height)] for y in range(0, height, rows or height)]
    return out


def tiff(array, photometric, compression=NONE, predictor=1, tile=None, rows=None, planar=False, order="<",
         bits=None, extra=None, reverse=False, tags=None, **options):
    """A file of an array (height, width[, samples])."""
    if array.ndim == 2:
        array = array[:, :, None]
    height, width, samples = array.shape
    kind = {"u": 1, "i": 2, "f": 3}[array.dtype.kind]
    depth = bits or 8 * array.dtype.itemsize
    t = {256: (SHORT, [width]), 257: (SHORT, [height]), 258: (SHORT, [depth] * samples), 259: (SHORT, [compression]),
         262: (SHORT, [photometric]), 277: (SHORT, [samples]), 284: (SHORT, [2 if planar else 1])}
    if kind != 1:
        t[339] = (SHORT, [kind] * samples)
    if predictor != 1:
        t[317] = (SHORT, [predictor])
    if extra is not None:
        t[338] = (SHORT, extra)
    if tile:
        t[322], t[323] = (SHORT, [tile[0]]), (SHORT, [tile[1]])
    else:
        t[278] = (SHORT, [rows or height])
    if reverse:
        t[266] = (SHORT, [2])
    t.update(tags or {})
    data = []
    for block in blocks_of(array, tile, rows, planar):
        raw = pack_bits(block, bits) if bits and bits not in (8, 16, 32) else predict(block, predictor, order)
        raw = compress(raw, compression)
        if reverse:
            raw = bytes(int(f"{b:08b}"[::-1], 2) for b in raw)
        data.append(raw)
    return build(data, t, order=order, tiled=bool(tile), **options)


def mapped(values, kind):
    """The rule for samples whose range is not agreed (see mapping in the Go package)."""
    v = values.astype(np.float64)
    low, high = np.nanmin(v[np.isfinite(v)]), np.nanmax(v[np.isfinite(v)])
    black, per, half = 0.0, 1.0, 0.0
    if kind == "f" and low >= 0 and high <= 1:
        per, half = 255.0, 0.5
    elif low >= 0 and high <= 255:
        pass
    elif kind == "u":
        per = 256.0 / next(2.0 ** b for b in (16, 24, 32, 64) if high < 2.0 ** b)
    else:
        black, per, half = low, 255 / (high - low), 0.5
    v = (np.nan_to_num(v, nan=black, posinf=1e300, neginf=-1e300) - black) * per + half
    return np.clip(v, 0, 255).astype(np.uint8)


class Cases:
    wrong = 0

    def __init__(self):
        self.files, self.index, self.wants = {}, [], {}

    def add(self, name, data, want=None, tolerance=0.0, fails="", damage=False, pillow=True):
        entry = {"file": name + ".tif"}
        if fails:
            entry["fails"] = fails
        else:
            want = np.ascontiguousarray(want, np.uint8)
            digest = hashlib.sha256(want.tobytes()).hexdigest()[:16]
            self.wants[digest + ".rgb"] = want.tobytes()
            entry.update(width=want.shape[1], height=want.shape[0], want=digest + ".rgb", tolerance=tolerance)
            if damage:
                entry["damage"] = True
            if pillow and not damage:
                self.compare(name, data, want, tolerance)
        assert entry["file"] not in self.files, name
        self.files[entry["file"]] = data
        self.index.append(entry)

    @staticmethod
    def compare(name, data, want, tolerance):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                image = Image.open(io.BytesIO(data))
                image.load()
        except Exception:  # Pillow does not know the kind
            return
        if image.mode.startswith("I;16"):
            got = three((np.array(image).astype(np.uint16) >> 8).astype(np.uint8))
        elif image.mode in ("I", "F"):
            got = three(mapped(np.array(image), {"I": "i", "F": "f"}[image.mode]))
        elif image.mode in ("RGBA", "LA", "PA"):
            rgba = np.array(image.convert("RGBA"))
            got = over_white(rgba[..., :3], rgba[..., 3])
        else:
            got = np.array(image.convert("RGB"))
        difference = np.abs(got.astype(int) - want).mean() if got.shape == want.shape else 255
        if difference > tolerance + 0.6:
            known = any(name.startswith(k) for k in PILLOW_DIFFERS)
            print(f"{'known: ' if known else 'DIFFERS: '}{name}: Pillow's pixels are {difference:.2f} levels away ({image.mode})")
            Cases.wrong += not known

    def write(self, path):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
            everything = {**self.files, **self.wants, "index.json": json.dumps(self.index, indent=1).encode()}
            for name, data in sorted(everything.items()):
                z.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def compressions(c):
    rgb = scene()
    names = {NONE: "none", LZW: "lzw", DEFLATE: "deflate", DEFLATE_OLD: "deflate-old", PACKBITS: "packbits", ZSTD: "zstd", LZMA: "lzma"}
    for compression, name in names.items():
        for predictor in (1, 2) if compression not in (NONE, PACKBITS) else (1,):
            for planar in (False, True):
                for layout, options in {"strips": {"rows": 7}, "one": {}, "tiles": {"tile": (16, 16)}}.items():
                    order = ">" if layout == "strips" else "<"
                    c.add(f"{name}-predictor{predictor}-{'planar' if planar else 'contig'}-{layout}",
                          tiff(rgb, RGB, compression, predictor, planar=planar, order=order, **options), rgb)
        c.add(f"{name}-reversed", tiff(rgb, RGB, compression, rows=7, reverse=True), rgb)
        c.add(f"{name}-bigtiff", tiff(rgb, RGB, compression, rows=7, big=True, order=">"), rgb)
    old = imagecodecs.lzw_encode(b"")  # only to say that the encoder exists
    assert old
    c.add("lzw-old", build([old_lzw(rgb.tobytes())], {256: (SHORT, [W]), 257: (SHORT, [H]), 258: (SHORT, [8] * 3),
          259: (SHORT, [LZW]), 262: (SHORT, [RGB]), 277: (SHORT, [3]), 278: (SHORT, [H])}), rgb)


def old_lzw(data):
    """LZW with the lowest bit first, of literals alone, cleared before codes grow."""
    digits, since = [], 255
    for b in data:
        if since >= 250:
            digits.append(256)
            since = 0
        digits.append(b)
        since += 1
    digits.append(257)
    value = sum(d << (9 * i) for i, d in enumerate(digits))
    return value.to_bytes((9 * len(digits) + 7) // 8, "little")


def depths(c):
    rgb, grey = scene(), scene()[..., 1]
    rng = np.random.default_rng(3)
    for order, o in (("<", "little"), (">", "big")):
        deep = rgb.astype(np.uint16) << 8 | np.arange(3, dtype=np.uint16) * 77 + 9
        for planar in (False, True):
            name = f"planar-16-{o}" if planar else f"rgb-16-{o}"
            c.add(name, tiff(deep, RGB, planar=planar, order=order, rows=9), rgb)
            c.add(name + "-lzw", tiff(deep, RGB, LZW, 2, planar=planar, order=order, tile=(16, 16)), rgb)
        c.add(f"grey-16-{o}", tiff(deep[..., 1], BLACK0, order=order), three(grey))
        c.add(f"grey-whiteiszero-16-{o}", tiff(deep[..., 1], WHITE0, order=order), three(255 - grey))
        c.add(f"cmyk-16-{o}", tiff(np.dstack([deep, np.zeros_like(deep[..., :1])]), CMYK, order=order), 255 - rgb)
        alpha = np.dstack([deep, (ramp().astype(np.uint16) << 8)[..., None]])
        c.add(f"rgba-16-{o}", tiff(alpha, RGB, order=order, extra=[2]), over_white(rgb, ramp()))
        for dtype in (np.uint32, np.int8, np.int16, np.int32, np.float16, np.float32, np.float64, np.uint64):
            for source, photometric, kind in ((grey, BLACK0, "grey"), (rgb, RGB, "rgb")):
                d = np.dtype(dtype)
                if d.kind == "u":
                    v = source.astype(d) << (8 * d.itemsize - 8)
                elif d.kind == "i":
                    v = source.astype(d) if d.itemsize > 1 else (source // 2).astype(d)
                else:
                    v = (source / 255).astype(d)
                want = mapped(v, d.kind) if d.itemsize > 1 else v.astype(np.uint8)
                want = want if want.ndim == 3 else three(want)
                c.add(f"{kind}-{d.name}-{o}", tiff(v, photometric, order=order, rows=10), want)
                c.add(f"{kind}-{d.name}-{o}-predictor", tiff(v, photometric, DEFLATE, 3 if d.kind == "f" else 2, order=order, tile=(16, 32)), want)
        for name, values in {"stretched": grey * 40.0 - 900, "as-it-is": grey.astype(float), "not-a-number": np.where(grey > 200, np.nan, grey / 255)}.items():
            v = values.astype(np.float32)
            c.add(f"grey-float-{name}-{o}", tiff(v, BLACK0, order=order), three(mapped(v, "f")), pillow=False)
    for bits in (2, 3, 4, 5, 6, 7, 10, 12, 14):
        small = (rgb.astype(np.uint32) * (2 ** bits - 1) // 255) if bits < 8 else rgb.astype(np.uint32) << (bits - 8)
        back = (small * 255 // (2 ** bits - 1)).astype(np.uint8) if bits < 8 else rgb
        for planar in (False, True):
            c.add(f"rgb-{bits}-{'planar' if planar else 'contig'}", tiff(small.astype(np.uint16), RGB, bits=bits, planar=planar, rows=5), back)
        for photometric, p in ((BLACK0, "grey"), (WHITE0, "grey-whiteiszero")):
            want = three(back[..., 1] if photometric == BLACK0 else 255 - back[..., 1])
            c.add(f"{p}-{bits}", tiff(small[..., 1].astype(np.uint16), photometric, LZW, bits=bits), want)
            c.add(f"{p}-{bits}-reversed", tiff(small[..., 1].astype(np.uint16), photometric, bits=bits, reverse=True), want)
    c.add("grey-whiteiszero-8", tiff(grey, WHITE0), three(255 - grey))
    bilevel = (grey > 128).astype(np.uint16)
    for photometric, p in ((BLACK0, "black"), (WHITE0, "white")):
        want = three((bilevel if photometric == BLACK0 else 1 - bilevel) * 255)
        for compression in (NONE, LZW, PACKBITS, DEFLATE):
            c.add(f"bilevel-{p}-{compression}", tiff(bilevel, photometric, compression, bits=1, rows=8), want)
        c.add(f"bilevel-{p}-tiles", tiff(bilevel, photometric, LZW, bits=1, tile=(32, 16)), want)


def palettes(c):
    rng = np.random.default_rng(4)
    for bits in (1, 2, 4, 8):
        n = 2 ** bits
        colours = rng.integers(0, 256, (3, n))
        index = rng.integers(0, n, (H, W)).astype(np.uint16 if bits < 8 else np.uint8)
        want = colours[:, index].transpose(1, 2, 0)
        table = {320: (SHORT, [int(v) * 257 for v in colours.ravel()])}
        for compression in (NONE, LZW):
            c.add(f"palette-{bits}-{compression}", tiff(index, PALETTE, compression, bits=bits if bits < 8 else None, tags=table), want)
        c.add(f"palette-{bits}-tiles", tiff(index, PALETTE, DEFLATE, bits=bits if bits < 8 else None, tags=table, tile=(16, 16), order=">"), want)
    c.add("palette-8bit-colormap", tiff(index, PALETTE, tags={320: (SHORT, [int(v) for v in colours.ravel()])}), want)
    both = np.dstack([index, ramp()])
    c.add("palette-alpha", tiff(both, PALETTE, tags=table, extra=[2]), over_white(want.astype(np.uint8), ramp()))
    c.add("palette-unspecified", tiff(both, PALETTE, tags=table, extra=[0]), want)


def extras(c):
    rgb, alpha = scene(), ramp()
    grey = rgb[..., 1]
    straight = over_white(rgb, alpha)
    small = (rgb.astype(int) * alpha[..., None] // 255).astype(np.uint8)
    multiplied = np.minimum(small, alpha[..., None]) + (255 - alpha[..., None])
    four, five = np.dstack([rgb, alpha]), np.dstack([rgb, alpha, alpha])
    for planar in (False, True):
        p = "planar" if planar else "contig"
        for layout, options in {"strips": {"rows": 7}, "tiles": {"tile": (16, 16), "compression": LZW}}.items():
            for name, array, extra, want in (
                    ("straight", four, [2], straight), ("unspecified", four, [0], rgb), ("missing", four, None, straight),
                    ("corel", four, [999], straight), ("two-unspecified", five, [0, 0], rgb), ("straight-and-more", five, [2, 0], straight)):
                c.add(f"extra-{name}-{p}-{layout}", tiff(array, RGB, extra=extra, planar=planar, **options), want,
                      pillow=not planar or name == "straight")
            c.add(f"extra-multiplied-{p}-{layout}", tiff(np.dstack([small, alpha]), RGB, extra=[1], planar=planar, **options),
                  multiplied, tolerance=0.6, pillow=not planar)
    c.add("grey-alpha", tiff(np.dstack([grey, alpha]), BLACK0, extra=[2]), over_white(three(grey), alpha))
    c.add("grey-unspecified", tiff(np.dstack([grey, alpha]), BLACK0, extra=[0]), three(grey))
    c.add("grey-white-alpha", tiff(np.dstack([grey, alpha]), WHITE0, extra=[2]), over_white(three(255 - grey), alpha))
    cmyk = np.dstack([255 - rgb, ramp() // 3])
    want = np.array(Image.fromarray(cmyk, "CMYK").convert("RGB"))
    for planar in (False, True):
        for compression in (NONE, LZW, ZSTD):
            c.add(f"cmyk-{compression}-{'planar' if planar else 'contig'}", tiff(cmyk, CMYK, compression, planar=planar, rows=11), want)
        c.add(f"cmyk-unspecified-{'planar' if planar else 'contig'}", tiff(np.dstack([cmyk, alpha]), CMYK, extra=[0], planar=planar), want)
    c.add("cmyk-tiles", tiff(cmyk, CMYK, DEFLATE, 2, tile=(16, 16)), want)


def colours(c):
    rgb = scene()
    image = Image.fromarray(rgb)
    ycc = np.array(image.convert("YCbCr"))
    default = {532: (RATIONAL, [0, 255, 128, 255, 128, 255])}
    one = {530: (SHORT, [1, 1])}
    for compression in (NONE, LZW, DEFLATE):
        c.add(f"ycbcr-{compression}", tiff(ycc, YCBCR, compression, tags={**default, **one}, rows=8), rgb, tolerance=1)
    c.add("ycbcr-tiles", tiff(ycc, YCBCR, LZW, tags={**default, **one}, tile=(16, 16)), rgb, tolerance=1)
    c.add("ycbcr-planar", tiff(ycc, YCBCR, LZW, tags={**default, **one}, planar=True), rgb, tolerance=1)
    c.add("ycbcr-no-range", tiff(ycc, YCBCR, tags=one), rgb, tolerance=1)
    video = np.clip(np.round(ycc * np.array([219, 224, 224]) / 255 + 16), 0, 255).astype(np.uint8)
    c.add("ycbcr-video", tiff(video, YCBCR, tags={**one, 532: (RATIONAL, [16, 235, 128, 240, 128, 240])}), rgb, tolerance=2.5)
    for sx, sy in ((2, 1), (2, 2), (4, 1), (1, 2), (4, 4), (4, 2)):
        coarse = ycc.copy()
        for s in (1, 2):
            coarse[..., s] = np.repeat(np.repeat(ycc[::sy, ::sx, s], sy, 0), sx, 1)[:H, :W]
        want = np.array(Image.fromarray(coarse, "YCbCr").convert("RGB"))
        tags = {**default, 530: (SHORT, [sx, sy])}
        for rows in (H, 8):
            strips = [units(coarse[y:y + rows], sx, sy) for y in range(0, H, rows)]
            for compression in (NONE, LZW):
                t = {256: (SHORT, [W]), 257: (SHORT, [H]), 258: (SHORT, [8] * 3), 259: (SHORT, [compression]),
                     262: (SHORT, [YCBCR]), 277: (SHORT, [3]), 278: (SHORT, [rows]), **tags}
                c.add(f"ycbcr-{sx}x{sy}-{compression}-{rows}", build([compress(s, compression) for s in strips], t), want, tolerance=1)
    cie = np.array(ImageCms.profileToProfile(image, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"))
    want = np.array(ImageCms.profileToProfile(Image.fromarray(cie, "LAB"), ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"))
    lab = cie.copy()
    lab[..., 1:] ^= 128  # not signed, as ICC has it
    c.add("lab", tiff(cie, LAB), want, tolerance=1.5)
    c.add("lab-lzw-tiles", tiff(cie, LAB, LZW, tile=(16, 16)), want, tolerance=1.5)
    c.add("icclab", tiff(lab, ICCLAB), want, tolerance=1.5)
    c.add("lab-lightness", tiff(cie[..., 0], LAB), three(cie[..., 0]))


def units(ycc, sx, sy):
    """Rows of units of subsampled YCbCr."""
    height, width, _ = ycc.shape
    padded = np.pad(ycc, ((0, -height % sy), (0, -width % sx), (0, 0)), "edge")
    out = bytearray()
    for y in range(0, padded.shape[0], sy):
        for x in range(0, padded.shape[1], sx):
            out += padded[y:y + sy, x:x + sx, 0].tobytes() + padded[y, x, 1:].tobytes()
    return bytes(out)


def fax(c):
    """Encoded by libtiff, through Pillow, and then taken over into files of our own."""
    rng = np.random.default_rng(6)
    grey = scene(150, 61, 5)[..., 1]
    bilevel = (grey > 128).astype(np.uint8) * 255
    bilevel[20:30] = rng.integers(0, 2, (10, 150)).astype(np.uint8) * 255
    bilevel[40:44] = 0
    for kind, name, options in ((RLE, "tiff_ccitt", [0]), (G3, "group3", [0, 1, 4, 5]), (G4, "group4", [0])):
        for option in options:
            # White where the array is 0, so that what libtiff codes is the array.
            image = Image.fromarray(255 - bilevel).convert("1", dither=Image.Dither.NONE)
            buffer = io.BytesIO()
            image.save(buffer, "TIFF", compression=name, tiffinfo={292: option, 262: 0, 278: 61} if kind == G3 else {262: 0, 278: 61})
            written = Image.open(io.BytesIO(buffer.getvalue())).tag_v2
            assert written[259] == kind and len(written[273]) == 1, (name, dict(written))
            start, n = written[273][0], written[279][0]
            code = buffer.getvalue()[start:start + n]
            if kind == G3 and written.get(292, 0) != option:
                print(f"skipped: group 3 with options {option}, libtiff wrote {written.get(292)}")
                continue
            for photometric, p in ((WHITE0, "white"), (BLACK0, "black")):
                # Coded black is the bit 1.
                black = np.array(image) == 0 if written[262] == 0 else np.array(image) != 0
                want = three(np.where(black == (photometric == WHITE0), 0, 255).astype(np.uint8))
                for reverse in (False, True):
                    data = bytes(int(f"{b:08b}"[::-1], 2) for b in code) if reverse else code
                    t = {256: (SHORT, [150]), 257: (SHORT, [61]), 258: (SHORT, [1]), 259: (SHORT, [kind]), 262: (SHORT, [photometric]),
                         266: (SHORT, [2 if reverse else 1]), 277: (SHORT, [1]), 278: (SHORT, [61])}
                    if kind == G3:
                        t[292] = (LONG, [option])
                    c.add(f"fax-{kind}-{option}-{p}{'-reversed' if reverse else ''}", build([data], t), want)


def jpegs(c):
    rgb = scene(48, 40, 7)
    image, grey = Image.fromarray(rgb), Image.fromarray(rgb).convert("L")
    cmyk = np.dstack([255 - rgb, ramp(48, 40) // 3])

    def stream(picture, **options):
        b = io.BytesIO()
        picture.save(b, "JPEG", quality=90, **options)
        return b.getvalue()

    def tags(photometric, samples, tile=None, rows=40, **more):
        t = {256: (SHORT, [48]), 257: (SHORT, [40]), 258: (SHORT, [8] * samples), 259: (SHORT, [JPEG]), 262: (SHORT, [photometric]),
             277: (SHORT, [samples])}
        if tile:
            t[322], t[323] = (SHORT, [tile]), (SHORT, [tile])
        else:
            t[278] = (SHORT, [rows])
        t.update(more.get("extra", {}))
        return t

    def pieces(size, rows):
        return [(0, y, 48, min(y + rows, 40)) for y in range(0, 40, rows)] if not size else [
            (x, y, x + size, y + size) for y in range(0, 40, size) for x in range(0, 48, size)]

    for subsampling in (0, 1, 2):
        for layout, tile, rows in (("one", None, 40), ("strips", None, 16), ("tiles", 16, None)):
            boxes = pieces(tile, rows)
            streams = [stream(image.crop(b), subsampling=subsampling) for b in boxes]
            want = Image.new("RGB", (48, 40))
            for b, s in zip(boxes, streams):
                want.paste(Image.open(io.BytesIO(s)), b[:2])
            sub = {530: (SHORT, [[1, 1], [2, 1], [2, 2]][subsampling])}
            c.add(f"jpeg-ycbcr-{subsampling}-{layout}", build(streams, tags(YCBCR, 3, tile, rows, extra=sub), tiled=bool(tile)), np.array(want), tolerance=0.5)
    # Tables of their own, which the strips lack.
    with_tables, without = [], []
    tables = stream(image, subsampling=2, streamtype=1)
    for b in pieces(None, 16):
        without.append(stream(image.crop(b), subsampling=2, streamtype=2))
        with_tables.append(stream(image.crop(b), subsampling=2))
    want = Image.new("RGB", (48, 40))
    for b, s in zip(pieces(None, 16), with_tables):
        want.paste(Image.open(io.BytesIO(s)), b[:2])
    c.add("jpeg-tables", build(without, tags(YCBCR, 3, None, 16, extra={347: (ASCII, tables), 530: (SHORT, [2, 2])})), np.array(want), tolerance=0.5)
    s = stream(image, keep_rgb=True)
    c.add("jpeg-rgb", build([s], tags(RGB, 3)), np.array(Image.open(io.BytesIO(s)).convert("RGB")), tolerance=0.5)
    s = stream(grey)
    decoded = np.array(Image.open(io.BytesIO(s)))
    c.add("jpeg-grey", build([s], tags(BLACK0, 1)), three(decoded))
    c.add("jpeg-grey-white", build([s], tags(WHITE0, 1)), three(255 - decoded))
    planes = [stream(Image.fromarray(rgb[..., i])) for i in range(3)]
    want = np.dstack([np.array(Image.open(io.BytesIO(p))) for p in planes])
    c.add("jpeg-rgb-planar", build(planes, {**tags(RGB, 3), 284: (SHORT, [2])}), want)
    s = stream(Image.fromarray(255 - cmyk, "CMYK"))
    raw = 255 - np.array(Image.open(io.BytesIO(s)))
    c.add("jpeg-cmyk", build([s], tags(CMYK, 4)), np.array(Image.fromarray(raw, "CMYK").convert("RGB")), tolerance=0.5)
    s = stream(image, progressive=True, subsampling=2)
    c.add("jpeg-progressive", build([s], tags(YCBCR, 3, extra={530: (SHORT, [2, 2])})), np.array(Image.open(io.BytesIO(s))), tolerance=0.5)
    # The compression of TIFF 6.0: a whole stream, and pieces.
    s = stream(image, subsampling=2)
    old = tags(YCBCR, 3, extra={259: (SHORT, [OLD_JPEG]), 530: (SHORT, [2, 2])})
    want = np.array(Image.open(io.BytesIO(s)))
    c.add("oldjpeg-strip", build([s], old), want, tolerance=4, pillow=False)
    c.add("oldjpeg-interchange", build([s], {**old, 512: (SHORT, [1]), 513: (LONG, [8]), 514: (LONG, [len(s)])}), want, tolerance=4)
    c.add("oldjpeg-no-strips", build([s], {**old, 512: (SHORT, [1]), 513: (LONG, [8]), 514: (LONG, [len(s)])}, omit=(273, 279, 278)), want, tolerance=4, pillow=False)
    tables, scan = old_pieces(s)
    c.add("oldjpeg-tables", build([scan, *tables.values()], {
        **old, 512: (SHORT, [1]), **old_pointers(tables, len(scan))}, counts=[len(scan)]), want, tolerance=4)


def old_pieces(stream):
    """Takes a JPEG apart: quantisers, code tables, and the coded data."""
    tables, at = {}, 2
    while stream[at + 1] != 0xda:
        n = struct.unpack(">H", stream[at + 2:at + 4])[0]
        body = stream[at + 4:at + 2 + n]
        while body and stream[at + 1] == 0xdb:
            tables["q", body[0]] = body[1:65]
            body = body[65:]
        while body and stream[at + 1] == 0xc4:
            size = 16 + sum(body[1:17])
            tables["da"[body[0] >> 4], body[0] & 15] = body[1:1 + size]
            body = body[1 + size:]
        at += 2 + n
    n = struct.unpack(">H", stream[at + 2:at + 4])[0]
    return tables, stream[at + 2 + n:-2]


def old_pointers(tables, scan):
    """Where build puts the tables: behind the scan."""
    at, where = 8 + scan + scan % 2, {}
    for key, data in tables.items():
        where[key] = at
        at += len(data) + len(data) % 2
    return {519: (LONG, [where["q", i] for i in (0, 1, 1)]), 520: (LONG, [where["d", i] for i in (0, 1, 1)]),
            521: (LONG, [where["a", i] for i in (0, 1, 1)])}


def oddities(c):
    rgb = scene()
    c.add("tags-unsorted", tiff(rgb, RGB, LZW, rows=7, sort=False), rgb)
    c.add("no-byte-counts", tiff(rgb, RGB, rows=7, omit=(279,)), rgb)
    c.add("no-byte-counts-lzw", tiff(rgb, RGB, LZW, rows=7, omit=(279,)), rgb, pillow=False)
    c.add("no-rows-per-strip", tiff(rgb, RGB, omit=(278,)), rgb)
    c.add("no-photometric-grey", tiff(rgb[..., 1], WHITE0, omit=(262,)), three(255 - rgb[..., 1]))
    c.add("no-samples-grey", tiff(rgb[..., 1], BLACK0, omit=(277,)), three(rgb[..., 1]))
    c.add("no-compression", tiff(rgb, RGB, omit=(259,)), rgb)
    c.add("no-planar", tiff(rgb, RGB, omit=(284,)), rgb)
    c.add("one-bits-value", tiff(rgb, RGB, tags={258: (SHORT, [8])}), rgb)
    c.add("zero-byte-counts", tiff(rgb, RGB, rows=7, counts=[0] * 3), rgb, pillow=False)
    c.add("short-byte-counts", tiff(rgb, RGB, rows=7, counts=[10] * 3), rgb)
    c.add("long-byte-counts", tiff(rgb, RGB, LZW, rows=7, counts=[10 ** 6] * 3), rgb, pillow=False)
    c.add("huge-rows-per-strip", tiff(rgb, RGB, tags={278: (LONG, [2 ** 32 - 1])}), rgb)
    c.add("long-sizes", tiff(rgb, RGB, tags={256: (LONG, [W]), 257: (LONG, [H])}), rgb)
    c.add("byte-sizes", tiff(rgb, RGB, tags={256: (BYTE, [W]), 257: (BYTE, [H])}), rgb)
    for order, magic in (("<", b"\0*"), (">", b"*\0")):
        c.add(f"magic-{'little' if order == '<' else 'big'}", tiff(rgb, RGB, order=order, magic=magic), rgb)
    c.add("tile-tags-of-strips", tile_as_strips(rgb), rgb, pillow=False)
    c.add("orientation-6", tiff(rgb, RGB, tags={274: (SHORT, [6])}), np.rot90(rgb, -1), pillow=False)
    c.add("orientation-byte", tiff(rgb, RGB, tags={274: (BYTE, [3])}), rgb[::-1, ::-1], pillow=False)
    c.add("orientation-two", tiff(rgb, RGB, tags={274: (SHORT, [3, 1])}), rgb[::-1, ::-1], pillow=False)
    c.add("one-pixel", tiff(rgb[:1, :1], RGB), rgb[:1, :1])
    c.add("mask-first", after_secondary(rgb, 4), rgb, pillow=False)
    c.add("thumbnail-first", after_secondary(rgb, 1), rgb, pillow=False)
    c.add("page", tiff(rgb, RGB, tags={254: (LONG, [2])}), rgb)
    # Data that is missing: a fifth is shown, more is not.
    offsets = [8 + i * (W * 3 + W * 3 % 2) for i in range(H)]
    black = rgb.copy()
    black[H - 3:] = 0
    for lost, name in ((3, "shown"), (12, "not-shown")):
        data = bytearray(tiff(rgb, RGB, rows=1))
        for i in range(H - lost, H):  # point the offsets out of the file
            needle = struct.pack("<I", offsets[i])
            where = data.index(needle, 8 + H * (W * 3 + 1) - 4)
            data[where:where + 4] = struct.pack("<I", 2 ** 31)
        if lost == 3:
            c.add("missing-strips-shown", bytes(data), black, damage=True)
        else:
            c.add("missing-strips-not-shown", bytes(data), fails="damaged")
    for name, compression in (("jbig", 34661), ("jpeg2000", 34712), ("lerc", 34887), ("webp", 50001), ("jxl", 50002), ("unknown", 12345)):
        c.add(f"unsupported-{name}", tiff(rgb, RGB, tags={259: (SHORT, [compression])}), fails="unsupported")
    c.add("unsupported-cfa", tiff(rgb[..., 1], 32803), fails="unsupported")
    c.add("unsupported-logluv", tiff(rgb, 32845), fails="unsupported")
    c.add("unsupported-complex", tiff(rgb, RGB, tags={339: (SHORT, [6, 6, 6])}), fails="unsupported")
    c.add("unsupported-palette-16", tiff(rgb[..., 1].astype(np.uint16), PALETTE), fails="unsupported")
    c.add("unsupported-subsampled-planes", tiff(rgb, YCBCR, planar=True, tags={530: (SHORT, [2, 2])}), fails="unsupported")
    c.add("damaged-no-size", tiff(rgb, RGB, omit=(256,)), fails="damaged")
    c.add("damaged-no-offsets", tiff(rgb, RGB, omit=(273,)), fails="damaged")
    c.add("damaged-no-palette", tiff(rgb[..., 1], PALETTE), fails="damaged")
    c.add("damaged-claim", tiff(rgb, RGB, DEFLATE, tags={256: (LONG, [20000]), 257: (LONG, [20000]), 278: (LONG, [20000])}), fails="damaged")
    c.add("damaged-claim-none", tiff(rgb, RGB, tags={256: (LONG, [20000]), 257: (LONG, [20000]), 278: (LONG, [20000])}), fails="damaged")


def tile_as_strips(rgb):
    """Tiles whose offsets stand in the tags of strips."""
    t = {256: (SHORT, [W]), 257: (SHORT, [H]), 258: (SHORT, [8] * 3), 259: (SHORT, [1]), 262: (SHORT, [RGB]), 277: (SHORT, [3]),
         322: (SHORT, [16]), 323: (SHORT, [16])}
    return build([b.tobytes() for b in blocks_of(rgb, (16, 16))], t)


def after_secondary(rgb, kind):
    """The picture in the second directory, after a mask or a thumbnail of 1x1."""
    data = bytearray(tiff(rgb, RGB))
    picture = struct.unpack("<I", data[4:8])[0]
    first = struct.pack("<H", 6)
    for tag, field, value in ((254, LONG, kind), (256, SHORT, 1), (257, SHORT, 1), (258, SHORT, 8), (262, SHORT, 1), (273, LONG, 8)):
        first += struct.pack("<HHII", tag, field, 1, value)
    at = len(data)
    data += first + struct.pack("<I", picture)
    data[4:8] = struct.pack("<I", at)
    return bytes(data)


def main():
    cases = Cases()
    for part in (compressions, depths, palettes, extras, colours, fax, jpegs, oddities):
        part(cases)
    if Cases.wrong:
        sys.exit(f"{Cases.wrong} files differ from Pillow's reading")
    cases.write(pathlib.Path(sys.argv[1]))
    print(f"{len(cases.files)} files, {len(cases.wants)} pictures")


if __name__ == "__main__":
    main()
