# SPDX-License-Identifier: MIT
"""What an example folder of ns3-ai or ns3-gym has to be compiled into.

Its CMakeLists.txt is read for names and sources only: the calls that such folders use
(``build_lib_example``, ``build_exec``, ``build_lib``, ``add_executable``, ``pybind11_add_module``)
are understood, conditions are not evaluated. A folder without one is taken as one simulator with
the folder's name and a Python module per file that defines one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tandem.scripts.app.common.toolchain import BuildError

SUFFIXES: Final = (".cc", ".cpp", ".cxx")
_COMMAND = re.compile(r"(\w+)\s*\(([^()]*)\)")
_COMMENT = re.compile(r"#[^\n]*")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
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
    """

    name: str
    kind: str
    sources: list[Path]
    folder: Path
    headers: list[Path] = field(default_factory=list)
    libraries: list[str] = field(default_factory=list)
    conditional: bool = False


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
            if all(source.is_relative_to(path) for source in target.sources)
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
        self.variables: dict[str, str] = {}

    def read(self, folder: Path, *, conditional: bool = False) -> list[Target]:
        """All targets of a folder and its sub-folders, in order."""
        text = _COMMENT.sub("", (folder / "CMakeLists.txt").read_text(errors="replace"))
        depth = 0
        for command, raw in _COMMAND.findall(text):
            name = command.lower()
            depth += {"if": 1, "endif": -1}.get(name, 0)
            self.variables["CMAKE_CURRENT_SOURCE_DIR"] = str(folder)
            arguments = [self._expand(word.strip('"')) for word in raw.split()]
            if name == "add_subdirectory" and (folder / arguments[0] / "CMakeLists.txt").is_file():
                self.read(folder / arguments[0], conditional=conditional or depth > 0)
            elif name == "set" and arguments:
                self.variables[arguments[0]] = " ".join(arguments[1:])
            else:
                self._command(name, arguments, folder, conditional or depth > 0)
        return list(self.targets.values())

    def _expand(self, word: str) -> str:
        return _VARIABLE.sub(lambda hit: self.variables.get(hit.group(1), hit.group(0)), word)

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
        files = [folder / word for text in sources for word in text.split()]
        files = [file for file in files if file.suffix in SUFFIXES and file.is_file()]
        if not names or not files:
            return
        links = (
            re.fullmatch(r"\$\{lib([\w-]+)\}", word) for word in parts.get("LIBRARIES_TO_LINK", [])
        )
        self.targets[names[0]] = Target(
            names[0],
            kind,
            files,
            files[0].parent if kind == "module" else folder,
            [folder / word for word in parts.get("HEADER_FILES", [])],
            [link.group(1) for link in links if link],
            conditional,
        )


def _by_keyword(arguments: list[str]) -> dict[str, list[str]]:
    """CMake's keyword arguments."""
    parts: dict[str, list[str]] = {}
    current = ""
    for word in arguments:
        if word in _KEYWORDS:
            current = word
            parts[current] = []
        elif current:
            parts[current].append(word)
    return parts
