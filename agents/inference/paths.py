# SPDX-License-Identifier: MIT
"""By which of its interfaces a user reaches the sites: the path that an option takes.

A path is a kind of access network, such as ``wifi``. A scenario names paths only where some user
has more than one interface; elsewhere each user's way is its one cell.

Shapes: N users, P paths, K options.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: Stands for the path of an option that takes none, and the cell of a user without an interface.
NONE: Final = -1


@dataclass(frozen=True)
class Paths:
    """The paths of a scenario, and who has which.

    Attributes:
        names: of the paths; empty where there is nothing to choose.
        cells: index of the cell by which each user reaches each path, `NONE` where it has no
            interface, ``[N, P]``.
    """

    names: tuple[str, ...] = ()
    cells: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int32))

    @classmethod
    def from_meta(cls, meta: Mapping[str, Any]) -> Paths:
        """The ``paths`` and ``user_paths`` of a scenario's ``meta``."""
        names = tuple(str(name) for name in meta.get("paths") or ())
        if not names:
            return cls()
        rows = [[NONE if cell is None else cell for cell in row] for row in meta["user_paths"]]
        return cls(names, np.array(rows, dtype=np.int32).reshape(-1, len(names)))

    def of_options(self, rows: list[Mapping[str, Any]]) -> NDArray[np.int32]:
        """The path of each row of a scenario's ``options``, `NONE` without one, ``[K]``."""
        named = {name: number for number, name in enumerate(self.names)}
        return np.array([named.get(str(row.get("path")), NONE) for row in rows], dtype=np.int32)

    def allowed(self, path: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which users can take options of these paths ``[K]``: ``[N, K]``."""
        return np.asarray((path == NONE) | (self.cells[:, path] != NONE))


@dataclass(frozen=True)
class Lane:
    """The network options of one path, and how users get there; M network options.

    Attributes:
        options: which of the M; a slice for all of them.
        cells: index of the cell that each user would send through, ``[N]``. Users without an
            interface there have any cell: the options are not theirs.
        prefix: what the path's columns in the observation block ``users`` begin with.
    """

    options: NDArray[np.intp] | slice
    cells: NDArray[np.intp]
    prefix: str = ""
