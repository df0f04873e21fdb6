# SPDX-License-Identifier: MIT
"""``tandem compat``: moving in from ns3-ai and ns3-gym."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

import tandem.compat
from tandem.bridge.core.errors import TandemError
from tandem.scripts.app.common.toolchain import Toolchain
from tandem.scripts.app.migration.forms_bench import measure, summarise
from tandem.scripts.app.migration.scan import Report, scan
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
    """List what a scenario uses of ns3-ai or ns3-gym and whether tandem has it.

    Reads the names, the members of their classes, the arguments and the headers. Whether the rest
    of the sources compiles is for `tandem build --compat` to say. Exit status 1 if something is
    unknown.
    """
    if not path.exists():
        raise TandemError(f"{path} does not exist")
    report = scan(path, Toolchain.installed().include_dirs)
    console = Console()
    if not report.uses:
        console.print(
            f"{path} uses nothing of ns3-ai or ns3-gym ({_read(report)})", highlight=False
        )
        return
    table = Table(Column("name", no_wrap=True), "from", "served", "uses", "first at", "note")
    for use in sorted(report.uses, key=lambda use: (use.served, use.origin, use.name)):
        table.add_row(
            escape(use.name),
            use.origin,
            "yes" if use.served else "no",
            str(use.count),
            escape(use.at),
            escape(use.note),
        )
    console.print(table)
    console.print(_summary(report), highlight=False, soft_wrap=True, markup=False)
    if report.missing:
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


def _read(report: Report) -> str:
    return f"{report.cpp_files} C++ and {report.python_files} Python files read"


def _summary(report: Report) -> str:
    total, missing = len(report.uses), len(report.missing)
    found = (
        f"{missing} of {total} names are not served"
        if missing
        else f"all {total} names that were found are served"
    )
    return (
        f"{found} ({_read(report)}; checked: names of ns3-ai and ns3-gym, members of their "
        "classes, headers). Not checked: all other code. Compile it with: "
        "tandem build --compat PATH"
    )
