# SPDX-License-Identifier: MIT
"""Small C files that stand before a function of the C library in a process."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

_COMPILER = shutil.which("cc") or shutil.which("gcc")


def compiled(name: str, folder: Path) -> Path:
    """The library made of ``tests/faults/<name>.c``; without a compiler the test is skipped."""
    if _COMPILER is None:
        pytest.skip(f"no C compiler for {name}.c")
    library = folder / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    command = [_COMPILER, "-shared", "-fPIC", "-O1", str(source), "-o", str(library), "-ldl"]
    subprocess.run(command, check=True)
    return library
