# SPDX-License-Identifier: MIT
"""Observation blocks as networks see them: bounded, unit-free numbers of about 1.

Columns are compressed by ``sign(x) log(1 + |x| / scale)``, where the scale follows from the unit
in the column's name. The compression can be undone, so that a predicted next state becomes an
observation again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Value that is compressed to log 2, by the ending of a column's name (its unit).
SCALES: Final[Mapping[str, float]] = {
    "_bytes": 1e4,
    "_bps": 1e6,
    "_s": 0.02,
    "_m": 10.0,
    "_db": 10.0,
}
#: Compressed columns are divided by this, so that inputs of a network are about 1.
INPUT_SCALE: Final = 5.0
#: Costs are divided by this, so that usual rewards are about -1 (seconds).
COST_SCALE_S: Final = 0.1
#: Columns that are codes, not quantities.
CODES: Final = ("last_option",)
#: Columns about the previous request: they say more about that choice than about the present state.
HISTORY: Final = "last_"


def scale_of(column: str) -> float:
    """The scale of an observation column, by the unit in its name; 1 without a unit."""
    for ending, scale in SCALES.items():
        if column.endswith(ending):
            return scale
    return 1.0


def is_code(column: str) -> bool:
    """Whether a column is a code, which no network should take for a quantity."""
    return column in CODES


def is_state(column: str) -> bool:
    """Whether a column is a quantity that describes the present state."""
    return not is_code(column) and not column.startswith(HISTORY)


class BlockCodec:
    """Compresses a block of the observation column by column, and back.

    Args:
        columns: column index by name.
    """

    def __init__(self, columns: Mapping[str, int]) -> None:
        self.names = tuple(sorted(columns, key=columns.__getitem__))
        self._scale = np.array([scale_of(name) for name in self.names])

    def encode(self, block: Array) -> Array:
        """Compress ``[…, columns]``."""
        return np.asarray(np.sign(block) * np.log1p(np.abs(block) / self._scale))

    def decode(self, encoded: Array) -> Array:
        """The inverse of `encode`."""
        return np.asarray(np.sign(encoded) * np.expm1(np.abs(encoded)) * self._scale)

    def inputs(self, block: Array) -> Array:
        """Compress ``[…, columns]`` to numbers of about 1."""
        return self.encode(block) / INPUT_SCALE
