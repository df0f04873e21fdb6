# SPDX-License-Identifier: MIT
"""Multiply-accumulates of ONNX operators."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Shapes = Mapping[str, tuple[int, ...]]


def _convolution(weight_input: int) -> Callable[[Any, Shapes], int]:
    def count(node: Any, shapes: Shapes) -> int:
        # Weight [outputs, inputs / groups, kernel…]: each output element sums all but axis 0.
        weight = shapes[node.input[weight_input]]
        return math.prod(shapes[node.output[0]]) * math.prod(weight[1:])

    return count


def _transposed_convolution(node: Any, shapes: Shapes) -> int:
    # Weight [inputs, outputs / groups, kernel…]: each input element feeds all but axis 0.
    return math.prod(shapes[node.input[0]]) * math.prod(shapes[node.input[1]][1:])


def _gemm(node: Any, shapes: Shapes) -> int:
    transposed = any(a.name == "transA" and a.i for a in node.attribute)
    inner = shapes[node.input[0]][0 if transposed else 1]
    return math.prod(shapes[node.output[0]]) * inner


def _product(node: Any, shapes: Shapes) -> int:
    return math.prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]


COUNTERS: Mapping[str, Callable[[Any, Shapes], int]] = {
    "Conv": _convolution(1),
    "ConvInteger": _convolution(1),
    "QLinearConv": _convolution(3),
    "ConvTranspose": _transposed_convolution,
    "Gemm": _gemm,
    "QGemm": _gemm,
    "MatMul": _product,
    "MatMulInteger": _product,
    "QLinearMatMul": _product,
}
#: Operators that multiply and accumulate but are not counted here, and those with subgraphs.
NOT_COUNTED = frozenset(
    {"Attention", "Einsum", "GRU", "If", "LSTM", "Loop", "RNN", "Scan", "DeformConv"}
)
STANDARD_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})


def node_macs(node: Any, shapes: Shapes) -> int:
    """Multiply-accumulates of one node; 0 for operators that are not products.

    Raises:
        KeyError: a shape that the count needs is unknown.
    """
    counter = COUNTERS.get(node.op_type)
    return counter(node, shapes) if counter else 0


def uncounted_operators(graph: Any) -> Iterator[str]:
    """Names of operators whose work the count leaves out, each once."""
    seen: set[str] = set()
    for node in graph.node:
        foreign = node.domain not in STANDARD_DOMAINS and node.op_type not in COUNTERS
        if (node.op_type in NOT_COUNTED or foreign) and node.op_type not in seen:
            seen.add(node.op_type)
            yield node.op_type
