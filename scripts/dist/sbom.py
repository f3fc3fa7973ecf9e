"""Joins the parts lists of the programs, which cyclonedx-gomod wrote, and adds what is not
a Go module: sbom.py VERSION EPOCH BUNDLED OUT PARTS... BUNDLED is bundled.json; a "file"
in it is looked up below the folder of OUT, and left out where it is not part of this
release. Nothing in the list depends on when or where it was made."""

import datetime
import glob
import hashlib
import json
import os
import re
import sys


def bundled(path, below):
    """The components of bundled.json, with the hashes of their files."""
    out = []
    for c in json.load(open(path)):
        pattern = c.pop("file", None)
        if pattern:
            found = sorted(f for f in glob.glob(os.path.join(below, pattern)) if not os.path.islink(f))
            if not found:
                continue
            digest = hashlib.sha256(open(found[0], "rb").read()).hexdigest()
            c["hashes"] = [{"alg": "SHA-256", "content": digest}]
        c["version"] = os.path.expandvars(c["version"])
        if not c["version"] or "$" in c["version"]:
            sys.exit(f"error: the version of {c['name']} is not known")
        c["bom-ref"] = f"{c['name']}@{c['version']}"
        out.append(c)
    return out


def crates(lock):
    """The Rust crates inside the JPEG XL decoder, which is a WebAssembly module."""
    for name, version in re.findall(r'name = "([^"]+)"\nversion = "([^"]+)"', open(lock).read()):
        if name != "sightline-jxl":
            purl = f"pkg:cargo/{name}@{version}"
            yield {"bom-ref": purl, "type": "library", "name": name, "version": version, "purl": purl}


def main():
    version, epoch, extra, out = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    components = {}
    for part in sys.argv[5:]:
        for c in json.load(open(part))["components"]:
            components[c["bom-ref"]] = c
    for c in bundled(extra, os.path.dirname(out)):
        components[c["bom-ref"]] = c
    for c in crates("scripts/jxl/Cargo.lock"):
        components[c["bom-ref"]] = c
    when = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)
    product = {
        "bom-ref": "sightline", "type": "application", "name": "sightline", "version": version,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    bom = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"timestamp": when.strftime("%Y-%m-%dT%H:%M:%SZ"), "component": product},
        "components": [components[k] for k in sorted(components)],
        "dependencies": [{"ref": "sightline", "dependsOn": sorted(components)}],
    }
    with open(out, "w") as f:
        json.dump(bom, f, indent=1, sort_keys=True)
        f.write("\n")


main()
