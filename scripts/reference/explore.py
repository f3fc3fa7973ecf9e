"""Holds clusters and the map of package explore against scikit-learn and umap-learn, on the same vectors.

usage: explore.py OUT K [CAPTIONS], with requirements-explore.txt, after `go run ./scripts/reference/explore DB OUT K`. A
picture's class is the third column of CAPTIONS, or its folder; classes of fewer than eight pictures are left out. Ends
with 1 where one of ours is worse by more than 0.02.
"""

import collections
import os
import sys
import warnings

import numpy as np
import umap
from sklearn.cluster import KMeans
from sklearn.manifold import trustworthiness
from sklearn.metrics import adjusted_rand_score

warnings.filterwarnings("ignore")
out, k = sys.argv[1], int(sys.argv[2])
paths = open(os.path.join(out, "paths.txt"), encoding="utf-8", errors="surrogateescape").read().splitlines()
vectors = np.fromfile(os.path.join(out, "vectors.f32"), "<f4").reshape(len(paths), -1)


def class_of(path):
    if len(sys.argv) < 4:
        return os.path.basename(os.path.dirname(path))
    return next((c for name, c in captions.items() if path.endswith("/" + name)), "")


if len(sys.argv) > 3:
    rows = [line.rstrip("\n").split("\t") for line in open(sys.argv[3], encoding="utf-8") if not line.startswith("#")]
    captions = {r[0]: r[2] for r in rows}
classes = np.array([class_of(p) for p in paths])
count = collections.Counter(classes)
known = np.array([c != "" and count[c] >= 8 for c in classes])


def purity(clusters):
    hit = 0
    for c in set(clusters[known]):
        hit += collections.Counter(classes[known][clusters[known] == c]).most_common(1)[0][1]
    return hit / known.sum()


def ari(clusters):
    return adjusted_rand_score(classes[known], clusters[known])


seeds = range(10)
ours = [np.fromfile(os.path.join(out, f"clusters{s}.i32"), "<i4") for s in seeds]
theirs = [KMeans(k, n_init=8, random_state=s).fit(vectors).labels_ for s in seeds]
unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def cohesion(clusters):
    total = 0.0
    for c in set(clusters):
        total += np.linalg.norm(unit[clusters == c].sum(axis=0))
    return total / len(unit)


layouts = [np.fromfile(os.path.join(out, f"layout{s}.f32"), "<f4").reshape(-1, 2) for s in range(5)]
reference = [umap.UMAP(n_neighbors=15, metric="cosine", random_state=s).fit_transform(vectors) for s in range(5)]


def trust(points):
    return trustworthiness(vectors, points, n_neighbors=15, metric="cosine")


print(f"{len(paths)} pictures, {known.sum()} of {len(set(classes[known]))} classes, {k} clusters; mean (standard deviation) over seeds")
worse = False
for name, mine, other in [
    ("purity", [purity(c) for c in ours], [purity(c) for c in theirs]),
    ("ARI", [ari(c) for c in ours], [ari(c) for c in theirs]),
    ("cohesion", [cohesion(c) for c in ours], [cohesion(c) for c in theirs]),
    ("trustworthiness", [trust(p) for p in layouts], [trust(p) for p in reference]),
]:
    print(f"{name:16} ours {np.mean(mine):.3f} ({np.std(mine):.3f})  theirs {np.mean(other):.3f} ({np.std(other):.3f})")
    worse |= np.mean(mine) < np.mean(other) - 0.02
sys.exit(1 if worse else 0)
