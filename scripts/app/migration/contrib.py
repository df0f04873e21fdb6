# SPDX-License-Identifier: MIT
"""Modules of users in ns-3's own form: a folder with model/, helper/ and a CMakeLists.txt.

``build_lib`` in its CMakeLists.txt names sources, headers and what it links; see :mod:`.targets`
for what is understood. The objects are linked into the scenario itself, not into a library: ns-3
finds types by name, so none may be left out because it looks unused.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tandem.scripts.app.common.toolchain import (
    BuildError,
    Toolchain,
    compile_command,
    library_module,
    need_compiler,
)
from tandem.scripts.app.migration.targets import Target, find_targets


@dataclass(frozen=True)
class Contribution:
    """What a scenario's compilation gets from modules of users.

    Attributes:
        options: for the compiler: where headers lie, object files.
        modules: of ns-3, to be linked as well.
    """

    options: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


def build_contrib(
    folders: Sequence[Path], build: Path, extra: Sequence[str] = (), *, verbose: bool = False
) -> Contribution:
    """Compile modules; what has not changed since the last time is left as it is.

    Args:
        folders: of the modules, those first that others link.
        build: where headers and objects go.
        extra: further compiler options.
        verbose: print the commands.

    Raises:
        BuildError: a folder is no module, one links what is not there, or the compiler failed.
    """
    if not folders:
        return Contribution()
    toolchain = Toolchain.installed()
    compiler = need_compiler()
    modules = [module for folder in folders for module in _read(folder)]
    linked = _linked(modules, toolchain)
    include = build / "include"
    stage_headers(include, modules)
    options = [f"-I{include}", *extra]
    newest = max(_changed_s(file) for module in modules for file in module.headers)
    newest = max(newest, _changed_s(toolchain.scenario_library))
    jobs = []
    objects = []
    for module in modules:
        for source in module.sources:
            made = build / module.name / source.parent.name / f"{source.stem}.o"
            objects.append(made)
            if not made.is_file() or _changed_s(made) < max(newest, _changed_s(source)):
                jobs.append((source, made))
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for done in [
            pool.submit(
                compile_command,
                toolchain.object_command(compiler, source, made, options),
                made,
                [source],
                verbose=verbose,
            )
            for source, made in jobs
        ]:
            done.result()
    return Contribution((f"-I{include}", *map(str, objects)), linked)


def stage_headers(include: Path, modules: Sequence[Target]) -> None:
    """Make headers available as ``ns3/<file>``, and all of a module's as ``ns3/<name>-module.h``,
    as a build of ns-3 does.
    """
    folder = include / "ns3"
    folder.mkdir(parents=True, exist_ok=True)
    for module in modules:
        for header in module.headers:
            link = folder / header.name
            link.unlink(missing_ok=True)
            link.symlink_to(header)
        lines = [f'#include "ns3/{header.name}"' for header in module.headers]
        (folder / f"{module.name}-module.h").write_text("\n".join([*lines, ""]), encoding="utf-8")


def _read(folder: Path) -> list[Target]:
    """The modules of a folder.

    Raises:
        BuildError: it has none, or names files that are not there.
    """
    if not (folder / "CMakeLists.txt").is_file():
        raise BuildError(
            f"--contrib {folder} has no CMakeLists.txt; ns-3 modules have one that calls build_lib "
            "(those for the older waf build have a wscript: write a CMakeLists.txt beside it)"
        )
    modules = [target for target in find_targets(folder) if target.kind == "library"]
    if not modules:
        raise BuildError(f"--contrib {folder}: CMakeLists.txt does not call build_lib")
    for module in modules:
        absent = [str(header) for header in module.headers if not header.is_file()]
        if module.missing or absent:
            names = ", ".join([*module.missing, *absent])
            raise BuildError(
                f"--contrib {folder}: CMakeLists.txt names {names}, which is not there"
            )
        if not module.headers:
            raise BuildError(f"--contrib {folder}: build_lib names no HEADER_FILES to include")
    return modules


def _linked(modules: Sequence[Target], toolchain: Toolchain) -> tuple[str, ...]:
    """Modules of ns-3 that these need beside those that are always linked.

    Raises:
        BuildError: one of them needs what is neither ns-3's nor given.
    """
    own = {module.name for module in modules}
    always = {library_module(library) for library in toolchain.libraries}
    linked: dict[str, None] = {}
    for module in modules:
        for name in module.libraries:
            if name in own or name in always:
                continue
            if name not in toolchain.modules:
                raise BuildError(
                    f"{module.folder} links {name}, which this ns-3 {toolchain.ns3_version} does "
                    "not have; if it is another module of yours, give a --contrib for it as well"
                )
            linked[name] = None
    return tuple(linked)


def _changed_s(path: Path) -> float:
    return path.stat().st_mtime
