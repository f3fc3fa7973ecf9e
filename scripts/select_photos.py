#!/usr/bin/env python3
"""Picks the demo photos out of an unpacked package and writes their captions.

A list (testdata/photos/*.tsv) names each photo by its path, its category and the
SHA-256 of its content. A photo is taken only where the content is what the list
says, so that every machine measures on the same pixels; a distribution that ships
another version of the package gives fewer photos, never other ones.

A caption comes from the list's fourth column, or else from the first line of the
text file that lies beside the photo. The captions file has one line a photo: file,
caption, category, with tabs between.
"""

import argparse
import hashlib
import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple


class Photo(NamedTuple):
    """One line of a list."""

    file: str  # slash-separated, relative to the package's folder
    category: str  # may be empty
    sha256: str
    caption: str  # empty: it is in the text file beside the photo


def read_list(path: Path) -> list[Photo]:
    """Reads a list; lines that start with # are comments."""
    photos = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) not in (3, 4):
            sys.exit(f"error: {path}:{number}: expected 3 or 4 fields, found {len(fields)}")
        photos.append(Photo(*fields[:3], caption=fields[3] if len(fields) == 4 else ""))
    return photos


def has_content(path: Path, sha256: str) -> bool:
    """Tells whether path is a file with this content."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def caption_of(photo: Photo, source: Path) -> str:
    """Returns the photo's caption, or an empty string where it has none."""
    if photo.caption:
        return photo.caption
    text = (source / photo.file).with_suffix(".txt")
    if not text.is_file():
        return ""
    lines = text.read_text(encoding="utf-8").splitlines()
    return lines[0].strip() if lines else ""


def is_complete(photos: list[Photo], target: Path, captions: Path) -> bool:
    """Tells whether an earlier run has left captions and every photo they name."""
    if not captions.is_file():
        return False
    listed = {photo.file: photo for photo in photos}
    names = [line.split("\t")[0] for line in captions.read_text(encoding="utf-8").splitlines()]
    return bool(names) and all(
        name in listed and has_content(target / name, listed[name].sha256) for name in names
    )


def select(photos: list[Photo], source: Path, target: Path, captions: Path) -> int:
    """Copies the photos and writes the captions; returns how many photos there are."""
    shutil.rmtree(target, ignore_errors=True)
    captions.unlink(missing_ok=True)
    lines = []
    for photo in photos:
        caption = caption_of(photo, source)
        if not caption or not has_content(source / photo.file, photo.sha256):
            continue
        to = target / photo.file
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / photo.file, to)
        lines.append(f"{photo.file}\t{caption}\t{photo.category}\n")
    if lines:
        # Last and by rename: the captions say that the photos are complete.
        partial = captions.with_suffix(".part")
        partial.write_bytes("".join(lines).encode())
        os.replace(partial, captions)
    return len(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", type=Path, required=True, help="testdata/photos/*.tsv")
    parser.add_argument("--target", type=Path, required=True, help="folder that receives the photos")
    parser.add_argument("--captions", type=Path, required=True, help="captions file to write")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--source", type=Path, help="folder that the list's paths are relative to")
    action.add_argument("--check", action="store_true", help="exit 0 where everything is there already")
    parser.add_argument("--at-least", type=int, default=1, help="fail with fewer photos than this")
    arguments = parser.parse_args()

    photos = read_list(arguments.list)
    if arguments.check:
        return 0 if is_complete(photos, arguments.target, arguments.captions) else 1
    found = select(photos, arguments.source, arguments.target, arguments.captions)
    print(f"{found} of the list's {len(photos)} photos", file=sys.stderr)
    if found < arguments.at_least:
        arguments.captions.unlink(missing_ok=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
