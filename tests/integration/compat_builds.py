# SPDX-License-Identifier: MIT
"""Building the scenarios of ``compat_scenarios``, once a session."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tandem.scripts.app.common.toolchain import find_compiler
from tandem.scripts.app.migration.build import Built, build_compat

SOURCES = Path(__file__).parent / "compat_scenarios"


def build(name: str, factory: pytest.TempPathFactory) -> Path:
    """Compile one scenario in a folder of its own; returns the folder."""
    if find_compiler() is None:
        pytest.skip("no C++ compiler")
    folder = factory.mktemp("compat") / name
    shutil.copytree(SOURCES / name, folder)
    results: list[Built] = build_compat(folder, ["-O0"])
    assert [result.error for result in results] == [None] * len(results)
    return folder


def processes_in(folder: Path) -> set[int]:
    """Pids of living simulators whose executable lies in a folder."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                executable = (entry / "exe").readlink()
            except OSError:
                continue
            if str(executable).startswith(str(folder)):
                found.add(int(entry.name))
    return found - {os.getpid()}
