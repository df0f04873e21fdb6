# SPDX-License-Identifier: MIT
"""How long the command takes to start, beside Python itself."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Final

from tandem.agents.common.units import MS_PER_S
from tandem.scripts.app.benchmarks.record import Measurement, at_most

_GROUP: Final = "Start of the command"
_REPEATS: Final = 21
#: ``tandem --version`` and ``--help`` should not feel slower than this many bare Pythons.
_RATIO_AIM: Final = 5.0
_OPTIONS: Final = ("--version", "--help")


def commands() -> list[Measurement]:
    """Time of ``python -c pass`` and of `tandem --version` and `--help`, and their ratios."""
    program = "import sys; from tandem.scripts.main import main; sys.exit(main())"
    bare: list[float] = []
    tandem: dict[str, list[float]] = {option: [] for option in _OPTIONS}
    for _ in range(_REPEATS):  # in turns, so that all meet the same load
        bare.append(_start_s("pass"))
        for option, times_s in tandem.items():
            times_s.append(_start_s(program, option))
    python = tuple(t * MS_PER_S for t in bare)
    results = [Measurement(_GROUP, "python -c pass", "ms", python)]
    for option, times_s in tandem.items():
        shown = tuple(t * MS_PER_S for t in times_s)
        ratios = tuple(t / b for t, b in zip(times_s, bare, strict=True))
        results += [
            Measurement(_GROUP, f"tandem {option}", "ms", shown),
            Measurement(
                _GROUP, f"tandem {option} / python -c pass", "×", ratios, at_most(_RATIO_AIM)
            ),
        ]
    return results


def _start_s(program: str, *arguments: str) -> float:
    start = time.perf_counter()
    command = [sys.executable, "-c", program, *arguments]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start
