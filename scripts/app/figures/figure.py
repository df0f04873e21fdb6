# SPDX-License-Identifier: MIT
"""What a figure of the report is, and how those that runs have data for are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tandem.bridge.core.errors import TandemError
from tandem.bridge.runs.reader import Run

if TYPE_CHECKING:
    import plotly.graph_objects as go


class NoData(TandemError):
    """A figure cannot be drawn from these runs; the message says what is missing."""


@dataclass(frozen=True)
class Figure:
    """A figure of the report.

    Attributes:
        key: short name: its anchor, its file.
        title: heading.
        caption: what to read from it.
        build: draws it; raises `NoData` if the runs lack the data. A ``KeyError`` for a table or
            column that a run lacks says the same.
    """

    key: str
    title: str
    caption: str
    build: Callable[[Sequence[Run]], go.Figure]


def draw(
    figures: Sequence[Figure], runs: Sequence[Run]
) -> tuple[dict[str, go.Figure], dict[str, str]]:
    """The figures by key, and why the others cannot be drawn."""
    drawn: dict[str, go.Figure] = {}
    missing: dict[str, str] = {}
    for figure in figures:
        try:
            drawn[figure.key] = figure.build(runs)
        except NoData as reason:
            missing[figure.key] = str(reason)
        except (KeyError, AttributeError) as lacking:
            missing[figure.key] = f"it needs what not all of these runs have: {lacking}"
    return drawn, missing
