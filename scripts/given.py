# SPDX-License-Identifier: MIT
"""What the command line says, and what it leaves at its default."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from tandem.scripts.app.common.arguments import parse_assignments


def is_given(context: typer.Context, name: str) -> bool:
    """Whether an option is on the command line and not just at its default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def set_arguments(
    context: typer.Context, settings: Sequence[str] | None, *options: str
) -> dict[str, object]:
    """Scenario arguments that ``--set`` gives.

    Args:
        context: of the command.
        settings: the values of ``--set``.
        options: those of the command that give a scenario argument of the same name.

    Raises:
        OptionError: one of them is given as well, or ``--set`` is not ``key=value``.
    """
    return parse_assignments(
        settings or (),
        {
            name: f"--{name} gives it too, leave one of them out"
            for name in options
            if is_given(context, name)
        },
    )
