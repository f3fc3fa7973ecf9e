#!/usr/bin/env python3
"""Picks the pictures on which labelling is measured out of unpacked packages.

Each list names pictures by path, and by the SHA-256 of their content: a picture is
taken only where it is the one that was looked at. A distribution that ships another
version of a package gives fewer pictures, never other ones.
"""

import argparse
import hashlib
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

# The lists, and where their pictures lie below /usr/share.
SETS = {"gcompris": "gcompris-qt/rcc", "words": "gcompris-qt/rcc", "wallpapers": "", "drawings": "openclipart/png"}

COMPRESSED, FOLDER = 1, 2  # flags of an entry of a Qt resource file


def read_list(path: Path) -> dict[str, str]:
    """Reads a list: the SHA-256 of each path."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {row[0]: row[-1] for row in rows}


def resources(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yields the files in a Qt resource file (qresource, version 1 to 3)."""
    magic, version, tree, contents, names = struct.unpack_from(">4sIIII", data)
    if magic != b"qres":
        raise ValueError("not a Qt resource file")
    size = 14 if version < 2 else 22

    def name(offset: int) -> str:
        (length,) = struct.unpack_from(">H", data, names + offset)
        start = names + offset + 6
        return data[start : start + 2 * length].decode("utf-16-be")

    def node(index: int, path: str) -> Iterator[tuple[str, bytes]]:
        offset = tree + index * size
        at, flags = struct.unpack_from(">IH", data, offset)
        if index:
            path += "/" + name(at)
        if flags & FOLDER:
            count, first = struct.unpack_from(">II", data, offset + 6)
            for child in range(first, first + count):
                yield from node(child, path)
            return
        (at,) = struct.unpack_from(">I", data, offset + 10)
        (length,) = struct.unpack_from(">I", data, contents + at)
        body = data[contents + at + 4 : contents + at + 4 + length]
        yield path, zlib.decompress(body[4:]) if flags & COMPRESSED else body

    yield from node(0, "")


def reader(source: Path) -> Callable[[str], bytes | None]:
    """Returns a function that gives the content of a picture below a folder."""
    opened: dict[str, dict[str, bytes]] = {}

    def read(path: str) -> bytes | None:
        if (source / path).is_file():
            return (source / path).read_bytes()
        archive, _, inside = path.partition("/")
        file = source / f"{archive}.rcc"
        if not file.is_file():
            return None
        if archive not in opened:
            opened[archive] = {p.split("/resource/")[-1]: body for p, body in resources(file.read_bytes())}
        return opened[archive].get(inside)

    return read


def sha256(data: bytes) -> str:
    """Returns the SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def main() -> None:
    """Checks or picks the pictures of all lists."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lists", type=Path, required=True)
    parser.add_argument("--target", type=Path, required=True)
    parser.add_argument("--source", type=Path, help="/usr/share of the unpacked packages")
    parser.add_argument("--check", action="store_true", help="say whether all pictures are there")
    args = parser.parse_args()
    missing = 0
    for name, folder in SETS.items():
        wanted = read_list(args.lists / f"{name}.tsv")
        read = reader(args.source / folder) if args.source else None
        found = 0
        for path, digest in wanted.items():
            target = args.target / name / path
            if target.is_file() and sha256(target.read_bytes()) == digest:
                found += 1
                continue
            body = read(path) if read else None
            if body is None or sha256(body) != digest:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(body)
            found += 1
        missing += len(wanted) - found
        if not args.check:
            print(f"{name}: {found} of {len(wanted)} pictures", file=sys.stderr)
    if args.check and missing:
        sys.exit(1)


if __name__ == "__main__":
    main()
