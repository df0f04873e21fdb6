# SPDX-License-Identifier: MIT
"""The pages of tables and arguments, from what the scenarios declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tandem.bridge.core.arguments import declared_arguments, to_text
from tandem.bridge.core.scenarios import installed_scenarios, scenario_executable
from tandem.bridge.core.simulator import Simulator
from tandem.bridge.runs.description import describe

#: Scenario whose tables are shown: all inference scenarios have the same.
SCENARIO: Final = "wifi-edge"
_COLUMNS: Final = ("column", "unit", "meaning")
_ARGUMENTS: Final = ("argument", "default", "allowed", "meaning")


def tables() -> str:
    """Every table and observation block, with the unit and meaning of each column."""
    with Simulator(SCENARIO, {"users": 1, "frames": 1}) as simulator:
        run = describe(simulator.schema)
    parts = [_columns(f"{table['name']}.parquet", table["columns"]) for table in run["records"]]
    parts += [
        _columns(f"observation: {block['name']}", block["columns"]) for block in run["observation"]
    ]
    return "\n\n".join(parts)


def arguments() -> str:
    """What can be set in each installed scenario."""
    return "\n\n".join(map(_arguments, installed_scenarios()))


def _columns(title: str, columns: Iterable[Mapping[str, Any]]) -> str:
    return _table(title, _COLUMNS, [(c["name"], c["unit"], c["help"]) for c in columns])


def _arguments(scenario: str) -> str:
    declared = declared_arguments(scenario_executable(scenario)).arguments.values()
    rows = [
        (argument.name, to_text(argument.default), argument.limits, argument.help)
        for argument in declared
        if argument.owner != "bridge"
    ]
    return _table(scenario, _ARGUMENTS, rows)


def _table(title: str, head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    """A section with a table whose first column is code."""
    names = list(head)
    lines = [f"## {title}", "", f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for name, *cells in rows:
        texts = [cell.replace("|", "\\|") for cell in cells]
        lines.append(f"| `{name}` | {' | '.join(texts)} |")
    return "\n".join(lines)
