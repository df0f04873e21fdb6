# SPDX-License-Identifier: MIT
"""The environment variables of a simulator process.

Another memory allocator makes it faster without changing its results, since ns-3 allocates and
frees small objects all the time. ``TANDEM_PRELOAD`` chooses what serves that. ``auto``, which is
the default, takes one that is installed (`tandem.bridge.core.allocators`), a path takes that
library, and ``none`` keeps the C library's. docs/speed.md has the figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.bridge.core.allocators import (
    HOW_TO_GET_ONE,
    SEPARATORS,
    installed_allocator,
    keeps_its_own,
)
from tandem.bridge.core.errors import TandemError

VARIABLE: Final = "TANDEM_PRELOAD"
AUTO: Final = "auto"
NONE: Final = "none"
LOADER: Final = "LD_PRELOAD"
#: ns-3 takes other defaults from these; no run folder, checkpoint or cache would know of it.
_UNRECORDED: Final = ("NS_GLOBAL_VALUE", "NS_ATTRIBUTE_DEFAULT")


@dataclass(frozen=True)
class Allocator:
    """What serves a simulator's memory.

    Attributes:
        library: the library to preload; ``None`` for the allocator that the program comes with.
        reason: why it is that one, in words.
    """

    library: str | None
    reason: str


def allocator(environment: Mapping[str, str], program: Path) -> Allocator:
    """Choose what serves a simulator's memory.

    By itself this takes no other where something is preloaded already: that may be an allocator, a
    sanitizer, or a tool that counts what the C library's does (valgrind preloads its own, too).

    Args:
        environment: variables of the process.
        program: what it runs.

    Raises:
        TandemError: the choice is none of ``none``, ``auto`` and an existing file.
    """
    choice = environment.get(VARIABLE) or AUTO
    if choice == AUTO:
        return _found(environment, program)
    if choice == NONE:
        return Allocator(None, f"{VARIABLE}={NONE}")
    path = str(Path(choice).absolute())
    if not Path(path).is_file():
        raise TandemError(
            f"{VARIABLE}={choice!r} is no file: give none, auto or the path of an allocator "
            f"({HOW_TO_GET_ONE})"
        )
    if SEPARATORS & set(path):
        raise TandemError(
            f"{VARIABLE}={choice!r}: the loader takes no path with a space or a colon, this is "
            f"{path!r}; make a link to it elsewhere"
        )
    return Allocator(path, f"{VARIABLE} names it")


def _found(environment: Mapping[str, str], program: Path) -> Allocator:
    if environment.get(LOADER):
        return Allocator(None, f"{LOADER}={environment[LOADER]} is set")
    library = installed_allocator()
    if library is None:
        return Allocator(None, "no faster one is installed")
    why_not = keeps_its_own(program)
    if why_not:
        return Allocator(None, f"{program} {why_not}")
    return Allocator(library, "it is installed")


def loader_environment(environment: Mapping[str, str], program: Path) -> dict[str, str]:
    """The variables of a process of ns-3, whatever it runs.

    Args:
        environment: variables of this process.
        program: what it runs.

    Raises:
        TandemError: as `allocator`.
    """
    variables = dict(environment)
    # With immediate binding the wheel's libraries fail on symbols that are never called.
    variables.pop("LD_BIND_NOW", None)
    library = allocator(variables, program).library
    if library is not None:
        variables[LOADER] = " ".join(filter(None, (library, variables.get(LOADER))))
    return variables


def simulator_environment(environment: Mapping[str, str], program: Path) -> dict[str, str]:
    """The environment variables of a scenario's process.

    Args:
        environment: variables of this process.
        program: the scenario's executable.

    Raises:
        TandemError: as `allocator`, or a variable would change results without being recorded.
    """
    for name in _UNRECORDED:
        if environment.get(name):
            raise TandemError(
                f"{name}={environment[name]!r} would change the simulation without being recorded: "
                "unset it and give the values as arguments (`--set RngSeed=3`, "
                "`--set ns3::TcpSocket::SegmentSize=500`)"
            )
    return loader_environment(environment, program)
