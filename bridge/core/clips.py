# SPDX-License-Identifier: MIT
"""Telling that a scenario sets observations beyond the bounds that it has declared."""

from __future__ import annotations

import warnings

from tandem.bridge.core.errors import ScenarioWarning
from tandem.bridge.core.frame import Clipped
from tandem.bridge.core.schema import Schema


class ClipTeller:
    """Warns once of each column."""

    def __init__(self) -> None:
        self._told: set[tuple[int, int]] = set()

    def tell(self, schema: Schema, clipped: Clipped) -> None:
        """Warn if there is something new to tell."""
        where = (clipped.block, clipped.column)
        if not clipped.values or where in self._told:
            return
        self._told.add(where)
        block = schema.observation[clipped.block]
        column = block.columns[clipped.column]
        warnings.warn(
            f"{schema.scenario}: column {column.name!r} of observation block {block.name!r} was "
            f"{clipped.value:g}, its bounds are {column.low:g} to {column.high:g}: such values are "
            'published as the bound and counted in info["clipped"]; declare wider bounds',
            ScenarioWarning,
            stacklevel=4,
        )
