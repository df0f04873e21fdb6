# SPDX-License-Identifier: MIT
"""Record tables as users get them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np


class RecordArray(np.ndarray[tuple[int], np.dtype[np.void]]):
    """A structured array, one row per record, that NumPy's ``allclose`` accepts.

    Gymnasium's ``check_env`` compares whatever is in ``info`` with ``numpy.allclose``, which
    raises for structured arrays. Everything else is a plain structured array: ``table["user"]``
    is an ordinary column, ``table[mask]`` a table again, ``pandas.DataFrame(table)`` works.
    """

    def __getitem__(self, key: Any) -> Any:
        item = super().__getitem__(key)
        if isinstance(item, np.ndarray) and item.dtype.names is None:
            return item.view(np.ndarray)
        return item

    def __array_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Iterable[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        if func is np.allclose:
            return _all_close(*args, **kwargs)
        return super().__array_function__(func, types, args, kwargs)


def _all_close(left: Any, right: Any, *args: Any, **kwargs: Any) -> bool:
    """``numpy.allclose`` column by column."""
    names = left.dtype.names
    return (
        names is not None
        and names == right.dtype.names
        and all(bool(np.allclose(left[name], right[name], *args, **kwargs)) for name in names)
    )
