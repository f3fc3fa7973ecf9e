"""Writes a bundle's sightline-manifest.json, by which `indexer model verify` checks it.

The format is that of internal/clip/hub: every file of the bundle except hidden ones and the
manifest itself, sorted by path.
"""

import argparse
import hashlib
import json
from pathlib import Path

NAME = "sightline-manifest.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    bundle = parser.parse_args().bundle

    files = []
    for path in bundle.rglob("*"):
        relative = path.relative_to(bundle)
        if path.is_file() and relative.name != NAME and not any(part.startswith(".") for part in relative.parts):
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            files.append({"path": relative.as_posix(), "size": len(content), "sha256": digest})
    files.sort(key=lambda file: file["path"])
    manifest = {"format": 1, "repo": bundle.resolve().name, "files": files}
    (bundle / NAME).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
