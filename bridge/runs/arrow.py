# SPDX-License-Identifier: MIT
"""Record tables as Arrow tables, and Arrow tables as arrays of bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def record_table(
    dtype: np.dtype[np.void], parts: Sequence[tuple[int, NDArray[np.void]]]
) -> pa.Table:
    """One Arrow table from the records of all decisions, with the episode as first column.

    Args:
        dtype: of every part.
        parts: episode number and structured array, in the order of play.
    """
    arrays = [rows for _, rows in parts]
    rows = np.concatenate(arrays) if arrays else np.zeros(0, dtype)
    episode = np.repeat(
        np.array([number for number, _ in parts], dtype=np.int64),
        np.array([len(array) for array in arrays], dtype=np.int64),
    )
    columns = {"episode": episode}
    columns.update({name: np.ascontiguousarray(rows[name]) for name in dtype.names or ()})
    return pa.table(columns)


def pack_table(table: pa.Table) -> NDArray[np.uint8]:
    """A table in Arrow's stream format."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return np.frombuffer(sink.getvalue(), dtype=np.uint8)


def unpack_table(packed: NDArray[np.uint8]) -> pa.Table:
    """The inverse of `pack_table`."""
    with pa.ipc.open_stream(pa.py_buffer(np.ascontiguousarray(packed))) as stream:
        return stream.read_all()
