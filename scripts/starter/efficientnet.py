"""EfficientNet-Lite as an ONNX graph (Tan and Le 2019; Google's "Lite" variant of 2020).

The Lite variant has no squeeze-and-excite and uses ReLU6, and its stem and head are
not scaled. Batch normalisation is folded into the convolutions.
"""

import math
from typing import NamedTuple

import numpy as np

from graph import Builder

WIDTH, DEPTH = 1.1, 1.2  # of Lite2
EPSILON = 1e-3  # of its batch normalisation
STEM_CHANNELS = 32


class Stage(NamedTuple):
    """Blocks of one resolution, before scaling."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels_in: int
    channels_out: int


STAGES = (
    Stage(1, 3, 1, 1, 32, 16),
    Stage(2, 3, 2, 6, 16, 24),
    Stage(2, 5, 2, 6, 24, 40),
    Stage(3, 3, 2, 6, 40, 80),
    Stage(3, 5, 1, 6, 80, 112),
    Stage(4, 5, 2, 6, 112, 192),
    Stage(1, 3, 1, 6, 192, 320),
)


def scaled(channels: int) -> int:
    """Scales a number of channels and rounds it to a multiple of 8, never below 0.9."""
    wanted = channels * WIDTH
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


class EfficientNetLite:
    """Adds the network to a graph."""

    def __init__(self, builder: Builder, weights: dict[str, np.ndarray]) -> None:
        self.builder = builder
        self.weights = weights
        self.zero = self.six = ""

    def logits(self, pixels: str) -> str:
        """Maps pixels, scaled as (value - 127) / 128, to the logits of 1000 classes."""
        build = self.builder
        self.zero = build.constant(np.float32(0))
        self.six = build.constant(np.float32(6))
        x = self._convolution(pixels, "_conv_stem", "_bn0", stride=2)
        index = 0
        for number, stage in enumerate(STAGES):
            first, last = number == 0, number == len(STAGES) - 1
            channels_in = STEM_CHANNELS if first else scaled(stage.channels_in)
            channels_out = scaled(stage.channels_out)
            repeats = stage.repeats if first or last else math.ceil(DEPTH * stage.repeats)
            for repeat in range(repeats):
                x = self._block(
                    x,
                    f"_blocks.{index}.",
                    channels_in if repeat == 0 else channels_out,
                    channels_out,
                    stage.stride if repeat == 0 else 1,
                    stage.expansion,
                )
                index += 1
        if f"_blocks.{index}._bn1.weight" in self.weights:
            raise ValueError(f"the checkpoint has more than {index} blocks: it is not Lite2")
        x = self._convolution(x, "_conv_head", "_bn1")
        x = build.add("GlobalAveragePool", x)
        features = build.add("Flatten", x, axis=1)
        matrix = build.constant(self.weights["_fc.weight"], "fcw")
        bias = build.constant(self.weights["_fc.bias"], "fcb")
        return build.add("Gemm", features, matrix, bias, transB=1)

    def _block(
        self, x: str, prefix: str, channels_in: int, channels_out: int, stride: int, expansion: int
    ) -> str:
        """Adds an inverted residual: expand, depthwise, project, and the way around."""
        shortcut = x
        if expansion != 1:
            x = self._convolution(x, prefix + "_expand_conv", prefix + "_bn0")
        x = self._convolution(
            x, prefix + "_depthwise_conv", prefix + "_bn1", stride=stride, group=channels_in * expansion
        )
        x = self._convolution(x, prefix + "_project_conv", prefix + "_bn2", activate=False)
        if stride == 1 and channels_in == channels_out:
            x = self.builder.add("Add", x, shortcut)
        return x

    def _convolution(
        self, x: str, conv: str, norm: str, stride: int = 1, group: int = 1, activate: bool = True
    ) -> str:
        """Adds a convolution with its batch normalisation folded in, and ReLU6."""
        weights, build = self.weights, self.builder
        gain = weights[norm + ".weight"] / np.sqrt(weights[norm + ".running_var"].astype(np.float64) + EPSILON)
        bias = weights[norm + ".bias"] - weights[norm + ".running_mean"] * gain
        kernel = weights[conv + ".weight"].astype(np.float64) * gain[:, None, None, None]
        size = kernel.shape[2]
        x = build.add(
            "Conv",
            x,
            build.constant(kernel.astype(np.float32), "w"),
            build.constant(bias.astype(np.float32), "b"),
            kernel_shape=[size, size],
            strides=[stride, stride],
            group=group,
            auto_pad="SAME_UPPER",
        )
        return build.add("Clip", x, self.zero, self.six) if activate else x
