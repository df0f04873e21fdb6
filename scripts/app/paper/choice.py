# SPDX-License-Identifier: MIT
"""The grid of experiments that options ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tandem.scripts.app.common.arguments import parse_assignments
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.common.objective import accuracy_threshold
from tandem.scripts.app.paper.grid import CENTRE, CONDITIONS, PaperGrid


def thresholds_of(given: Sequence[str]) -> tuple[Any, ...]:
    """Each threshold once, in order."""
    return tuple(dict.fromkeys(accuracy_threshold(text, "--threshold") for text in given))


def changed_grid(
    grid: PaperGrid,
    scenario: str,
    users: list[int] | None,
    conditions: list[str] | None,
    seeds: int | None,
    agents: list[str] | None,
    caps: list[str] | None,
    settings: list[str] | None,
) -> PaperGrid:
    """The default grid with what the command line changes.

    Raises:
        OptionError: an agent or a condition that the grid does not know, or a cap that is
            no number.
    """

    changes: dict[str, Any] = {
        "scenario": scenario,
        "settings": tuple(
            (name, str(value)) for name, value in parse_assignments(settings or ()).items()
        ),
    }
    if users:
        changes["users"] = tuple(users)
    for condition in conditions or ():
        if condition not in CONDITIONS:
            raise OptionError(
                f"--condition {condition!r} is unknown: one of {', '.join(CONDITIONS)}"
            )
    if conditions:
        changes["conditions"] = tuple(dict.fromkeys(conditions))
    if seeds:
        changes["seeds"] = tuple(range(1, seeds + 1))
    for agent in agents or ():
        if agent not in grid.caps:
            raise OptionError(
                f"--agent {agent!r} is not in this grid: one of {', '.join(grid.caps)}"
            )
    if agents:
        changes["agents"] = {agent: grid.agents.get(agent, CENTRE) for agent in agents}
    given = parse_assignments(caps or ())
    for agent, cap in given.items():
        if agent not in grid.caps or not str(cap).isdigit() or int(str(cap)) < 1:
            raise OptionError(
                f"--cap {agent}={cap}: an agent of {', '.join(grid.caps)} and a number ≥ 1"
            )
    changes["caps"] = {**grid.caps, **{agent: int(str(cap)) for agent, cap in given.items()}}
    return replace(grid, **changes)
