"""Makes internal/imaging/icc/testdata/golden.json: colours as Little CMS (through Pillow) converts them to sRGB.

The profiles are those of testdata, relative colorimetric with black point compensation.
"""

import glob
import json
import os
import random

from PIL import Image, ImageCms

here = os.path.join(os.path.dirname(__file__), "../../internal/imaging/icc/testdata")
random.seed(1)
golden = {}
for path in sorted(glob.glob(os.path.join(here, "*.icc"))):
    profile = ImageCms.getOpenProfile(path)
    mode = {"GRAY": "L", "RGB ": "RGB", "CMYK": "CMYK"}[profile.profile.xcolor_space]
    n = len(mode)
    colours = [[v] * n for v in (0, 16, 128, 255)] + [[random.randrange(256) for _ in range(n)] for _ in range(60)]
    src = Image.frombytes(mode, (len(colours), 1), bytes(v for c in colours for v in c))
    to = ImageCms.buildTransform(
        profile, ImageCms.createProfile("sRGB"), mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.HIGHRESPRECALC)
    out = ImageCms.applyTransform(src, to).tobytes()
    golden[os.path.basename(path)] = [[c, list(out[3 * i : 3 * i + 3])] for i, c in enumerate(colours)]
with open(os.path.join(here, "golden.json"), "w") as f:
    json.dump(golden, f, separators=(",", ":"))
    f.write("\n")
