# SPDX-License-Identifier: MIT
"""Named arrays with plain values, as the bytes of one NumPy ``.npz`` file.

The run journal and the cache of outcome tables store their data in this form. NumPy's format
was chosen because it holds every element type that occurs here, structured records included,
describes type and shape itself, carries checksums, and can be opened with ``numpy.load`` alone.
Safetensors has no structured arrays; Arrow has no arrays of several axes beside tables. Nothing in
a file is ever unpickled. Messages between machines are checked far more strictly and cross without
a copy: `tandem.bridge.remote.wire`.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.core.documents import parse_json

#: Member of the archive that holds the plain values.
VALUES: Final = "values.json"
_ARRAY: Final = ".npy"
#: Longest description of an array's type and shape; 10 000 characters, NumPy's own limit, would
#: be too short for a record table of some 400 columns.
_MAX_DESCRIPTION: Final = 1_000_000


def pack(
    values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], *, compress: bool = False
) -> bytes:
    """Values and arrays as bytes; equal content gives equal bytes.

    Args:
        values: what JSON can hold.
        arrays: by name, of any shape; numbers, bool, or structured records of them.
        compress: saves space and costs time.

    Raises:
        ValueError: an array of Python objects.
        TypeError: a value that JSON cannot hold.
    """
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        # A ZipInfo of its own has a fixed date.
        archive.writestr(_member(VALUES, method), json.dumps(values))
        for name, array in arrays.items():
            with archive.open(_member(name + _ARRAY, method), "w", force_zip64=True) as file:
                content = np.asarray(array, order="C")
                np.lib.format.write_array(file, content, allow_pickle=False)
    return buffer.getvalue()


def unpack(content: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The values and arrays that `pack` was given.

    Raises:
        ValueError: damaged, of another format, or an array of Python objects.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            values = parse_json(archive.read(VALUES), VALUES)
            arrays = {
                name.removesuffix(_ARRAY): _array(archive.read(name))
                for name in archive.namelist()
                if name.endswith(_ARRAY)
            }
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError) as error:
        raise ValueError(f"these bytes are no named arrays: {error}") from error
    return values, arrays


def _member(name: str, method: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.compress_type = method
    return member


def _array(content: bytes) -> NDArray[Any]:
    array: NDArray[Any] = np.lib.format.read_array(
        io.BytesIO(content), allow_pickle=False, max_header_size=_MAX_DESCRIPTION
    )
    return array
