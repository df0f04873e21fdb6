# SPDX-License-Identifier: MIT
"""Arrow tables as bytes, for states that are put away and taken up again."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


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
