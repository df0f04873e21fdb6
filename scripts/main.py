# SPDX-License-Identifier: MIT
"""The command line ``tandem``: one sub-command per file of this folder."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
from typing import Annotated, Final

import typer
from rich.console import Console

from tandem.bridge.core.errors import TandemError

#: Exit status for an error the user can mend; click uses the same for bad options.
EXIT_ERROR: Final = 2
#: Sub-commands: each is a function, or a group ``<name>_app``, in the module of its name.
COMMANDS: Final = (
    "run",
    "train",
    "evaluate",
    "reproduce",
    "analyze",
    "report",
    "explain",
    "dissector",
    "sweep",
    "scenarios",
    "demo",
    "calibrate",
    "profiles",
    "doctor",
    "new",
    "build",
    "compat",
    "bench",
    "serve",
    "top",
    "keys",
)

app = typer.Typer(
    help="Packet-level ns-3 co-simulation for learning agents.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(importlib.metadata.version("ns3-tandem"))
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Options before the sub-command."""


def add_commands() -> None:
    """Register every sub-command of `COMMANDS` that this installation has."""
    for name in COMMANDS:
        if importlib.util.find_spec(f"{__package__}.{name}") is None:
            continue
        module = importlib.import_module(f"{__package__}.{name}")
        group = getattr(module, f"{name}_app", None)
        if group is not None:
            app.add_typer(group)
        else:
            app.command(name)(getattr(module, name))


add_commands()


def main() -> None:
    """Run the command line; an expected error is one red message and exit status 2."""
    try:
        app()
    except TandemError as error:
        console = Console(stderr=True)
        console.print("[bold red]error:[/] ", end="")
        console.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(EXIT_ERROR)


if __name__ == "__main__":
    main()
