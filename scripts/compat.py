# SPDX-License-Identifier: MIT
"""``tandem compat``: moving in from ns3-ai and ns3-gym."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Column, Table

import tandem.compat
from tandem.bridge.core.errors import TandemError
from tandem.scripts.app.common.toolchain import Toolchain
from tandem.scripts.app.migration.api import Use, scan
from tandem.scripts.app.migration.forms_bench import measure, summarise
from tandem.scripts.overview import summary

#: Adds the folder of original module names to every process of this Python, at the path's end.
PTH_NAME: Final = "tandem-compat.pth"

compat_app = typer.Typer(
    name="compat",
    help=summary("compat"),
    no_args_is_help=True,
    add_completion=False,
)


@compat_app.command()
def check(
    path: Annotated[Path, typer.Argument(help="A scenario's folder or file.")],
) -> None:
    """List what a scenario uses of ns3-ai or ns3-gym and whether it is served.

    Exit status 1 if something is not.
    """
    if not path.exists():
        raise TandemError(f"{path} does not exist")
    uses = scan(path, Toolchain.installed().include_dirs)
    console = Console()
    if not uses:
        console.print(f"{path} uses nothing of ns3-ai or ns3-gym")
        return
    table = Table(Column("name", no_wrap=True), "from", "served", "uses", "first at", "note")
    for use in sorted(uses, key=lambda use: (use.served, use.origin, use.name)):
        table.add_row(
            use.name, use.origin, "yes" if use.served else "no", str(use.count), use.at, use.note
        )
    console.print(table)
    missing = [use for use in uses if not use.served]
    console.print(_summary(uses, missing), highlight=False, soft_wrap=True)
    if missing:
        raise typer.Exit(1)


@compat_app.command()
def enable() -> None:
    """Let scripts import ns3ai_utils, ns3ai_gym_env and ns3gym from tandem in this Python.

    Packages of those names that are installed, now or later, keep them.
    """
    file = _pth()
    try:
        file.write_text(f"{tandem.compat.names_folder()}\n")
    except OSError as error:
        raise TandemError(
            f"cannot write {file}: {error.strerror}; use a virtual environment of your own, or "
            "call tandem.compat.enable() in the script"
        ) from error
    console = Console()
    foreign = tandem.compat.enable()
    for name in tandem.compat.ORIGINAL_NAMES:
        owner = "another installed package, which stays in charge" if name in foreign else "tandem"
        console.print(f"{name}: {owner}", highlight=False)
    console.print("undo with: tandem compat disable", highlight=False)


@compat_app.command()
def disable() -> None:
    """Undo ``tandem compat enable``."""
    file = _pth()
    existed = file.is_file()
    file.unlink(missing_ok=True)
    Console().print("disabled" if existed else "was not enabled", highlight=False)


@compat_app.command()
def bench() -> None:
    """Measure round trips a second in ns3-ai's three forms and natively, in turns."""

    table = Table(Column("form", no_wrap=True), "round trips/s", "of native")
    for name, rate, ratio in summarise(measure()):
        table.add_row(name, f"{rate:,.0f}".replace(",", " "), f"{ratio:.2f}")
    Console().print(table)


def _pth() -> Path:
    return Path(sysconfig.get_paths()["purelib"]) / PTH_NAME


def _summary(uses: list[Use], missing: list[Use]) -> str:
    if missing:
        return f"{len(uses) - len(missing)} of {len(uses)} names are served"
    return f"all {len(uses)} names are served; compile with: tandem build --compat PATH"
