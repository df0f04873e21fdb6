# SPDX-License-Identifier: MIT
"""Reading an ONNX model: its work, its parameters and the size of every tensor."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tandem.dnn_profiles.errors import ProfileError, require
from tandem.dnn_profiles.onnx_macs import node_macs, uncounted_operators

#: Operators whose inputs from these positions on are scales and zero points, not parameters.
QUANTISATION_INPUTS = {
    "QuantizeLinear": (1, 2),
    "DequantizeLinear": (1, 2),
    "QLinearConv": (1, 2, 4, 5, 6, 7),
    "QLinearMatMul": (1, 2, 4, 5, 6, 7),
    "DynamicQuantizeLinear": (),
    "MatMulInteger": (2, 3),
    "ConvInteger": (2, 3),
}


@dataclass(frozen=True, slots=True)
class Tensor:
    """Shape and element size of a tensor; ``size`` in bytes."""

    shape: tuple[int, ...]
    element_bytes: float

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def size(self) -> int:
        """Bytes, rounded up (an element may have fewer than 8 bits)."""
        return math.ceil(self.elements * self.element_bytes)


@dataclass(frozen=True, slots=True)
class Node:
    """One operator: ``macs`` multiply-accumulates from ``inputs`` to ``outputs`` (activations)."""

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    macs: int


@dataclass(frozen=True, slots=True)
class Graph:
    """What the profiler needs of a model; nodes are in topological order, as ONNX requires."""

    nodes: tuple[Node, ...]
    tensors: Mapping[str, Tensor]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: int
    uncounted: tuple[str, ...]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(node.macs for node in self.nodes)

    @property
    def input_bytes(self) -> int:
        """Bytes of all inputs as the graph takes them."""
        return sum(self.tensors[name].size for name in self.inputs)

    @property
    def output_bytes(self) -> int:
        """Bytes of all outputs."""
        return sum(self.tensors[name].size for name in self.outputs)


def read_graph(path: Path, shapes: Mapping[str, Sequence[int]] | None = None) -> Graph:
    """Read an ONNX file; a symbolic first dimension (the batch) becomes 1.

    Args:
        shapes: shapes of inputs whose other dimensions the file leaves open.
    Raises:
        ProfileError: not an ONNX model, or a shape that is open or cannot be inferred.
        MissingExtraError: onnx is not installed.
    """
    onnx: Any = require("onnx", "reading an ONNX model")
    try:
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
    except FileNotFoundError as error:
        raise ProfileError("there is no such file", path=path) from error
    except Exception as error:  # protobuf and checker errors share no base class
        raise ProfileError(f"is not a valid ONNX model: {error}", path=path) from error
    _fix_inputs(path, model, shapes or {})
    try:
        inference: Any = require("onnx.shape_inference", "reading an ONNX model")
        model = inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except Exception as error:  # InferenceError is not exported by every onnx release
        raise ProfileError(f"shapes cannot be inferred: {error}", path=path) from error
    return _graph(path, onnx, model)


def _fix_inputs(path: Path, model: Any, shapes: Mapping[str, Sequence[int]]) -> None:
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = {value.name: value for value in model.graph.input if value.name not in weights}
    for name in shapes:
        if name not in inputs:
            raise ProfileError(f"has no input '{name}'; its inputs: {', '.join(inputs)}", path=path)
    for name, value in inputs.items():
        dims = value.type.tensor_type.shape.dim
        given = shapes.get(name)
        if given is not None and len(given) != len(dims):
            raise ProfileError(
                f"input '{name}' has {len(dims)} dimensions, the given shape {len(given)}",
                path=path,
            )
        for axis, dim in enumerate(dims):
            if given is not None:
                dim.dim_value = int(given[axis])
            elif not dim.HasField("dim_value") or dim.dim_value <= 0:
                if axis > 0:
                    label = dim.dim_param or "?"
                    raise ProfileError(
                        f"input '{name}' leaves dimension {axis} ('{label}') open; give its shape, "
                        f"for example --input-shape {name}=1,3,224,224",
                        path=path,
                    )
                dim.dim_value = 1


def _graph(path: Path, onnx: Any, model: Any) -> Graph:
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    tensors: dict[str, Tensor] = {
        name: Tensor(tuple(t.dims), _element_bytes(onnx, t.data_type))
        for name, t in weights.items()
    }
    for value in (*graph.input, *graph.value_info, *graph.output):
        kind = value.type.tensor_type
        if value.name not in tensors and all(d.HasField("dim_value") for d in kind.shape.dim):
            shape = tuple(dim.dim_value for dim in kind.shape.dim)
            tensors[value.name] = Tensor(shape, _element_bytes(onnx, kind.elem_type))
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    constants = set(weights)
    nodes: list[Node] = []
    for index, node in enumerate(graph.node):
        name = node.name or f"{node.op_type}_{index}"
        inputs = tuple(i for i in node.input if i and i not in constants)
        if not inputs:
            # Computed from weights alone (Constant, unpacked weights): not an activation.
            constants.update(node.output)
            continue
        try:
            work = node_macs(node, shapes)
        except KeyError as error:
            raise ProfileError(
                f"node '{name}' ({node.op_type}): the shape of {error} cannot be inferred; "
                "simplify the model or give all input shapes",
                path=path,
            ) from error
        nodes.append(Node(name, node.op_type, inputs, tuple(o for o in node.output if o), work))
    inputs = tuple(value.name for value in graph.input if value.name not in weights)
    return Graph(
        nodes=tuple(nodes),
        tensors=tensors,
        inputs=inputs,
        outputs=tuple(value.name for value in graph.output),
        parameters=_parameters(graph, weights, tensors),
        uncounted=tuple(uncounted_operators(graph)),
    )


def _element_bytes(onnx: Any, kind: int) -> float:
    if kind in (onnx.TensorProto.INT4, onnx.TensorProto.UINT4):
        return 0.5
    return float(onnx.helper.tensor_dtype_to_np_dtype(kind).itemsize)


def _parameters(graph: Any, weights: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> int:
    """Elements of the weights that are multiplied or added: no scales, shapes or indices."""
    skipped: set[str] = set()
    used: set[str] = set()
    for node in graph.node:
        positions = QUANTISATION_INPUTS.get(node.op_type, ())
        for position, name in enumerate(node.input):
            (skipped if position in positions else used).add(name)
    int64 = 8
    return sum(
        tensors[name].elements
        for name in weights
        if name in used - skipped
        and not (tensors[name].element_bytes == int64 and _is_index(weights[name]))
    )


def _is_index(tensor: Any) -> bool:
    return bool(tensor.data_type == tensor.INT64)
