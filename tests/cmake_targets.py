# SPDX-License-Identifier: MIT
"""C++ programs that CMake builds for tests only, in the build folder of ``make build``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BUILD = Path(__file__).resolve().parents[1] / "build" / "dev"
CMAKE = shutil.which("cmake", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
#: For tests that need such a program.
NEEDED = (
    pytest.mark.skipif(CMAKE is None, reason="no cmake"),
    pytest.mark.skipif(not (BUILD / "build.ninja").exists(), reason=f"{BUILD} is not built"),
)


def build(target: str) -> Path:
    """Build a target of ``ns3_scenarios`` and return the program."""
    assert CMAKE is not None
    built = subprocess.run(
        [CMAKE, "--build", BUILD, "--target", target], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout[-8000:] + built.stderr
    return BUILD / "ns3_scenarios" / target
