# SPDX-License-Identifier: MIT
"""The sub-commands: each is imported when it is called.

A command is the function, or the Typer app ``<name>_app``, in the module of its name.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from typing import Annotated, Any, Final, NoReturn

import typer
from rich.console import Console
from typer.core import TyperCommand, TyperGroup

from tandem._version import version as installed_version
from tandem.bridge.core.errors import Notice, TandemError
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.overview import SECTIONS, SUMMARY, VERSION, page

#: Exit status for an error that the user can fix; Typer uses the same for bad options.
EXIT_ERROR: Final = 2
_usual_format: Final = warnings.formatwarning


class _Command(TyperCommand):
    """Shows an `OptionError` as Typer shows a bad option."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except OptionError as error:
            raise typer.BadParameter(str(error), ctx) from error


class LazyGroup(TyperGroup):
    """Knows each command by name and summary, and imports the one that is called.

    Typer's own types of commands and contexts are private, hence ``Any``.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for section, summaries in SECTIONS.items():
            for name, summary in summaries.items():
                self.add_command(TyperCommand(name, help=summary, rich_help_panel=section))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        name, known, rest = super().resolve_command(ctx, args)
        return name, load_command(name) if name and known else None, rest

    def format_help(self, ctx: Any, formatter: Any) -> None:
        typer.echo(page())


def load_command(name: str) -> Any:
    """Import a sub-command; returns what Typer makes of it: a command or a group."""
    module = importlib.import_module(f"{__package__}.{name}")
    group = getattr(module, f"{name}_app", None)
    if group is None:
        group = typer.Typer(add_completion=False)
        group.command(name, cls=_Command)(getattr(module, name))
    return typer.main.get_command(group)


def loaded_app() -> TyperGroup:
    """The whole command line with every command imported, for the documentation."""
    group = typer.main.get_group(app)
    group.commands = {name: load_command(name) for name in group.commands}
    return group


app = typer.Typer(
    cls=LazyGroup, help=SUMMARY, no_args_is_help=True, pretty_exceptions_show_locals=False
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(installed_version)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help=VERSION)
    ] = False,
) -> None:
    """Options before the sub-command."""


def run() -> None:
    """Run the command line; an expected error is one red message and exit status 2.

    What the system refuses (a file that cannot be written, a name that is too long) is expected,
    too: commands say more where they can.
    """
    warnings.formatwarning = _notice
    try:
        _check_encoding(sys.argv[1:])
        app()
    except TandemError as error:
        _fail(str(error))
    except OSError as error:
        names = " → ".join(str(name) for name in (error.filename, error.filename2) if name)
        _fail(f"{names or 'the system'}: {error.strerror or error}; check the path and its rights")


def _notice(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    """A line for a `Notice`, which is for users; Python's usual two for all others."""
    if issubclass(category, Notice):
        return f"notice: {message}\n"
    return _usual_format(message, category, filename, lineno, line)


def _check_encoding(arguments: list[str]) -> None:
    """Refuse arguments that no text file can hold: runs record them.

    Raises:
        TandemError: names the argument.
    """
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise TandemError(f"the argument {argument!a} is not UTF-8: use another name") from None


def _fail(message: str) -> NoReturn:
    console = Console(stderr=True)
    console.print("[bold red]error:[/] ", end="")
    console.print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    sys.exit(EXIT_ERROR)
