# SPDX-License-Identifier: MIT
"""Agent states on disk, in PyTorch's format; loading one runs no code from the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from tandem.bridge.core.files import replacing

ARRAY: Final = "numpy.array"


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write a state of tensors, arrays, numbers, strings, lists and dictionaries.

    The file appears under its name only when it is complete.
    """
    with replacing(path) as temporary:
        torch.save(_pack(state), temporary)


def load_state(path: Path) -> dict[str, Any]:
    """Read what `save_state` wrote; refuses files that hold anything else (no pickled code)."""
    state: dict[str, Any] = _unpack(torch.load(path, map_location="cpu", weights_only=True))
    return state


def _pack(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        # ascontiguousarray would turn a number without axes into a vector.
        return {ARRAY: torch.from_numpy(np.array(value, order="C"))}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: _pack(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_pack(item) for item in value]
    return value


def _unpack(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {ARRAY}:
            return value[ARRAY].numpy()
        return {key: _unpack(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unpack(item) for item in value]
    return value
