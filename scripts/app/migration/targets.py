# SPDX-License-Identifier: MIT
"""What an example folder of ns3-ai or ns3-gym has to be compiled into.

Its CMakeLists.txt is read for names and sources only: the calls that such folders use
(``build_lib_example``, ``build_exec``, ``build_lib``, ``add_executable``, ``pybind11_add_module``)
are understood, conditions are not evaluated. A folder without one is taken as one simulator with
the folder's name and a Python module per file that defines one. :mod:`.cmake_file` splits the file
into commands and words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tandem.scripts.app.common.toolchain import BuildError
from tandem.scripts.app.migration.cmake_file import commands

SUFFIXES: Final = (".cc", ".cpp", ".cxx")
_MODULE = re.compile(r"\bPYBIND11_MODULE\s*\(\s*(\w+)")
_MAIN = re.compile(r"^\s*(?:int\s+)?main\s*\(", re.MULTILINE)
_KEYWORDS: Final = (
    "NAME",
    "EXECNAME",
    "LIBNAME",
    "SOURCE_FILES",
    "HEADER_FILES",
    "LIBRARIES_TO_LINK",
    "TEST_SOURCES",
    "EXECUTABLE_DIRECTORY_PATH",
    "DEPRECATED_HEADER_FILES",
    "PRIVATE_HEADER_FILES",
)
_SIMULATORS: Final = ("build_lib_example", "build_example", "build_exec")
_MODULE_OPTIONS: Final = ("MODULE", "SHARED", "STATIC", "NO_EXTRAS", "THIN_LTO", "OPT_SIZE")


@dataclass
class Target:
    """One thing to compile.

    Attributes:
        name: as scripts call it.
        kind: ``simulator``, ``module`` (a pybind11 extension) or ``library``.
        sources: absolute paths.
        headers: a library's, which others include as ``ns3/<file>``.
        libraries: names of the libraries it links.
        folder: where a module belongs.
        conditional: its CMake call stands under a condition.
        missing: sources that the call names and that are not there.
    """

    name: str
    kind: str
    sources: list[Path]
    folder: Path
    headers: list[Path] = field(default_factory=list)
    libraries: list[str] = field(default_factory=list)
    conditional: bool = False
    missing: list[str] = field(default_factory=list)


def find_targets(path: Path) -> list[Target]:
    """The targets of a folder, or of one C++ file.

    Raises:
        BuildError: there is nothing to compile.
    """
    path = path.resolve()
    if path.is_file():
        return _by_content([path], path.stem)
    if not path.is_dir():
        raise BuildError(f"{path} does not exist")
    if (path / "CMakeLists.txt").is_file():
        found = _Reader().read(path)
    elif (path.parent / "CMakeLists.txt").is_file():
        # ns3-gym has one file for all examples
        found = [
            target
            for target in _Reader().read(path.parent)
            if target.sources and all(source.is_relative_to(path) for source in target.sources)
        ]
    else:
        found = []
    if found:
        return found
    sources = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
    if not sources:
        raise BuildError(
            f"{path} has neither CMakeLists.txt nor a C++ file ({', '.join(SUFFIXES)})"
        )
    return _by_content(sources, path.name)


def _by_content(sources: list[Path], name: str) -> list[Target]:
    """Targets of files without a CMakeLists.txt."""
    targets, mains, rest = [], [], []
    for source in sources:
        text = source.read_text(errors="replace")
        module = _MODULE.search(text)
        if module:
            targets.append(Target(module.group(1), "module", [source], source.parent))
        elif _MAIN.search(text):
            mains.append(source)
        else:
            rest.append(source)
    for main in mains:
        own = name if len(mains) == 1 else main.stem
        targets.insert(0, Target(own, "simulator", [main, *rest], main.parent))
    return targets


class _Reader:
    """Reads CMakeLists.txt files, following ``add_subdirectory``."""

    def __init__(self) -> None:
        self.targets: dict[str, Target] = {}
        self.variables: dict[str, list[str]] = {}

    def read(self, folder: Path, *, conditional: bool = False) -> list[Target]:
        """All targets of a folder and its sub-folders, in order."""
        text = (folder / "CMakeLists.txt").read_text(errors="replace")
        depth = 0
        for command in commands(text):
            name = command.name.lower()
            depth += {"if": 1, "endif": -1}.get(name, 0)
            # ns-3 and most projects have these two at the same place
            for variable in ("CMAKE_CURRENT_SOURCE_DIR", "CMAKE_CURRENT_LIST_DIR"):
                self.variables[variable] = [str(folder)]
            arguments = command.expand(self.variables)
            if not arguments:
                continue
            if name == "add_subdirectory":
                if (folder / arguments[0] / "CMakeLists.txt").is_file():
                    self.read(folder / arguments[0], conditional=conditional or depth > 0)
            elif not self._variable(name, arguments, folder):
                self._command(name, arguments, folder, conditional or depth > 0)
        return list(self.targets.values())

    def _variable(self, name: str, arguments: list[str], folder: Path) -> bool:
        """Carry out a command that sets a variable; false if it is another one."""
        if name == "set":
            self.variables[arguments[0]] = arguments[1:]
        elif name == "list" and arguments[0].upper() == "APPEND" and len(arguments) > 1:
            self.variables[arguments[1]] = self.variables.get(arguments[1], []) + arguments[2:]
        elif name == "file" and arguments[0].upper().startswith("GLOB") and len(arguments) > 1:
            deep = arguments[0].upper() == "GLOB_RECURSE"
            self.variables[arguments[1]] = [
                str(file) for pattern in arguments[2:] for file in _glob(folder, pattern, deep=deep)
            ]
        else:
            return False
        return True

    def _command(self, name: str, arguments: list[str], folder: Path, conditional: bool) -> None:
        if name in _SIMULATORS or name == "build_lib":
            parts = _by_keyword(arguments)
            names = parts.get("NAME") or parts.get("EXECNAME") or parts.get("LIBNAME") or []
            kind = "library" if name == "build_lib" else "simulator"
            sources = parts.get("SOURCE_FILES", [])
            self._add(names, kind, sources, folder, conditional, parts)
        elif name == "add_executable":
            self._add(arguments[:1], "simulator", arguments[1:], folder, conditional, {})
        elif name == "pybind11_add_module":
            sources = [word for word in arguments[1:] if word not in _MODULE_OPTIONS]
            self._add(arguments[:1], "module", sources, folder, conditional, {})
        elif name == "set_target_properties" and "LIBRARY_OUTPUT_DIRECTORY" in arguments:
            target = self.targets.get(arguments[0])
            at = arguments.index("LIBRARY_OUTPUT_DIRECTORY") + 1
            if target is not None and at < len(arguments):
                target.folder = Path(arguments[at])

    def _add(
        self,
        names: list[str],
        kind: str,
        sources: list[str],
        folder: Path,
        conditional: bool,
        parts: dict[str, list[str]],
    ) -> None:
        named = [folder / word for word in sources if Path(word).suffix in SUFFIXES]
        # A variable that is set elsewhere may hold anything.
        missing = [word for word in sources if "${" in word]
        missing += [str(file) for file in named if not file.is_file() and "${" not in str(file)]
        files = [file for file in named if file.is_file()]
        if not names or not (files or missing or parts.get("HEADER_FILES")):
            return
        links = (
            re.fullmatch(r"\$\{lib([\w-]+)\}", word) for word in parts.get("LIBRARIES_TO_LINK", [])
        )
        self.targets[names[0]] = Target(
            names[0],
            kind,
            files,
            files[0].parent if kind == "module" and files else folder,
            [folder / word for word in parts.get("HEADER_FILES", [])],
            [link.group(1) for link in links if link],
            conditional,
            missing,
        )


def _glob(folder: Path, pattern: str, *, deep: bool) -> list[Path]:
    """The files that CMake's ``file(GLOB…)`` finds; its options name no files."""
    parent, name = (folder / pattern).parent, Path(pattern).name
    return sorted(parent.rglob(name) if deep else parent.glob(name))


def _by_keyword(arguments: list[str]) -> dict[str, list[str]]:
    """CMake's keyword arguments."""
    parts: dict[str, list[str]] = {}
    current = ""
    for word in arguments:
        if word in _KEYWORDS:
            current = word
            parts.setdefault(current, [])  # a keyword may come again, with further files
        elif current:
            parts[current].append(word)
    return parts
