"""The colour branch: what share of a picture each of eleven colours has.

ImageNet's classes hardly speak of colours, so "a red flower" would find any flower.
The branch adds, for each colour, its share of the picture times the direction in
which that colour's word moves a sentence.
"""

import numpy as np

from graph import Builder
from textmodel import TextModel

# The basic colour terms of English (Berlin and Kay 1969), each with a typical sRGB.
COLOURS = {
    "red": (200, 30, 35),
    "orange": (235, 130, 20),
    "yellow": (235, 215, 40),
    "green": (70, 150, 50),
    "blue": (40, 90, 190),
    "purple": (125, 60, 160),
    "pink": (240, 130, 180),
    "brown": (115, 75, 45),
    "black": (25, 25, 25),
    "white": (245, 245, 245),
    "gray": (130, 130, 130),
}
NOUNS = (
    "car flower apple bird cat dog house shirt bag truck fish ball cup chair hat animal fruit building "
    "insect boat dress plant box phone"
).split()

STRENGTH = 0.7  # of the branch beside the classes, which have length one
WHITE_WEIGHT = 0.3  # white is more often a background than a subject
SOFTNESS = 0.02  # of the assignment of a cell to colours, in squared distance
GRID = 28  # cells a side, of 8 by 8 pixels
FOCUS = 8.0  # standard deviation, in cells, of the weight towards the centre


def directions(model: TextModel) -> np.ndarray:
    """Returns how each colour's word moves a text, averaged over nouns and centred."""
    plain = [f"a {noun}" for noun in NOUNS]
    moves = [
        (model.embed([f"a {colour} {noun}" for noun in NOUNS]) - model.embed(plain)).mean(0) for colour in COLOURS
    ]
    stacked = np.stack(moves)
    return stacked - stacked.mean(0)


def add_branch(build: Builder, pixels: str, mean: np.ndarray, std: np.ndarray, moves: np.ndarray) -> str:
    """Maps pixels normalised by mean and std to a vector to add, [N, dimension].

    Each cell is assigned to the colours by a softmax over squared distances in a plane
    that weighs lightness less than hue. The squared length of the pixel itself is the
    same for all colours and cancels, so that a 1x1 convolution gives the distances.
    """
    # Rows: lightness, red against green, yellow against blue.
    plane = np.array([[0.21, 0.413, 0.077], [1, -1, 0], [0.5, 0.5, -1]])
    points = (np.array(list(COLOURS.values()), float) / 255) @ plane.T
    sharpness = 1 / SOFTNESS
    weights = 2 * sharpness * points @ plane
    bias = -sharpness * (points**2).sum(1) + weights @ mean
    kernel = (weights * std).astype(np.float32).reshape(len(COLOURS), 3, 1, 1)

    x = build.add("AveragePool", pixels, kernel_shape=[8, 8], strides=[8, 8])
    x = build.add("Conv", x, build.constant(kernel), build.constant(bias.astype(np.float32)), kernel_shape=[1, 1])
    x = build.add("Softmax", x, axis=1)

    rows, columns = np.mgrid[0:GRID, 0:GRID]
    centre = (GRID - 1) / 2
    window = np.exp(-((columns - centre) ** 2 + (rows - centre) ** 2) / (2 * FOCUS**2))
    x = build.add("Mul", x, build.constant(window.astype(np.float32)[None, None]))
    x = build.add("ReduceSum", x, build.axes(2, 3), keepdims=0)

    weight = np.ones(len(COLOURS), np.float32)
    weight[list(COLOURS).index("white")] = WHITE_WEIGHT
    x = build.add("Mul", x, build.constant(weight))
    total = build.add("ReduceSum", x, build.axes(1), keepdims=1)
    x = build.add("Div", x, total)
    return build.add("MatMul", x, build.constant((STRENGTH * moves).astype(np.float32)))
