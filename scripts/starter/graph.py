"""Builds ONNX graphs node by node, and stores their weights as 8-bit integers."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8


class Builder:
    """Collects nodes and constants; every method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._count = 0

    def name(self, prefix: str) -> str:
        """Returns a name that no other tensor has."""
        self._count += 1
        return f"{prefix}{self._count}"

    def constant(self, value: np.ndarray, prefix: str = "c") -> str:
        """Adds a constant."""
        name = self.name(prefix)
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def floats(self, *values: float) -> str:
        """Adds a float32 vector."""
        return self.constant(np.array(values, np.float32))

    def axes(self, *values: int) -> str:
        """Adds an int64 vector, as operators take axes."""
        return self.constant(np.array(values, np.int64))

    def add(self, operator: str, *inputs: str, **attributes: object) -> str:
        """Adds a node with one output."""
        output = self.name(operator.lower())
        self.add_named(operator, inputs, [output], "n_" + output, **attributes)
        return output

    def add_named(
        self, operator: str, inputs: "list[str] | tuple[str, ...]", outputs: list[str], name: str, **attributes: object
    ) -> None:
        """Adds a node whose name and outputs the caller chooses."""
        self.nodes.append(helper.make_node(operator, list(inputs), outputs, name=name, **attributes))

    def normalise(self, x: str) -> tuple[str, str]:
        """Adds the length of each row of x, at least 1e-12; returns x and the length."""
        length = self.add("ReduceL2", x, axes=[-1], keepdims=1)
        return x, self.add("Max", length, self.constant(np.float32(1e-12)))


def quantise(weights: np.ndarray, axis: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Returns 8-bit codes and the float32 scales that give the weights back.

    The scale is the largest magnitude along axis divided by 127. Weights alone are
    quantised, never activations, so that a row's result does not depend on what else
    is in its batch.
    """
    scale = np.abs(weights).max(axis=axis, keepdims=True) / 127
    scale[scale == 0] = 1
    scale = scale.astype(np.float32)
    return np.clip(np.rint(weights / scale), -127, 127).astype(np.int8), scale


def stored_as_int8(
    tensor: onnx.TensorProto, axis: tuple[int, ...]
) -> tuple[list[onnx.TensorProto], list[onnx.NodeProto]]:
    """Returns the constants and the nodes that stand for a float32 constant.

    The nodes are Cast and Mul and not DequantizeLinear: ONNX Runtime folds the former
    into a float32 constant when it loads the graph, but keeps the latter and runs it
    for every batch, which made the whole graph three times slower.
    """
    codes, scale = quantise(numpy_helper.to_array(tensor), axis)
    name = tensor.name
    constants = [numpy_helper.from_array(codes, name + "_q"), numpy_helper.from_array(scale, name + "_s")]
    nodes = [
        helper.make_node("Cast", [name + "_q"], [name + "_f"], name="cast_" + name, to=TensorProto.FLOAT),
        helper.make_node("Mul", [name + "_f", name + "_s"], [name], name="scale_" + name),
    ]
    return constants, nodes


def save(model: onnx.ModelProto, path: Path) -> None:
    """Checks a model and writes it."""
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
