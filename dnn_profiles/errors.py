# SPDX-License-Identifier: MIT
"""Errors of the catalogue: each names the file, the row and the column to look at."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType


class ProfileError(ValueError):
    """A profile table, a model or a query is wrong.

    Attributes:
        path: the file at fault, or None when the fault is in a query.
        row: line number in the file, counted from 1 with the header as line 1, or None.
        column: the column's name, or None.
    """

    def __init__(
        self,
        reason: str,
        *,
        path: Path | None = None,
        row: int | None = None,
        column: str | None = None,
    ) -> None:
        self.path = path
        self.row = row
        self.column = column
        where = []
        if path is not None:
            where.append(str(path))
        if row is not None:
            where.append(f"row {row}")
        if column is not None:
            where.append(f"column '{column}'")
        super().__init__(f"{', '.join(where)}: {reason}" if where else reason)


class MissingExtraError(ImportError):
    """A library of the optional extra ``profiles`` is not installed."""


def require(module: str, purpose: str) -> ModuleType:
    """Import an optional library, or say which extra brings it.

    Raises:
        MissingExtraError: the library is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.split(".", maxsplit=1)[0]
        raise MissingExtraError(
            f"{purpose} needs {package}, which cannot be imported ({error}); "
            "install it with: pip install 'ns3-tandem[profiles]'"
        ) from error
