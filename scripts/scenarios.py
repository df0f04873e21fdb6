# SPDX-License-Identifier: MIT
"""``tandem scenarios``: what can be simulated, and with which arguments."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from tandem.bridge.core.scenarios import installed_scenarios, scenario_executable
from tandem.scripts.analyze import wide_console
from tandem.scripts.app.common.arguments import scenario_arguments


def scenarios(
    name: Annotated[
        str | None, typer.Argument(help="Only this scenario (name or path), in full.")
    ] = None,
) -> None:
    """List the scenarios and their arguments, with units and defaults."""
    console = wide_console()
    for scenario in [name] if name else installed_scenarios():
        table = Table(title=f"[bold]{scenario}[/]", title_justify="left")
        table.add_column("argument", no_wrap=True)
        table.add_column("default", no_wrap=True, max_width=24, overflow="ellipsis")
        table.add_column("meaning")
        for argument in scenario_arguments(scenario_executable(scenario)):
            # Help texts name units in brackets, which rich would take for markup.
            table.add_row(argument.name, escape(argument.default), escape(argument.help))
        console.print(table)
