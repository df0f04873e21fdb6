# SPDX-License-Identifier: MIT
"""int8 by each library's own post-training quantisation.

Calibration uses random inputs: scales, and so accuracy, mean nothing, but the operators and
their latency are those of the quantised network.
"""

from __future__ import annotations

import copy
import logging
import platform
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from tandem.dnn_profiles.errors import ProfileError, require

Method = Literal["static", "dynamic"]
CALIBRATION_INPUTS = 4


def quantise_onnx(
    source: Path, target: Path, inputs: Sequence[dict[str, Any]], how: Method
) -> None:
    """Quantise an ONNX file to int8 with ONNX Runtime.

    Args:
        inputs: calibration inputs, each a dictionary of input name to array (static only).
    Raises:
        ProfileError: ONNX Runtime cannot quantise the model.
        MissingExtraError: onnxruntime or onnx is not installed.
    """
    library: Any = require("onnxruntime.quantization", "int8 quantisation of an ONNX model")
    shaped: Any = require("onnxruntime.quantization.shape_inference", "int8 quantisation")
    prepared = target.with_suffix(".prepared.onnx")
    with _quiet():
        try:
            shaped.quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
            if how == "dynamic":
                # Signed weights: ONNX Runtime has no ConvInteger kernel for them, hence uint8.
                library.quantize_dynamic(prepared, target, weight_type=library.QuantType.QUInt8)
                return

            class Reader(library.CalibrationDataReader):  # type: ignore[misc]
                def __init__(self) -> None:
                    self.rest = iter(inputs)

                def get_next(self) -> dict[str, Any] | None:
                    return next(self.rest, None)

            library.quantize_static(
                prepared, target, Reader(), quant_format=library.QuantFormat.QDQ, per_channel=True
            )
        except Exception as error:  # the library raises whatever its graph passes raise
            raise ProfileError(
                f"ONNX Runtime cannot quantise it ({how}): {error}", path=source
            ) from error
        finally:
            prepared.unlink(missing_ok=True)


def quantise_torch(model: Any, example: Any, how: Method) -> Any:
    """Quantise a torch module to int8; returns a new module.

    Raises:
        ProfileError: torch cannot quantise the module.
        MissingExtraError: torch is not installed.
    """
    torch: Any = require("torch", "int8 quantisation of a torch module")
    library: Any = require("torch.ao.quantization", "int8 quantisation of a torch module")
    engine = "qnnpack" if platform.machine() in ("aarch64", "arm64") else "x86"
    if engine not in torch.backends.quantized.supported_engines:
        raise ProfileError(
            f"this torch has no quantised kernels ('{engine}'); measure with --runtime onnxruntime"
        )
    torch.backends.quantized.engine = engine
    with warnings.catch_warnings():
        # torch announces a successor package; this one is still the library's own.
        warnings.simplefilter("ignore")
        try:
            if how == "dynamic":
                return library.quantize_dynamic(copy.deepcopy(model), dtype=torch.qint8)
            fx: Any = require("torch.ao.quantization.quantize_fx", "static quantisation")
            mapping = library.get_default_qconfig_mapping(engine)
            prepared = fx.prepare_fx(copy.deepcopy(model).eval(), mapping, (example,))
            with torch.no_grad():
                for _ in range(CALIBRATION_INPUTS):
                    prepared(torch.rand_like(example))
            return fx.convert_fx(prepared)
        except Exception as error:  # tracing runs the user's code
            raise ProfileError(
                f"torch cannot quantise the module ({how}): {error}; "
                "try --quantise dynamic, or --runtime onnxruntime"
            ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back the advice that the quantiser logs to the root logger."""
    previous = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(previous)
