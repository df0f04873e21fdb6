# SPDX-License-Identifier: MIT
"""``tandem build --compat``: compile scenarios written for ns3-ai or ns3-gym."""

from __future__ import annotations

import importlib
import sysconfig
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from tandem.bridge.core.packages import is_there, not_installed
from tandem.compat.launch import BUILD_FOLDER
from tandem.scripts.app.common.toolchain import (
    BuildError,
    Toolchain,
    compile_command,
    need_compiler,
)
from tandem.scripts.app.migration.contrib import Contribution, build_contrib, stage_headers
from tandem.scripts.app.migration.targets import Target, find_targets

_SYSTEM_INCLUDES: Final = (Path("/usr/include"), Path("/usr/local/include"))


@dataclass(frozen=True)
class Built:
    """The result of building a target.

    Attributes:
        target: the target.
        output: the file, or None if it was not compiled.
        error: why not.
    """

    target: Target
    output: Path | None
    error: str | None


def build_compat(
    path: Path,
    extra: list[str],
    *,
    verbose: bool = False,
    only: str | None = None,
    contrib: Sequence[Path] = (),
    modules: Sequence[str] = (),
) -> list[Built]:
    """Compile a folder's simulators and Python modules.

    Simulators go to ``tandem-build`` in the folder, where scripts find them by their target's name;
    modules beside the sources, where scripts import them from.

    Args:
        path: a folder, or one C++ file.
        extra: further compiler options.
        verbose: print the commands.
        only: compile just the target of this name.
        contrib: folders of modules of users that simulators link.
        modules: names of further ns-3 modules to link.

    Raises:
        BuildError: no compiler, or nothing to compile.
    """
    compiler = need_compiler()
    targets = find_targets(path)
    libraries = {target.name: target for target in targets if target.kind == "library"}
    folder = (path if path.is_dir() else path.parent).resolve() / BUILD_FOLDER
    options = list(extra)
    if libraries:
        stage_headers(folder / "include", list(libraries.values()))
        options.insert(0, f"-I{folder / 'include'}")
    given = build_contrib(contrib, folder / "contrib", extra, verbose=verbose)
    toolchain = Toolchain.installed().with_modules([*modules, *given.modules])
    console = Console()
    results = []
    for target in targets:
        if target.kind == "library" or target.name != (only or target.name):
            continue
        if target.conditional:
            results.append(Built(target, None, "stands under a condition in CMakeLists.txt"))
            continue
        linked = [libraries[name] for name in target.libraries if name in libraries]
        missing = [file for part in (target, *linked) for file in part.missing]
        if missing:
            results.append(Built(target, None, _absent(missing)))
            continue
        start = time.monotonic()
        try:
            with console.status(f"compiling {target.name}"):
                output = _compile(
                    target, libraries, toolchain, compiler, folder, options, given, verbose
                )
            results.append(Built(target, output, None))
            console.print(
                f"built {output} in {time.monotonic() - start:.1f} s",
                highlight=False,
                soft_wrap=True,
            )
        except BuildError as error:
            results.append(Built(target, None, str(error)))
    if not results:
        raise BuildError(f"{path} has no target {only or ''} to compile")
    return results


def _compile(
    target: Target,
    libraries: dict[str, Target],
    toolchain: Toolchain,
    compiler: str,
    folder: Path,
    options: list[str],
    given: Contribution,
    verbose: bool,
) -> Path:
    if target.kind == "module":
        suffix: str = sysconfig.get_config_var("EXT_SUFFIX")
        output = target.folder / f"{target.name}{suffix}"
        command = toolchain.compat_module_command(
            compiler, target.sources, output, [*options, *python_options()]
        )
    else:
        output = folder / target.name
        sources = [*target.sources]
        for name in target.libraries:
            if name in libraries:
                sources += libraries[name].sources
        options = [*options, *given.options]
        command = toolchain.command(compiler, sources, output, options, compat=True)
    compile_command(command, output, target.sources, verbose=verbose)
    return output


def _absent(missing: list[str]) -> str:
    names = ", ".join(missing)
    return (
        f"CMakeLists.txt names {names}, which is not there. Create it, write the file's path "
        "out, or compile single files: tandem build --compat FILE.cc"
    )


def python_options() -> list[str]:
    """Where the headers of Python and pybind11 lie.

    Raises:
        BuildError: one is missing; the message says how to get it.
    """
    include = Path(sysconfig.get_paths()["include"])
    if not (include / "Python.h").is_file():
        raise BuildError(
            f"{include} has no Python.h: install Python's headers (apt-get install python3-dev)"
        )
    candidates = [*_SYSTEM_INCLUDES]
    if is_there("pybind11"):
        pybind11: Any = importlib.import_module("pybind11")
        candidates.insert(0, Path(pybind11.get_include()))
    for candidate in candidates:
        if (candidate / "pybind11" / "pybind11.h").is_file():
            return [f"-I{include}", f"-I{candidate}"]
    raise BuildError(f"a Python module for the message interface: {not_installed('pybind11')}")
