# SPDX-License-Identifier: MIT
"""The profiler: latency of a model on this machine, as a row of the catalogue."""

from __future__ import annotations

import importlib
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tandem.dnn_profiles import machine
from tandem.dnn_profiles.errors import ProfileError, require
from tandem.dnn_profiles.onnx_graph import Graph, read_graph
from tandem.dnn_profiles.quantise import CALIBRATION_INPUTS, Method, quantise_onnx, quantise_torch
from tandem.dnn_profiles.rows import Precision
from tandem.dnn_profiles.timing import (
    DEFAULT_SECONDS,
    DEFAULT_WARMUP,
    Timing,
    time_calls,
    time_torch,
)

Runtime = Literal["torch", "onnxruntime"]
MOBILENET_FACTORIES = "tandem.dnn_profiles.mobilenet"
ONNX_OPSET = 17


@dataclass(frozen=True, slots=True)
class Request:
    """What to measure and how.

    Attributes:
        model: path of an ONNX file, ``module:factory`` of a torch module, or a variant d0…d7.
        threads: threads that one inference may use.
        precision: int8 quantises the model first, by the library's own means.
        seconds: time to spend on samples, after ``warmup`` runs that do not count.
    """

    model: str
    variant: str
    device: str
    runtime: Runtime
    threads: int = 1
    precision: Precision = "fp32"
    quantise: Method = "static"
    warmup: int = DEFAULT_WARMUP
    seconds: float = DEFAULT_SECONDS


@dataclass(frozen=True, slots=True)
class Measurement:
    """A timing with what was timed."""

    request: Request
    timing: Timing
    graph: Graph
    library: str
    description: str


def load_factory(name: str) -> Any:
    """Build the torch module that ``module:factory`` makes, in evaluation mode.

    Raises:
        ProfileError: there is no such module or factory, or it makes something else.
    """
    torch: Any = require("torch", "measuring a torch module")
    module_name, _, attribute = name.partition(":")
    try:
        made = getattr(importlib.import_module(module_name), attribute)()
    except (ImportError, AttributeError) as error:
        raise ProfileError(
            f"'{name}' is not a factory: {error}; expected module:factory, importable from here"
        ) from error
    if not isinstance(made, torch.nn.Module):
        raise ProfileError(f"'{name}' made a {type(made).__name__}, expected a torch.nn.Module")
    return made.eval()


def example_input(model: Any, shape: tuple[int, ...] | None) -> Any:
    """A random input for a torch module: of ``shape``, or what its ``example()`` gives.

    Raises:
        ProfileError: no shape was given and the module has no ``example``.
    """
    torch: Any = require("torch", "measuring a torch module")
    if shape is not None:
        return torch.rand(*shape)
    if not hasattr(model, "example"):
        raise ProfileError(
            f"{type(model).__name__} has no example(); give --input-shape, for example 1,3,224,224"
        )
    return model.example()


def export_onnx(model: Any, example: Any, path: Path) -> None:
    """Write a torch module as an ONNX file.

    Raises:
        ProfileError: torch cannot export the module.
    """
    torch: Any = require("torch", "exporting a torch module")
    with warnings.catch_warnings():
        # The exporter without onnxscript is announced as the older one; it needs no more packages.
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(
                model,
                (example,),
                str(path),
                dynamo=False,
                opset_version=ONNX_OPSET,
                input_names=["input"],
                output_names=["output"],
            )
        except Exception as error:  # tracing runs the user's code
            raise ProfileError(f"torch cannot export the module to ONNX: {error}") from error


def measure(request: Request, shape: tuple[int, ...] | None = None) -> Measurement:
    """Measure a model on this machine.

    Args:
        shape: the input's shape, if the model does not give it.
    Raises:
        ProfileError: the model cannot be loaded, exported, quantised or run.
        MissingExtraError: a library that the request needs is not installed.
    """
    if request.threads < 1:
        raise ProfileError(f"threads {request.threads}: must be 1 or more")
    with tempfile.TemporaryDirectory(prefix="tandem-profile-") as folder:
        if request.model.endswith(".onnx"):
            if request.runtime == "torch":
                raise ProfileError(f"torch cannot run '{request.model}'; use --runtime onnxruntime")
            source = Path(request.model)
            graph = read_graph(source, None)
            return _measure_onnx(request, source, graph, Path(folder))
        model = load_factory(request.model)
        example = example_input(model, shape)
        source = Path(folder) / "model.onnx"
        export_onnx(model, example, source)
        graph = read_graph(source)
        if request.runtime == "onnxruntime":
            return _measure_onnx(request, source, graph, Path(folder))
        return _measure_torch(request, model, example, graph)


def _measure_torch(request: Request, model: Any, example: Any, graph: Graph) -> Measurement:
    torch: Any = require("torch", "measuring a torch module")
    if request.precision == "int8":
        model = quantise_torch(model, example, request.quantise)
    elif request.precision != "fp32":
        raise ProfileError(f"precision '{request.precision}' is not measured; use fp32 or int8")
    timing = time_torch(model, example, request.threads, request.warmup, request.seconds)
    library = f"torch {torch.__version__}"
    return Measurement(request, timing, graph, library, machine.describe(library))


def _measure_onnx(request: Request, source: Path, graph: Graph, folder: Path) -> Measurement:
    runtime: Any = require("onnxruntime", "measuring with ONNX Runtime")
    numpy: Any = require("numpy", "measuring with ONNX Runtime")
    generator = numpy.random.default_rng(0)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = request.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; warnings would be about the graph, not the timing

    def inputs(session: Any) -> dict[str, Any]:
        return {i.name: _random(numpy, generator, source, graph, i) for i in session.get_inputs()}

    def open_session(path: Path) -> Any:
        try:
            return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime's own exceptions share no public base
            raise ProfileError(f"ONNX Runtime cannot run it: {error}", path=path) from error

    session = open_session(source)
    if request.precision == "int8":
        quantised = folder / "int8.onnx"
        samples = [inputs(session) for _ in range(CALIBRATION_INPUTS)]
        quantise_onnx(source, quantised, samples, request.quantise)
        session = open_session(quantised)
    elif request.precision != "fp32":
        raise ProfileError(f"precision '{request.precision}' is not measured; use fp32 or int8")
    feed = inputs(session)
    timing = time_calls(lambda: session.run(None, feed), request.warmup, request.seconds)
    library = f"onnxruntime {runtime.__version__}"
    return Measurement(request, timing, graph, library, machine.describe(library))


def _random(numpy: Any, generator: Any, source: Path, graph: Graph, value: Any) -> Any:
    shape = graph.tensors[value.name].shape
    kinds = {"tensor(float)": numpy.float32, "tensor(double)": numpy.float64}
    if value.type in kinds:
        return generator.random(shape).astype(kinds[value.type])
    if value.type in ("tensor(uint8)", "tensor(int8)", "tensor(int32)", "tensor(int64)"):
        kind = value.type.removeprefix("tensor(").removesuffix(")")
        return generator.integers(0, 2, shape).astype(kind)
    raise ProfileError(
        f"input '{value.name}' has type {value.type}, which is not made", path=source
    )
