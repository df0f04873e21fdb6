# SPDX-License-Identifier: MIT
"""The layers of MobileNetV1 as numbers: channels, strides, work. Needs no library.

The network is that of Howard et al., "MobileNets" (arXiv 1704.04861), table 1: a full convolution,
13 blocks of a depthwise and a pointwise convolution, average pooling, and a linear classifier.
The width multiplier scales every layer's channels; as in the TensorFlow reference, no layer has
fewer than 8.
"""

from __future__ import annotations

from dataclasses import dataclass

STEM_CHANNELS = 32
#: (channels of the pointwise convolution, stride of the depthwise convolution) of each block.
BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *((512, 1),) * 5,
    (1024, 2),
    (1024, 1),
)
MIN_CHANNELS = 8
KERNEL = 3
STEM_STRIDE = 2
IMAGE_CHANNELS = 3
IMAGE_SIDE = 224
CLASSES = 1000
#: Width multipliers of the variants of the paper (Shahhosseini et al., ISQED 2022): d0–d3 in fp32,
#: d4–d7 the same in int8.
WIDTHS = {
    **dict(zip(("d0", "d1", "d2", "d3"), (1.0, 0.75, 0.5, 0.25), strict=True)),
    **dict(zip(("d4", "d5", "d6", "d7"), (1.0, 0.75, 0.5, 0.25), strict=True)),
}


@dataclass(frozen=True, slots=True)
class Convolution:
    """One convolution: its shape and its multiply-accumulates for one square input.

    ``side`` is the output's height and width in pixels.
    """

    name: str
    inputs: int
    outputs: int
    kernel: int
    stride: int
    groups: int
    side: int

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image."""
        return self.side**2 * self.outputs * (self.inputs // self.groups) * self.kernel**2


def scaled(channels: int, width: float) -> int:
    """Channels of a layer at a width multiplier."""
    return max(int(channels * width), MIN_CHANNELS)


def convolutions(width: float, side: int = IMAGE_SIDE) -> list[Convolution]:
    """The convolutions in network order for a square image of ``side`` pixels.

    Raises:
        ValueError: the width multiplier is not positive, or the image is smaller than 1 pixel.
    """
    if width <= 0 or side < 1:
        raise ValueError(f"width multiplier {width} and side {side} must be positive")
    channels = scaled(STEM_CHANNELS, width)
    side = _halved(side, STEM_STRIDE)
    layers = [Convolution("stem", IMAGE_CHANNELS, channels, KERNEL, STEM_STRIDE, 1, side)]
    for index, (outputs, stride) in enumerate(BLOCKS, start=1):
        side = _halved(side, stride)
        wide = scaled(outputs, width)
        layers += [
            Convolution(f"depthwise{index}", channels, channels, KERNEL, stride, channels, side),
            Convolution(f"pointwise{index}", channels, wide, 1, 1, 1, side),
        ]
        channels = wide
    return layers


def macs(width: float, side: int = IMAGE_SIDE, classes: int = CLASSES) -> int:
    """Multiply-accumulates of one inference, classifier included."""
    layers = convolutions(width, side)
    return sum(layer.macs for layer in layers) + layers[-1].outputs * classes


def _halved(side: int, stride: int) -> int:
    return -(-side // stride)
