# SPDX-License-Identifier: MIT
"""Gym spaces from a scenario's description, and what the channel's codec needs of them."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any, Final

import gymnasium.spaces
import numpy as np
from numpy.typing import NDArray

from tandem.bridge.core.block import read_bound
from tandem.bridge.core.errors import InvalidAction, SchemaMismatch

#: Element types as C++ names them → numpy's. Others travel as the originals': as float.
DTYPES: Final = {
    "bool": "uint8",
    "float": "float32",
    "double": "float64",
    **{f"{name}_t": name for name in ("int8", "int16", "int32", "int64")},
    **{f"{name}_t": name for name in ("uint8", "uint16", "uint32", "uint64")},
}
# Gymnasium samples integers as int64, up to the bound and one more.
_LARGEST_BOUND: Final = np.iinfo(np.int64).max - 1
_SMALLEST_BOUND: Final = np.iinfo(np.int64).min + 1


def make_space(
    description: Any, spaces: ModuleType = gymnasium.spaces, *, observed: bool = False
) -> Any:
    """Build a space.

    Args:
        description: as the scenario gave it in JSON.
        spaces: the module whose classes to use: gymnasium's, or those of the old gym.
        observed: it is a space of observations, whose numbers arrive as int64 or float64.

    Raises:
        SchemaMismatch: the description cannot be a space.
    """
    kind = description["type"]
    if kind == "discrete":
        if description["n"] < 1:
            raise SchemaMismatch(f"a Discrete space of {description['n']} choices; at least 1")
        return spaces.Discrete(description["n"])
    if kind == "box":
        return _make_box(description, spaces, observed=observed)
    items = description["items"]
    if kind == "tuple":
        return spaces.Tuple(tuple(make_space(item, spaces, observed=observed) for item in items))
    return spaces.Dict(
        {key: make_space(item, spaces, observed=observed) for key, item in items.items()}
    )


def codec_node(description: Any) -> Any:
    """A space's description as the extension's codec takes it."""
    kind = description["type"]
    if kind == "discrete":
        return ("discrete", description["n"])
    if kind == "box":
        return ("box", DTYPES.get(description["dtype"], "float32"), tuple(description["shape"]))
    if kind == "tuple":
        return ("tuple", [codec_node(item) for item in description["items"]])
    return ("dict", [(key, codec_node(item)) for key, item in description["items"].items()])


def convert_action(value: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Any numbers as a C-contiguous array of a Box's element type.

    Raises:
        InvalidAction: they are no numbers, or the type cannot hold them.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InvalidAction(f"the action is no regular array: {error}") from None
    if array.dtype.kind not in "biuf":
        raise InvalidAction(f"the action has element type {array.dtype}, expected numbers")
    if array.dtype.kind == "f":
        with np.errstate(invalid="ignore", over="ignore"):
            converted = np.ascontiguousarray(array, dtype)
    else:
        converted = np.ascontiguousarray(array, dtype)
    if dtype.kind in "iu" and not np.array_equal(converted, array):
        raise InvalidAction(
            f"the action {np.array2string(array, threshold=8)} does not fit the space's element "
            f"type {dtype}: whole numbers from {np.iinfo(dtype).min} to {np.iinfo(dtype).max}"
        )
    return converted


def _make_box(description: Any, spaces: ModuleType, *, observed: bool) -> Any:
    declared = np.dtype(DTYPES.get(description["dtype"], "float32"))
    # The same rule as in native/observed.h.
    wide = np.dtype(np.float64 if declared.kind == "f" else np.int64)
    dtype = wide if observed else declared
    shape = tuple(description["shape"])
    low, high = (_bound(description[key], shape, declared) for key in ("low", "high"))
    return spaces.Box(low=low.astype(dtype), high=high.astype(dtype), shape=shape, dtype=dtype.type)


def _bound(values: list[float], shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """One bound for all elements or one for each, brought into the type's range.

    Scenarios give bounds as C++ floats, so that of a uint32 reads 4294967296. An infinite bound
    stays infinite for real numbers; for integers it is the last one that Gymnasium can sample.
    """
    size = int(np.prod(shape))
    if len(values) not in (1, size):
        raise SchemaMismatch(f"a Box of shape {shape} has {len(values)} bounds, expected {size}")
    if any(value is None or math.isnan(value) for value in values):
        raise SchemaMismatch(f"a Box of shape {shape} has a bound that is no number")
    bounds = [read_bound(value) for value in values]
    if dtype.kind in "iu":
        smallest = max(np.iinfo(dtype).min, _SMALLEST_BOUND)
        largest = min(np.iinfo(dtype).max, _LARGEST_BOUND)
        array = np.array([round(min(max(bound, smallest), largest)) for bound in bounds], dtype)
    else:
        with np.errstate(over="ignore"):
            array = np.array(bounds, np.float64).astype(dtype)
    return np.broadcast_to(array, (size,)).reshape(shape).copy()
