# SPDX-License-Identifier: MIT
"""Figures of the report: those of any run, and those that a kind of scenario adds.

A figure is a `tandem.scripts.app.figures.figure.Figure`: a name, what to read from it, and a
function of the runs. Scenarios with a record table of their own register theirs under its name, as
the inference scenarios do::

    register_figures("flows", "my_package.figures:FIGURES")    # a tuple of Figure

On the command line ``tandem report --figures my_figures.py:FIGURES`` adds them to one report.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from tandem.bridge.runs.reader import Run
from tandem.scripts.app.figures.figure import Figure

#: Name of a record table → where the figures are: "module:attribute".
_FIGURES: dict[str, str] = {"requests": "tandem.scripts.app.figures.gallery:FIGURES"}


def register_figures(table: str, where: str) -> None:
    """Say which figures runs with a record table of that name have besides the general ones.

    Args:
        table: name of the record table.
        where: ``"module:attribute"`` of a sequence of `Figure`, imported when it is needed.

    Raises:
        ValueError: ``where`` has another form, or the table has other figures already.
    """
    module, separator, attribute = where.partition(":")
    if not (module and separator and attribute):
        raise ValueError(f"figures {where!r} are not of the form 'module:attribute'")
    if _FIGURES.setdefault(table, where) != where:
        raise ValueError(f"record table {table!r} has the figures {_FIGURES[table]} already")


def figures_of(runs: Sequence[Run], extra: Sequence[Figure] = ()) -> list[Figure]:
    """Every figure for these runs in order: of their kinds, ``extra``, then those of any run."""
    from tandem.scripts.app.figures.general import general_figures

    found: list[Figure] = []
    covered = set()
    for table, where in _FIGURES.items():
        if any(table in run.tables for run in runs):
            module, _, attribute = where.partition(":")
            found.extend(getattr(importlib.import_module(module), attribute))
            covered.add(table)
    found.extend(extra)
    return [*found, *general_figures(runs, covered)]
