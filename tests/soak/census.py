# SPDX-License-Identifier: MIT
"""What every process of a soak holds: memory, descriptors, threads. Read from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
#: In the environment of everything that a soak starts, and so of all that those start.
MARK = "TANDEM_SOAK"


@dataclass(frozen=True, slots=True)
class Process:
    """One process at one moment.

    Attributes:
        pid, parent: as in /proc.
        zombie: has ended and was not waited for.
        simulates: for an agent: a zygote, an episode or a branch.
        rss_bytes: resident memory, shared pages included.
        descriptors: open files.
        threads: of the process.
    """

    pid: int
    parent: int
    zombie: bool
    simulates: bool
    rss_bytes: int
    descriptors: int
    threads: int


def read(pid: int) -> Process | None:
    """A process, or ``None`` if it is gone."""
    folder = Path(f"/proc/{pid}")
    try:
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        zombie = fields[0] in "ZX"
        descriptors = 0 if zombie else len(os.listdir(folder / "fd"))  # noqa: PTH208
        resident = int((folder / "statm").read_text().split()[1])
        return Process(
            pid=pid,
            parent=int(fields[1]),
            zombie=zombie,
            simulates=b"\0--agent=" in (folder / "cmdline").read_bytes(),
            rss_bytes=resident * PAGE_BYTES,
            descriptors=descriptors,
            threads=int(fields[17]),
        )
    except (OSError, IndexError):
        return None


def marked(mark: str) -> list[int]:
    """Pids of all processes that a soak has started, directly or not."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


class Census:
    """All processes of a soak at one moment, as a tree."""

    def __init__(self, mark: str) -> None:
        known = (read(pid) for pid in marked(mark))
        self.processes = {process.pid: process for process in known if process is not None}

    def get(self, pid: int) -> Process | None:
        """One process, if it lives."""
        process = self.processes.get(pid)
        return None if process is None or process.zombie else process

    def simulators(self, pid: int) -> list[Process]:
        """Living simulator processes that a process has started."""
        children = (p for p in self.processes.values() if p.parent == pid)
        return [p for p in children if p.simulates and not p.zombie]

    def below(self, pid: int, depth: int) -> list[Process]:
        """Simulator processes of a process by generation.

        1 those it started, 2 their zygotes, one per seed, 3 episodes, 4 branches. Without
        random places there are no zygotes of their own: 2 are episodes, 3 branches.
        """
        found = self.simulators(pid)
        for _ in range(1, depth):
            found = [child for process in found for child in self.simulators(process.pid)]
        return found
