#!/usr/bin/env python3
"""Hold what internal/imaging/metadata reads against exiftool, file by file.

    scripts/reference/metadata.py FOLDER...

For every file that both know: the date, by the order of sources that the package
documents, to the second and with its zone; the keywords, hierarchies taken apart as
documented; orientation, title and caption. Files that exiftool takes for pictures but
whose container we do not read (see KINDS) are counted apart. Needs exiftool 12 or
later and Go; prints each difference and a table, and exits with 1 where dates or
keywords differ. The public sets that it was run over: ianare/exif-samples,
drewnoakes/metadata-extractor-images, Tests/images of python-pillow/Pillow.
"""

import calendar
import json
import os
import re
import subprocess
import sys
import unicodedata

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# What exiftool calls the files whose containers the package reads.
KINDS = set("JPEG PNG APNG WEBP TIFF GIF HEIC HEIF HIF AVIF CR2 CR3 NEF NRW ARW SR2 DNG RAF ORF RW2 RWL PEF SRW"
            " PSD JXL MPO 3FR DCR KDC ERF".split())

SOURCES = [
    ("original", ["ExifIFD:DateTimeOriginal", "IFD0:DateTimeOriginal"]),
    ("digitized", ["ExifIFD:CreateDate", "IFD0:CreateDate"]),
    ("iptc", ["IPTC:DateCreated"]),
    ("iptc", ["IPTC:DigitalCreationDate"]),
    ("xmp", ["XMP-exif:DateTimeOriginal"]),
    ("xmp", ["XMP-photoshop:DateCreated"]),
    ("xmp", ["XMP-exif:DateTimeDigitized"]),
    ("xmp", ["XMP-xmp:CreateDate"]),
    ("modified", ["IFD0:ModifyDate"]),
    ("gps", ["GPS:GPSDateStamp"]),
    ("text", ["PNG:CreationTime"]),
]
CLOCKS = {"IPTC:DateCreated": "IPTC:TimeCreated", "IPTC:DigitalCreationDate": "IPTC:DigitalCreationTime",
          "GPS:GPSDateStamp": "GPS:GPSTimeStamp"}
OFFSETS = {"original": ["ExifIFD:OffsetTimeOriginal", "ExifIFD:OffsetTime"],
           "digitized": ["ExifIFD:OffsetTimeDigitized", "ExifIFD:OffsetTime"],
           "modified": ["ExifIFD:OffsetTime"]}

DATE = re.compile(r"(\d{4})(?:[-:/. ]?(\d\d?))?(?:[-:/. ]?(\d\d?))?(?:[T :_-]+(\d\d?):?(\d\d?)(?::?(\d\d?))?(?:\.\d+)?)?"
                  r"\s*(?:UTC|GMT)?(Z|[+-]\d\d?:?(?:\d\d)?)?")

# The warnings with which exiftool leaves the rest of a directory unread.
GAVE_UP = re.compile("Error reading value|Bad .* directory|Bad format|Suspicious .* offset|Invalid size")


def parse(text):
    """The date as (year, month, day, hour, minute, second, zone) or None."""
    m = DATE.match(str(text).strip(" \0"))
    if not m:
        return None
    year, month, day, hour, minute, second = (int(g) if g else None for g in m.groups()[:6])
    if not 1826 <= year <= 2099:
        return None
    if not month:
        return (year, 1, 1, 0, 0, 0, None)
    if month > 12:
        return None
    if not day:
        return (year, month, 1, 0, 0, 0, None)
    if day > calendar.monthrange(year, month)[1]:
        return None
    if hour is None or hour > 24 or minute > 59:
        return (year, month, day, 0, 0, 0, None)
    second = second or 0  # beyond a leap second there is none
    return (year, month, day, hour % 24, minute, min(second, 59) if second <= 60 else 0, zone(m.group(7)))


def zone(text):
    m = re.match(r"([+-])(\d\d?):?(\d\d)?", str(text or ""))
    if m and int(m.group(2)) == 0 == int(m.group(3) or 0):
        return "+00:00"
    if not m:
        return "+00:00" if text in ("Z", "UTC") else None
    return "%s%02d:%02d" % (m.group(1), int(m.group(2)), int(m.group(3) or 0))


def want_date(tags):
    """The date that exiftool's tags give under the documented order, and its source."""
    tags = {k.replace("IPTC2:", "IPTC:"): v for k, v in tags.items() if k.startswith("IPTC2:")} | tags  # a second block
    found = []
    for source, names in SOURCES:
        for name in names:
            if name not in tags:
                continue
            text = str(tags[name])
            if name in CLOCKS and CLOCKS[name] in tags:
                text += " " + str(tags[CLOCKS[name]])
            d = parse(text)
            if d is None:
                continue
            if source == "gps":
                d = d[:6] + ("+00:00" if CLOCKS[name] in tags else None,)
            if name == "IPTC:DigitalCreationDate" and found and found[-1][0] == "iptc":
                continue  # one rank
            for offset in OFFSETS.get(source, []):
                if d[6] is None and len(text) > 10:
                    d = d[:6] + (zone(tags.get(offset)),)
            found.append((source, d))
            break
    hours = str(tags.get("ExifIFD:TimeZoneOffset", "")).split()
    for i, (source, d) in enumerate(found):
        k = 1 if source == "modified" else 0
        if source in OFFSETS and d[6] is None and d[3:6] != (0, 0, 0) and k < len(hours):
            found[i] = (source, d[:6] + (zone("%+03d:00" % int(hours[k])),))
    if not found:
        return "", None
    source, best = found[0]
    for other, d in found[1:]:
        if best[6] is None and d[6] is not None and other != "gps" and d[:6] == best[:6] and best[3:6] != (0, 0, 0):
            best = best[:6] + (d[6],)
    return source, best


def listed(tags, name):
    value = tags.get(name, [])
    return [str(v) for v in (value if isinstance(value, list) else [value])]


def want_keywords(tags):
    """The folded set of keywords."""
    flat = listed(tags, "IPTC:Keywords") + listed(tags, "XMP-dc:Subject") + listed(tags, "XMP-acdsee:Keywords") \
        + listed(tags, "XMP-microsoft:LastKeywordIPTC")
    for text in listed(tags, "IFD0:XPKeywords"):
        flat += text.split(";")
    paths = listed(tags, "XMP-lr:HierarchicalSubject") + listed(tags, "XMP-mediapro:CatalogSets")
    for name in ("XMP-digiKam:TagsList", "XMP-microsoft:LastKeywordXMP"):
        paths += [p.replace("/", "|") for p in listed(tags, name)]
    for path in paths:
        levels = [x.strip() for x in path.split("|") if x.strip()]
        flat += levels + (["|".join(levels)] if len(levels) > 1 else [])
    return {fold(k) for k in flat if fold(k)}


def fold(text):
    return " ".join(unicodedata.normalize("NFC", str(text)).casefold().replace("\0", "").split())


def both(folders):
    files = sorted(os.path.join(at, f) for folder in folders for at, _, names in os.walk(folder) for f in names)
    names = "\n".join(files) + "\n"
    out = subprocess.run(
        ["exiftool", "-@", "-", "-json", "-G1", "-q", "-q", "-charset", "filename=utf8", "-sep", "\x01",
         "-Orientation#", "-all", "--MakerNotes:all", "--Composite:all", "-fast"],
        input="\n".join(files) + "\n", capture_output=True, text=True, errors="replace").stdout
    theirs = {t["SourceFile"]: {k: v.split("\x01") if isinstance(v, str) and "\x01" in v else v for k, v in t.items()}
              for t in json.loads(out or "[]")}
    out = subprocess.run(["go", "run", "-tags", "nodynamic", "./scripts/reference/metadata"], cwd=ROOT, input=names,
                         capture_output=True, text=True, check=True).stdout
    ours = {o["Path"]: o for o in map(json.loads, out.splitlines())}
    for f in files:
        yield f, ours.get(f), theirs.get(f)


def main(folders):
    total = dated = tagged = unread = given_up = 0
    wrong = {"date": 0, "keywords": 0, "orientation": 0}
    other = {}
    for path, o, t in both([os.path.abspath(f) for f in folders]):
        if t is None:
            unread += 1
            continue
        kind = str(t.get("File:FileType", "none")).split()[0]
        if kind not in KINDS:
            other[kind] = other.get(kind, 0) + 1
            continue
        total += 1
        source, date = want_date(t)
        got = parse(o["Date"]) if o["Date"] else None
        dated += date is not None
        if date is None and got is not None and GAVE_UP.search(str(t.get("ExifTool:Warning", ""))):
            given_up += 1
        elif got != date:
            wrong["date"] += 1
            print(f"{path}: date {got} ({o['Rank']}), exiftool {date} ({source})")
        want, have = want_keywords(t), {fold(k) for k in o["Keywords"] or []}
        tagged += bool(want)
        if want != have:
            wrong["keywords"] += 1
            print(f"{path}: keywords {sorted(have)}, exiftool {sorted(want)}")
        turned = t.get("IFD0:Orientation", t.get("XMP-tiff:Orientation", 0))
        turned = turned if isinstance(turned, int) and 1 <= turned <= 8 else 0
        if not turned and GAVE_UP.search(str(t.get("ExifTool:Warning", ""))):
            continue
        if turned != o["Orientation"]:
            wrong["orientation"] += 1
            print(f"{path}: orientation {o['Orientation']}, exiftool {turned}")
    print(f"{total} files, {dated} with a date, {tagged} with keywords; differing: "
          + ", ".join(f"{k} {v}" for k, v in wrong.items()))
    print("dated by us where exiftool gave the block up at a bad entry:", given_up)
    print("containers not read:", dict(sorted(other.items())), "- not known to exiftool:", unread)
    return 1 if wrong["date"] or wrong["keywords"] else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
