"""Rewrites the image tower of CLIP, in fp32 and for one picture, into what is fast in int8.

Each function takes an ONNX graph whose shapes are all known, changes the patterns that it
finds, and returns how many there were. What it does not recognise stays as it is. A pattern
is recognised by its operators alone, so that a caller must compare an embedding of the
graph before and after (quantize.py does).
"""

import math

import numpy as np
import onnx
from onnx import helper, numpy_helper

MICROSOFT = "com.microsoft"  # the domain of ONNX Runtime's own operators


class Graph:
    """A graph with its constants, and who makes and reads each value."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.proto = model.graph
        self.constants = {t.name: t for t in self.proto.initializer}
        self.index()

    def index(self) -> None:
        self.maker = {name: n for n in self.proto.node for name in n.output}
        self.readers: dict[str, list] = {o.name: [None] for o in self.proto.output}
        for n in self.proto.node:
            for name in n.input:
                self.readers.setdefault(name, []).append(n)

    def reader(self, name: str, op: str):
        """Returns the node that alone reads a value, if it is of this operator."""
        readers = self.readers.get(name, [])
        return readers[0] if len(readers) == 1 and readers[0] is not None and readers[0].op_type == op else None

    def made_by(self, name: str, op: str):
        n = self.maker.get(name)
        return n if n is not None and n.op_type == op else None

    def value(self, name: str):
        """Returns a constant, or None."""
        return numpy_helper.to_array(self.constants[name]) if name in self.constants else None

    def with_constant(self, n):
        """Returns the other input and the constant of a node of two inputs, in either order; None if neither is constant."""
        for value, constant in (n.input, reversed(n.input)):
            if constant in self.constants and value not in self.constants:
                return value, self.value(constant)
        return None

    def add(self, name: str, value: np.ndarray) -> str:
        """Adds a constant; names begin with int8/, which no export uses."""
        name = "int8/" + name
        tensor = numpy_helper.from_array(np.ascontiguousarray(value), name)
        self.proto.initializer.append(tensor)
        self.constants[name] = tensor
        return name

    def replace(self, last, nodes: list) -> None:
        """Puts nodes where last was, whose outputs one of them makes."""
        every = list(self.proto.node)
        at = next(i for i, n in enumerate(every) if n is last or n.output == last.output)
        del self.proto.node[:]
        self.proto.node.extend(every[:at] + nodes + every[at + 1:])
        self.prune()

    def prune(self) -> None:
        """Drops nodes and constants that nothing needs."""
        needed, kept = {o.name for o in self.proto.output}, []
        for n in reversed(self.proto.node):
            if needed.intersection(n.output):
                kept.append(n)
                needed.update(n.input)
        constants = [t for t in self.proto.initializer if t.name in needed]
        del self.proto.node[:]
        self.proto.node.extend(reversed(kept))
        del self.proto.initializer[:]
        self.proto.initializer.extend(constants)
        self.constants = {t.name: t for t in self.proto.initializer}
        self.index()


def attributes(n) -> dict:
    return {a.name: helper.get_attribute_value(a) for a in n.attribute}


# --- attention


def projection(g: Graph, name: str):
    """Follows queries, keys or values back to their product: input, weights, bias, scale and the length of a head.

    On the way the heads are told apart (Reshape, Transpose), and queries may be scaled.
    """
    scale, shape = 1.0, None
    while (n := g.maker.get(name)) is not None and n.op_type in ("Reshape", "Transpose", "Mul", "Div"):
        if n.op_type in ("Mul", "Div"):
            pair = g.with_constant(n)
            if pair is None or pair[1].size != 1 or (n.op_type == "Div" and pair[0] != n.input[0]):
                return None
            factor = float(pair[1].reshape(-1)[0])
            scale *= factor if n.op_type == "Mul" else 1 / factor
            name = pair[0]
            continue
        if n.op_type == "Reshape":
            shape = g.value(n.input[1])  # the one nearest to the product is seen last
        name = n.input[0]
    bias = None
    if n is not None and n.op_type == "Add" and (pair := g.with_constant(n)):
        name, bias = pair
        n = g.maker.get(name)
    if n is None or n.op_type != "MatMul" or shape is None or len(shape) != 4:
        return None
    weights = g.value(n.input[1])
    if weights is None or weights.ndim != 2 or n.input[0] in g.constants:
        return None
    width = weights.shape[1]
    bias = np.zeros(width, np.float32) if bias is None else bias
    if bias.shape != (width,) or width % shape[2]:
        return None
    return n.input[0], weights, bias, scale, int(shape[2])


def fuse_attention(g: Graph) -> int:
    """Makes one node of each self-attention: one product for queries, keys and values, which share an input."""
    found = 0
    for softmax in [n for n in g.proto.node if n.op_type == "Softmax"]:
        scores = g.made_by(softmax.input[0], "MatMul")
        mixed = g.reader(softmax.output[0], "MatMul")
        if scores is None or mixed is None or mixed.input[0] != softmax.output[0]:
            continue
        parts = [projection(g, name) for name in (scores.input[0], scores.input[1], mixed.input[1])]
        if None in parts or len({(p[0], p[1].shape, p[4]) for p in parts}) != 1 or parts[2][3] != 1:
            continue
        (source, weights, _, _, heads) = parts[0]
        if weights.shape[0] != weights.shape[1]:
            continue
        last = mixed
        while (n := g.reader(last.output[0], "Transpose") or g.reader(last.output[0], "Reshape")) is not None:
            last = n
        # The node scales by the root of a head's length itself.
        scale = parts[0][3] * parts[1][3] * math.sqrt(weights.shape[1] / heads)
        stacked = np.concatenate([parts[0][1] * scale, parts[1][1], parts[2][1]], axis=1).astype(np.float32)
        bias = np.concatenate([parts[0][2] * scale, parts[1][2], parts[2][2]]).astype(np.float32)
        name = f"attention{found}"
        inputs = [source, g.add(name + "/weights", stacked), g.add(name + "/bias", bias)]
        g.replace(last, [helper.make_node("Attention", inputs, list(last.output), name, domain=MICROSOFT, num_heads=heads)])
        found += 1
    return found


# --- activations


def fold_quick_gelu(g: Graph) -> int:
    """Moves the factor of x * sigmoid(1.702 * x) into the products around it; without one ONNX Runtime takes half the time."""
    found = 0
    for sigmoid in [n for n in g.proto.node if n.op_type == "Sigmoid"]:
        inner = g.made_by(sigmoid.input[0], "Mul")
        outer = g.reader(sigmoid.output[0], "Mul")
        pair = g.with_constant(inner) if inner is not None else None
        if outer is None or pair is None or pair[1].size != 1:
            continue
        value, factor = pair[0], pair[1].reshape(-1)[0]
        after = g.reader(outer.output[0], "MatMul")
        add = g.made_by(value, "Add")
        biased = g.with_constant(add) if add is not None else None
        before = g.made_by(biased[0], "MatMul") if biased else None
        if value not in outer.input or after is None or before is None or len(g.readers[value]) != 2 or factor <= 0:
            continue
        if len(g.readers[before.output[0]]) != 1 or after.input[0] != outer.output[0]:
            continue
        first, second = g.value(before.input[1]), g.value(after.input[1])
        if first is None or second is None or first.ndim != 2 or second.ndim != 2:
            continue
        name = f"gelu{found}"
        before.input[1] = g.add(name + "/first", first * factor)
        del add.input[:]
        add.input.extend([before.output[0], g.add(name + "/bias", biased[1] * factor)])
        after.input[1] = g.add(name + "/second", second / factor)
        g.replace(outer, [helper.make_node("QuickGelu", [value], list(outer.output), name, domain=MICROSOFT, alpha=1.0)])
        found += 1
    return found


# --- positions


def add_positions_by_sum(g: Graph) -> int:
    """Keeps ONNX Runtime from joining positions and the norm after them to one operator, which takes five times as long."""
    found = 0
    for n in g.proto.node:
        pair = g.with_constant(n) if n.op_type == "Add" else None
        if pair is not None and sum(length > 1 for length in pair[1].shape) > 1:
            n.op_type = "Sum"
            found += 1
    return found


# --- patches


# Weights have 7 bits (see quantize.py); one value is kept free for what diffusion carries over.
LIMIT = 62


def diffused(kernels: np.ndarray) -> np.ndarray:
    """Rounds kernels [n, side, side] to integers such that the errors of neighbours cancel (Floyd and Steinberg 1976).

    A picture is smooth, and many kernels look for what is not. The error of one weight,
    times the brightness of a whole patch, would be large beside such a kernel's answer;
    errors that cancel over neighbours meet pixels that are nearly equal.
    """
    side = kernels.shape[1]
    left = np.zeros((kernels.shape[0], side + 1, side + 2))  # with a margin for what falls off the edges
    left[:, :side, 1:-1] = kernels
    out = np.empty(kernels.shape, np.int8)
    for y in range(side):
        for x in range(side):
            exact = left[:, y, x + 1]
            rounded = np.clip(np.round(exact), -64, 63)
            out[:, y, x] = rounded
            error = exact - rounded
            left[:, y, x + 2] += error * (7 / 16)
            left[:, y + 1, x] += error * (3 / 16)
            left[:, y + 1, x + 1] += error * (5 / 16)
            left[:, y + 1, x + 2] += error * (1 / 16)
    return out


def quantize_patches(g: Graph, mean: list[float], std: list[float]) -> int:
    """Multiplies patches as what they are, pixels of 8 bits: no picture needs a scale, and rounding loses nothing of it."""
    pixels = g.proto.input[0].name
    conv = g.reader(pixels, "Conv")
    if conv is None:
        return 0
    weights, a = g.value(conv.input[1]), attributes(conv)
    rows = g.reader(conv.output[0], "Reshape")
    patches = g.reader(rows.output[0], "Transpose") if rows is not None else None
    if weights is None or weights.ndim != 4 or patches is None or list(attributes(patches).get("perm", [])) != [0, 2, 1]:
        return 0
    width, channels, side, _ = weights.shape
    height, length = (d.dim_value for d in g.proto.input[0].type.tensor_type.shape.dim[2:])
    plain = (
        a.get("strides") == [side, side] and weights.shape[2] == weights.shape[3] and channels == len(mean) == len(std)
        and not any(a.get("pads", [])) and set(a.get("dilations", [1])) == {1} and a.get("group", 1) == 1
        and a.get("auto_pad", b"NOTSET") in (b"NOTSET", b"VALID") and height % side == 0 == length % side
    )
    if not plain:
        return 0
    mean, std = (np.array(v, np.float64).reshape(1, channels, 1, 1) for v in (mean, std))
    middle = 128  # of a pixel's values; the nearer to the mean, the less do rounded weights matter
    exact = weights.astype(np.float64) / (255 * std)
    bias = (weights * (middle / 255 - mean) / std).sum(axis=(1, 2, 3))
    if len(conv.input) > 2:
        bias += g.value(conv.input[2])
    scale = np.maximum(np.abs(exact).max(axis=(1, 2, 3)), 1e-30) / LIMIT
    whole = diffused((exact / scale[:, None, None, None]).reshape(-1, side, side)).reshape(width, -1).T
    down, across = height // side, length // side

    def constant(name: str, value, kind) -> str:
        return g.add("patches/" + name, np.array(value, kind))

    def node(op: str, inputs: list[str], output: str, **more) -> onnx.NodeProto:
        return helper.make_node(op, inputs, [output], "int8/" + output, **more)

    g.replace(patches, [
        node("Mul", [pixels, constant("std", 255 * std, np.float32)], "patches/scaled"),
        node("Add", ["patches/scaled", constant("mean", 255 * mean, np.float32)], "patches/pixels"),
        node("QuantizeLinear", ["patches/pixels", constant("one", 1, np.float32), constant("zero", 0, np.uint8)], "patches/bytes"),
        node("Reshape", ["patches/bytes", constant("apart", [1, channels, down, side, across, side], np.int64)], "patches/apart"),
        node("Transpose", ["patches/apart"], "patches/sorted", perm=[0, 2, 4, 1, 3, 5]),
        node("Reshape", ["patches/sorted", constant("rows", [1, down * across, channels * side * side], np.int64)], "patches/rows"),
        node("MatMulIntegerToFloat", [
            "patches/rows", constant("weights", whole, np.int8), "int8/patches/one", constant("scale", scale, np.float32),
            constant("middle", middle, np.uint8), constant("weights_zero", np.zeros(width), np.int8), constant("bias", bias, np.float32),
        ], patches.output[0], domain=MICROSOFT),
    ])
    return 1
