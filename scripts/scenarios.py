# SPDX-License-Identifier: MIT
"""``tandem scenarios``: what can be simulated, and with which arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from tandem.bridge.core.arguments import Argument, Declaration, declared_arguments, to_text
from tandem.bridge.core.scenarios import installed_scenarios, scenario_executable
from tandem.scripts.app.tables import wide_console


def scenarios(
    name: Annotated[
        str | None, typer.Argument(help="Only this scenario (name or path), in full.")
    ] = None,
) -> None:
    """List the scenarios and their arguments, with defaults, limits and units."""
    console = wide_console()
    for scenario in [name] if name else installed_scenarios():
        executable = scenario_executable(scenario)
        declaration = declared_arguments(executable)
        console.print(_table(scenario, declaration.arguments.values()))
        for choice, further in _selected(executable, declaration):
            console.print(_table(f"{scenario} with {choice}, further arguments", further))


def _table(title: str, arguments: Iterable[Argument]) -> Table:
    table = Table(title=f"[bold]{title}[/]", title_justify="left")
    table.add_column("argument", no_wrap=True)
    table.add_column("default", no_wrap=True, max_width=24, overflow="ellipsis")
    table.add_column("allowed", max_width=30)
    table.add_column("meaning")
    for argument in arguments:
        # Help texts may have brackets, which rich would take for markup.
        cells = (to_text(argument.default), argument.limits, argument.help)
        table.add_row(argument.name, *map(escape, cells))
    return table


def _selected(executable: Path, declaration: Declaration) -> Iterator[tuple[str, list[Argument]]]:
    """The arguments that appear or change when a selector argument has another value."""
    for selector in declaration.selectors:
        for choice in selector.choices:
            if choice == selector.default:
                continue
            other = declared_arguments(executable, {selector.name: to_text(choice)})
            known = declaration.arguments
            yield (
                f"{selector.name}={choice}",
                [row for row in other.arguments.values() if known.get(row.name) != row],
            )
