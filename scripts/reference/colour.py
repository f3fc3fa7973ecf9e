"""Makes tagged copies of photos: the same look in other colour spaces, to measure what a profile moves.

usage: colour.py PHOTOS OUT COUNT CMYK. CMYK is a profile of inks that goes both ways; the other profiles are those of
internal/imaging/icc/testdata. Then
SIGHTLINE_COLOUR_DIR=OUT go test -run TestColourMoves -v ./internal/clip/ort
"""

import glob
import os
import sys

from PIL import Image, ImageCms

here = os.path.join(os.path.dirname(__file__), "../../internal/imaging/icc/testdata")
spaces = {
    "display-p3": ("DisplayP3-v2-micro.icc", "RGB"),
    "adobe-rgb": ("AdobeCompat-v4.icc", "RGB"),
    "prophoto": ("ProPhoto-v4.icc", "RGB"),
    "rec2020": ("Rec2020-v4.icc", "RGB"),
    "cmyk": (os.path.abspath(sys.argv[4]), "CMYK"),
}
photos, out = sys.argv[1], sys.argv[2]
count = int(sys.argv[3])
files = sorted(f for f in glob.glob(os.path.join(photos, "**/*"), recursive=True) if f.lower().endswith((".jpg", ".jpeg", ".png")))
srgb = ImageCms.createProfile("sRGB")
for i, f in enumerate(files[:: max(1, len(files) // count)][:count]):
    im = Image.open(f).convert("RGB")
    im.thumbnail((600, 600))
    for name in ["srgb", *spaces]:
        os.makedirs(os.path.join(out, name), exist_ok=True)
        to = os.path.join(out, name, f"{i:03}.jpg")
        if name == "srgb":
            im.save(to, quality=95, subsampling=0)
            continue
        file, mode = spaces[name]
        profile = ImageCms.getOpenProfile(os.path.join(here, file))
        tagged = ImageCms.profileToProfile(
            im, srgb, profile, ImageCms.Intent.RELATIVE_COLORIMETRIC, mode, flags=ImageCms.Flags.BLACKPOINTCOMPENSATION)
        tagged.save(to, quality=95, subsampling=0, icc_profile=profile.tobytes())
