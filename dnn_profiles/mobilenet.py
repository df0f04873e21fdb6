# SPDX-License-Identifier: MIT
"""The MobileNetV1 family in PyTorch, for measuring and counting.

Weights are random: latency, work and tensor sizes do not depend on them. The accuracies in the
catalogue are those of the published weights.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from tandem.dnn_profiles.architecture import (
    CLASSES,
    IMAGE_CHANNELS,
    IMAGE_SIDE,
    WIDTHS,
    Convolution,
    convolutions,
)

#: torch's counter counts a multiply-accumulate as two operations.
OPERATIONS_PER_MAC = 2


class MobileNetV1(nn.Module):
    """MobileNetV1: image [batch, 3, side, side] float32 to class scores [batch, classes]."""

    def __init__(self, width: float = 1.0, classes: int = CLASSES, side: int = IMAGE_SIDE) -> None:
        """Build the network at a width multiplier.

        Raises:
            ValueError: the width multiplier is not positive.
        """
        super().__init__()
        layers = convolutions(width, side)
        self.side = side
        self.features = nn.Sequential(OrderedDict((layer.name, _block(layer)) for layer in layers))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(layers[-1].outputs, classes)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Class scores before the softmax."""
        pooled: torch.Tensor = self.pool(self.features(image)).flatten(1)
        scores: torch.Tensor = self.classifier(pooled)
        return scores

    def example(self) -> torch.Tensor:
        """An input of the right shape, [1, 3, side, side]."""
        return torch.rand(1, IMAGE_CHANNELS, self.side, self.side)


def _block(layer: Convolution) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(
            layer.inputs,
            layer.outputs,
            layer.kernel,
            stride=layer.stride,
            padding=layer.kernel // 2,
            groups=layer.groups,
            bias=False,
        ),
        nn.BatchNorm2d(layer.outputs),
        nn.ReLU6(),
    )


def factory(variant: str) -> Callable[[], MobileNetV1]:
    """A function that builds the network of one of the variants d0 to d7.

    Raises:
        KeyError: the variant is not one of them.
    """
    width = WIDTHS[variant]
    return lambda: MobileNetV1(width).eval()


d0, d1, d2, d3 = (factory(name) for name in ("d0", "d1", "d2", "d3"))
d4, d5, d6, d7 = (factory(name) for name in ("d4", "d5", "d6", "d7"))


def count_macs(model: nn.Module, example: torch.Tensor) -> int:
    """Multiply-accumulates of one call, by torch's flop counter."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(example)
    return int(counter.get_total_flops()) // OPERATIONS_PER_MAC


def count_parameters(model: nn.Module) -> int:
    """Trainable parameters; running statistics of normalisation are not counted."""
    return sum(parameter.numel() for parameter in model.parameters())
