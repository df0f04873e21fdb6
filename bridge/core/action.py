# SPDX-License-Identifier: MIT
"""Reading a joint action, whatever array-like it is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.core.errors import InvalidAction


def as_numbers(action: Any) -> NDArray[Any]:
    """Anything array-like as a contiguous, aligned int64 or float64 array.

    Raises:
        InvalidAction: it is no array of numbers.
    """
    try:
        array = np.asarray(action)
    except ValueError as error:
        raise InvalidAction(f"the action is no regular array: {error}") from error
    # Aligned, too: what comes out of a network buffer may not be, and cannot be read as it is.
    if array.dtype.kind in "iub":
        return np.require(array, np.int64, ("C", "A"))
    if array.dtype.kind == "f":
        return np.require(array, np.float64, ("C", "A"))
    raise InvalidAction(f"the action has element type {array.dtype}, expected numbers")
