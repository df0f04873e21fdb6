# SPDX-License-Identifier: MIT
"""What a scenario's sources use of ns3-ai and ns3-gym, and what of it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.bridge.core.errors import TandemError
from tandem.scripts.app.migration.api import Use, Uses
from tandem.scripts.app.migration.cpp_uses import CppProject
from tandem.scripts.app.migration.python_uses import scan_script
from tandem.scripts.app.migration.targets import find_targets

CPP_SUFFIXES: Final = (".cc", ".cpp", ".cxx", ".h", ".hpp")
_SKIPPED: Final = ("tandem-build", "build", "__pycache__")


@dataclass(frozen=True)
class Report:
    """What was found, and in what.

    Attributes:
        uses: every name of the originals, and what nobody knows.
        cpp_files: number of C++ files read.
        python_files: number of Python files read.
    """

    uses: list[Use]
    cpp_files: int
    python_files: int

    @property
    def missing(self) -> list[Use]:
        """Those that are not available here."""
        return [use for use in self.uses if not use.served]


def scan(path: Path, include_dirs: Sequence[Path]) -> Report:
    """Read a scenario's sources.

    Args:
        path: a folder, read with its sub-folders, or a file.
        include_dirs: where the headers of tandem and ns-3 lie.
    """
    root = (path if path.is_dir() else path.parent).resolve()
    files = [path.resolve()] if path.is_file() else _files(root)
    cpp = [file for file in files if file.suffix in CPP_SUFFIXES]
    scripts = [file for file in files if file.suffix == ".py"]
    uses = Uses()
    # A single file still includes headers that lie beside it.
    beside = [file for file in _files(root) if file.suffix in CPP_SUFFIXES]
    project = CppProject(root, beside, _staged(path), include_dirs)
    for file in cpp:
        project.scan(file, uses)
    for file in scripts:
        scan_script(file, str(file.relative_to(root)), uses)
    return Report(list(uses.found.values()), len(cpp), len(scripts))


def _files(root: Path) -> list[Path]:
    return [
        file
        for file in sorted(root.rglob("*"))
        if file.is_file() and not any(part in _SKIPPED for part in file.relative_to(root).parts)
    ]


def _staged(path: Path) -> frozenset[str]:
    """Headers that a build makes available as ``ns3/<file>``: those of the folder's libraries."""
    try:
        targets = find_targets(path)
    except TandemError:
        return frozenset()
    return frozenset(header.name for target in targets for header in target.headers)
