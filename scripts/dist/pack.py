"""Packs a folder into a .tar.gz that has the same bytes wherever and whenever it is packed:
names sorted, owners and times fixed. pack.py FOLDER FILE EPOCH"""

import gzip
import os
import sys
import tarfile


def members(top):
    """Every path of the folder, in the order of its bytes."""
    for folder, folders, files in os.walk(top):
        folders.sort()
        yield folder
        yield from (os.path.join(folder, f) for f in sorted(files))
        yield from (os.path.join(folder, f) for f in folders if os.path.islink(os.path.join(folder, f)))


def main():
    folder, file, epoch = sys.argv[1], sys.argv[2], int(sys.argv[3])

    def plain(info):
        info.uid = info.gid = 0
        info.uname = info.gname = "root"
        info.mtime = epoch
        info.mode = 0o755 if info.isdir() or info.mode & 0o100 else 0o644
        return info

    base = os.path.dirname(folder)
    with open(file, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path in members(folder):
                tar.add(path, os.path.relpath(path, base), recursive=False, filter=plain)


main()
