# SPDX-License-Identifier: MIT
"""Which build a process runs: nodes of a cluster must have the same, or results would differ."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem._version import version
from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.program_digest import file_digest
from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.core.simulator import Simulator
from tandem.bridge.parts.api import OtherBuild

#: Sub-packages whose code decides results.
PACKAGES: Final = ("agents", "bridge", "dnn_profiles", "scripts")
#: What of them does; C++ is in the programs.
KINDS: Final = (".py", ".csv", ".npz", ".json")
#: Digits of a digest that messages show.
_SHOWN: Final = 12


@dataclass(frozen=True)
class Build:
    """What a process runs.

    Attributes:
        version: of the package.
        sources: digest of its Python code and its tables.
        programs: digest of each scenario's executable and of the ns-3 libraries that it loads.
    """

    version: str
    sources: str
    programs: tuple[tuple[str, str], ...]

    @classmethod
    def here(cls, programs: tuple[str, ...]) -> Build:
        """The build of this process, with these scenarios."""
        found = tuple((name, _program(name)) for name in programs)
        return cls(version, _sources(), found)

    def check_here(self) -> None:
        """Find out whether this process has the same.

        Raises:
            OtherBuild: says what differs, and on which machine.
        """
        mine = Build.here(tuple(name for name, _ in self.programs))
        if mine == self:
            return
        if mine.version != self.version:
            what = f"ns3-tandem {mine.version}, and this command is {self.version}"
        elif mine.sources != self.sources:
            what = (
                "other code or tables of ns3-tandem than this command, though of the same version"
            )
        else:
            name, digest = next(
                pair for pair, own in zip(mine.programs, self.programs, strict=True) if pair != own
            )
            expected = dict(self.programs)[name]
            what = (
                f"another program of {name} or another ns-3 ({digest[:_SHOWN]}, here "
                f"{expected[:_SHOWN]})"
            )
        raise OtherBuild(
            f"the node {platform.node()} has {what}: results would not be the same. Install the "
            "same build of ns3-tandem on each node, or share one installation"
        )


@functools.cache
def _program(name: str) -> str:
    """What a scenario really runs; for one that needs arguments its executable alone."""
    try:
        with Simulator(name) as simulator:
            return simulator.program_digest()
    except TandemError:
        executable = Path(scenario_executable(name))
        return file_digest(executable) if executable.is_file() else "missing"


@functools.cache
def _sources() -> str:
    digest = hashlib.sha256()
    for name in PACKAGES:
        spec = importlib.util.find_spec(f"tandem.{name}")
        for root in spec.submodule_search_locations or () if spec else ():
            folder = Path(root).resolve()
            for path in sorted(folder.rglob("*")):
                if path.suffix in KINDS:
                    digest.update(
                        f"{name}/{path.relative_to(folder)}:{file_digest(path)}\n".encode()
                    )
    return digest.hexdigest()
