# SPDX-License-Identifier: MIT
"""Agent states on disk as named arrays and plain values; loading one runs no code from the file.

The format is `tandem.bridge.core.arrays`, so that agents without PyTorch need none for their
checkpoints. Checkpoints of version 0.1 are in PyTorch's format and can still be read.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.core.arrays import pack, unpack
from tandem.bridge.core.files import replacing
from tandem.bridge.core.packages import require

#: Stand in the plain values for an array, a tensor, and a dictionary whose keys are not all text.
ARRAY: Final = "numpy.array"
TENSOR: Final = "torch.tensor"
PAIRS: Final = "pairs"
STATE: Final = "state"

Arrays = dict[str, NDArray[Any]]


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write a state of tensors, arrays, numbers, strings, lists and dictionaries.

    The file appears under its name only when it is complete.

    Raises:
        TypeError: the state holds something else.
    """
    arrays: Arrays = {}
    content = pack({STATE: _packed(state, arrays)}, arrays)
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def load_state(path: Path) -> dict[str, Any]:
    """Read what `save_state` wrote; refuses files that hold anything else (no pickled code).

    Raises:
        ValueError: damaged, or of another format.
        PolicyError: of version 0.1, and PyTorch is missing.
    """
    if _is_of_version_0_1(path):
        return _of_version_0_1(path)
    values, arrays = unpack(path.read_bytes())
    state: dict[str, Any] = _unpacked(values[STATE], arrays)
    return state


def _is_of_version_0_1(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/data.pkl") for name in archive.namelist())


def _of_version_0_1(path: Path) -> dict[str, Any]:
    require("torch", "a checkpoint of version 0.1")
    import torch

    def arrays_of(value: Any) -> Any:
        if isinstance(value, dict):
            if set(value) == {ARRAY}:
                return value[ARRAY].numpy()
            return {key: arrays_of(item) for key, item in value.items()}
        return [arrays_of(item) for item in value] if isinstance(value, list) else value

    state: dict[str, Any] = arrays_of(torch.load(path, map_location="cpu", weights_only=True))
    return state


def _packed(value: Any, arrays: Arrays) -> Any:
    if isinstance(value, np.ndarray):
        return {ARRAY: _kept(value, arrays)}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value) and value.keys().isdisjoint(
            {ARRAY, TENSOR, PAIRS}
        ):
            return {key: _packed(item, arrays) for key, item in value.items()}
        return {PAIRS: [[_packed(k, arrays), _packed(v, arrays)] for k, v in value.items()]}
    if isinstance(value, list | tuple):
        return [_packed(item, arrays) for item in value]
    # Whoever has a tensor has imported PyTorch.
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return {TENSOR: _kept(value.detach().cpu().numpy(), arrays)}
    return value


def _kept(array: NDArray[Any], arrays: Arrays) -> str:
    name = str(len(arrays))
    arrays[name] = array
    return name


def _unpacked(value: Any, arrays: Arrays) -> Any:
    if isinstance(value, list):
        return [_unpacked(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {ARRAY}:
        return arrays[value[ARRAY]]
    if value.keys() == {TENSOR}:
        import torch

        return torch.from_numpy(arrays[value[TENSOR]])
    if value.keys() == {PAIRS}:
        return {_unpacked(k, arrays): _unpacked(v, arrays) for k, v in value[PAIRS]}
    return {key: _unpacked(item, arrays) for key, item in value.items()}
