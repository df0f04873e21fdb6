# SPDX-License-Identifier: MIT
"""Scenarios of a user's own that tests compile against the installed package."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from tandem.scripts.app.common.toolchain import compile_scenario

_SOURCES = Path(__file__).with_name("own_scenarios")


@functools.cache
def own_scenario(name: str) -> Path:
    """The executable of ``own_scenarios/name.cc``, compiled once in a test session."""
    folder = Path(tempfile.mkdtemp(prefix="tandem own "))  # a user's folder may have such a name
    executable = folder / name
    compile_scenario([_SOURCES / f"{name}.cc"], executable, [])
    return executable
