# SPDX-License-Identifier: MIT
"""Record tables as Arrow tables, and the labels that name their codes."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tandem.bridge.core.schema import Schema


def record_table(
    dtype: np.dtype[np.void], parts: Sequence[tuple[int, NDArray[np.void]]]
) -> pa.Table:
    """One Arrow table from the records of all epochs, with the episode as first column.

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


def labels_of(schema: Schema) -> bytes:
    """What a reader needs to name the codes in the tables, as canonical JSON."""
    meta = schema.meta
    content = {
        "scenario": schema.scenario,
        "users": meta.get("users"),
        "variants": meta.get("variants"),
        "sites": meta.get("sites"),
        "cells": meta.get("cells"),
        "options": meta.get("options"),
        "observation": {
            block.name: {
                "shape": list(block.shape),
                "columns": [column.name for column in block.columns],
            }
            for block in schema.observation
        },
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
