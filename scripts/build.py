# SPDX-License-Identifier: MIT
"""``tandem build``: compile your own scenario against the installed ns-3."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tandem.compat.launch import BUILD_FOLDER
from tandem.scripts.app.common.outputs import check_file
from tandem.scripts.app.common.toolchain import BuildError, compile_scenario
from tandem.scripts.app.migration.build import build_compat
from tandem.scripts.app.migration.contrib import build_contrib

_SUFFIXES = (".cc", ".cpp", ".cxx")


def build(
    path: Annotated[
        Path, typer.Argument(help="The scenario: a C++ file, or a folder of C++ files.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The executable; default: the source without suffix."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(help="A further compiler option, as in --option=-g. May be repeated."),
    ] = None,
    module: Annotated[
        list[str] | None,
        typer.Option(
            help="A further ns-3 module to link, as in --module lr-wpan. May be repeated; "
            "docs/scenarios.md lists them."
        ),
    ] = None,
    contrib: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder of an ns-3 module of your own (model/, helper/, CMakeLists.txt with "
            "build_lib) to compile and link. May be repeated: those first that others link."
        ),
    ] = None,
    compat: Annotated[
        bool,
        typer.Option(
            "--compat",
            help="The scenario is written for ns3-ai or ns3-gym: build its simulators and Python "
            "modules.",
        ),
    ] = False,
    target: Annotated[
        str | None, typer.Option(help="With --compat: build only the target of this name.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Print the command.")] = False,
) -> None:
    """Compile a scenario against the ns-3 that is installed with tandem.

    Needs a C++ compiler and nothing else: no CMake, no ns-3 of your own.
    """
    if output is not None:
        if compat:
            raise BuildError("--output does not go with --compat, which builds several files")
        check_file(output, "--output")
    if compat:
        results = build_compat(
            path,
            option or [],
            verbose=verbose,
            only=target,
            contrib=contrib or (),
            modules=module or (),
        )
        failed = [result for result in results if result.error and not result.target.conditional]
        if failed:
            raise BuildError("\n".join(f"{one.target.name}: {one.error}" for one in failed))
        return
    sources, executable = _resolve(path)
    executable = output or executable
    console = Console()
    start = time.monotonic()
    with console.status(f"compiling {path}"):
        folder = executable.absolute().parent / BUILD_FOLDER / "contrib"
        given = build_contrib(contrib or (), folder, option or (), verbose=verbose)
        compile_scenario(
            sources,
            executable,
            [*(option or []), *given.options],
            modules=[*(module or ()), *given.modules],
            verbose=verbose,
        )
    shown = executable if executable.is_absolute() else f"./{executable}"
    for line in (
        f"built {executable} in {time.monotonic() - start:.1f} s",
        f"run it alone: {shown}",
        f'under an agent: gymnasium.make("tandem/Custom-v0", scenario="{shown}")',
    ):
        console.print(line, highlight=False, soft_wrap=True)


def _resolve(path: Path) -> tuple[list[Path], Path]:
    """Sources and the default executable of a file or folder."""
    if path.is_dir():
        sources = sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES)
        if not sources:
            raise BuildError(f"{path} has no C++ file ({', '.join(_SUFFIXES)})")
        return sources, path / path.resolve().name
    if not path.is_file():
        raise BuildError(f"{path} does not exist; `tandem new {path.stem}` writes a template")
    if path.suffix not in _SUFFIXES:
        raise BuildError(f"{path} is not a C++ file: expected {', '.join(_SUFFIXES)}")
    return [path], path.with_suffix("")
