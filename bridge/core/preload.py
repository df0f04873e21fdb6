# SPDX-License-Identifier: MIT
"""The environment variables of a simulator process.

Another memory allocator makes it faster without changing its results, since ns-3 allocates and
frees small objects all the time. ``TANDEM_PRELOAD`` chooses what serves that: ``auto`` takes the
first of `ALLOCATORS` that is installed, a path takes that library, and ``none`` or nothing keeps
the C library's. docs/speed.md has the figures.
"""

from __future__ import annotations

import ctypes.util
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tandem.bridge.core.errors import TandemError

VARIABLE: Final = "TANDEM_PRELOAD"
#: Fastest first. Debian and Ubuntu: libmimalloc2.0, libtcmalloc-minimal4.
ALLOCATORS: Final = ("mimalloc", "tcmalloc_minimal")
_LOADER: Final = "LD_PRELOAD"
#: ns-3 takes other defaults from these; no run folder, checkpoint or cache would know of it.
_UNRECORDED: Final = ("NS_GLOBAL_VALUE", "NS_ATTRIBUTE_DEFAULT")


def allocator(choice: str) -> str | None:
    """The library to preload, as the loader takes it; ``None`` for the C library's allocator.

    Raises:
        TandemError: ``choice`` is none of ``none``, ``auto`` and an existing file.
    """
    if choice in ("", "none"):
        return None
    if choice == "auto":
        return next(filter(None, map(ctypes.util.find_library, ALLOCATORS)), None)
    if not Path(choice).is_file():
        raise TandemError(
            f"{VARIABLE}={choice!r} is no file: give none, auto or the path of an allocator "
            "(Debian and Ubuntu: apt install libmimalloc2.0)"
        )
    return str(Path(choice).absolute())


def simulator_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of a simulator process.

    Raises:
        TandemError: as `allocator`, or a variable would change results without being recorded.
    """
    variables = dict(environment)
    for name in _UNRECORDED:
        if variables.get(name):
            raise TandemError(
                f"{name}={variables[name]!r} would change the simulation without being recorded: "
                "unset it and give the values as arguments (`--set RngSeed=3`, "
                "`--set ns3::TcpSocket::SegmentSize=500`)"
            )
    # With immediate binding the wheel's libraries fail on symbols that are never called.
    variables.pop("LD_BIND_NOW", None)
    library = allocator(variables.get(VARIABLE, ""))
    if library is not None:
        variables[_LOADER] = " ".join(filter(None, (library, variables.get(_LOADER))))
    return variables
